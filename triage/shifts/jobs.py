"""What the clock starts: the record of who is on duty stays true."""

BEAT = {
    "let go who is not heard of": {
        "task": "triage.shifts.tasks.let_go",
        "schedule": 60,
        "options": {"expires": 60},
    }
}
