"""What the clock starts in the diary."""

BEAT = {
    "release lapsed holds": {"task": "appointments.tasks.release_lapsed_holds", "schedule": 60},
    "mark missed appointments": {"task": "appointments.tasks.mark_missed", "schedule": 60},
}
