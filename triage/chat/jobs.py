"""What the clock starts: nobody who wrote is left without an incident."""

BEAT = {
    "receive waiting chats": {
        "task": "triage.chat.tasks.receive_waiting",
        "schedule": 30,
        "options": {"expires": 30},
    }
}
