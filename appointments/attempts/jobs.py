"""What the clock starts: the next try to reach somebody who was missed."""

BEAT = {
    "raise tries that are due": {
        "task": "appointments.attempts.tasks.raise_due",
        "schedule": 60,
        "options": {"expires": 60},
    }
}
