"""What the clock starts: rosters reach weeks ahead, and nobody waits for an officer who is away."""

from celery.schedules import crontab

BEAT = {
    "expand shift patterns": {
        "task": "appointments.rosters.tasks.expand_patterns",
        "schedule": crontab(hour=3, minute=20),
        "options": {"expires": 3600},
    },
    "settle lost appointments": {
        "task": "appointments.rosters.tasks.settle_lost",
        "schedule": 60,
        "options": {"expires": 60},
    },
}
