"""What the clock starts: reports that nobody may go on with are forgotten."""

BEAT = {
    "forget idle reports": {
        "task": "triage.desk.tasks.forget_idle",
        "schedule": 300,
        "options": {"expires": 300},
    }
}
