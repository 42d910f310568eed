"""What the clock starts: what was not sent is forgotten, or taken up where it speaks of danger."""

BEAT = {
    "forget idle reports": {
        "task": "triage.desk.tasks.forget_idle",
        "schedule": 60,
        "options": {"expires": 60},
    }
}
