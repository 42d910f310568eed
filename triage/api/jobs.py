"""What the clock starts: news that nobody carried, and answers whose time is over."""

BEAT = {
    "carry news to other systems": {
        "task": "triage.api.tasks.deliver_due",
        "schedule": 15.0,
        "options": {"expires": 15},
    },
    "forget answers to other systems": {
        "task": "triage.api.tasks.forget_answers",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
}
