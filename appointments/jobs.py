"""What the clock starts in the diary."""

from celery.schedules import crontab

BEAT = {
    "compare bookings and texts": {
        "task": "appointments.tasks.prove_bookings",
        "schedule": crontab(hour=3, minute=20),  # after the night's clock change, if there is one
    },
    "release lapsed holds": {"task": "appointments.tasks.release_lapsed_holds", "schedule": 60},
    "look who waits alone": {
        "task": "appointments.tasks.look_who_waits_alone",
        "schedule": 60,
        "options": {"expires": 60},
    },
    "mark missed appointments": {"task": "appointments.tasks.mark_missed", "schedule": 60},
}
