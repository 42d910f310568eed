"""What the clock starts: nobody who wrote is left without an answer and without an incident."""

BEAT = {
    "receive waiting chats": {
        "task": "triage.chat.tasks.receive_waiting",
        "schedule": 10,
        "options": {"expires": 10},
    }
}
