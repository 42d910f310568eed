"""What came to the demonstration force without a call: an online report, a chat, and messages."""

import uuid
from datetime import time, timedelta

from messaging import inbox
from triage.chat import chats
from triage.chat.models import ChatHours
from triage.desk import reports
from victimcontact.accounts.roles import Role
from victimcontact.demonstration import staff

ONLINE = {
    "danger": {"danger": ["no"]},
    "device": {"watched": ["no"]},
    "about": {"about": ["self"]},
    "what": {
        "account": [
            "My neighbour kicked my front door until it broke. I was behind it. He has shouted at"
            " me for months and now I do not sleep."
        ]
    },
    "when": {"happened": ["300"]},
    "where": {"place": ["Flat 3, 41 Hope Terrace, Northmoor"]},
    "person": {"now_at": ["near"], "looks": ["He lives upstairs, tall, about fifty."]},
    "harm": {"injuries": ["none"], "weapon": ["no"], "children": ["no"]},
    "you": {"name": ["Farida Lowe"], "age": ["41"]},
    "contact": {"wish": ["ways"], "ways": ["call", "sms"], "number": ["07700 900571"]},
    "times": {"days": ["0", "1", "2", "3", "4"], "start": ["9am"], "end": ["5pm"]},
    "talk": {"smartphone": ["yes"], "data": ["yes"], "attendance": ["unknown"]},
    "needs": {},
}
TALK = (
    ("visitor", "My ex has a tag or something in my car, he is everywhere I go"),
    ("desk", "I am glad you wrote. Are you somewhere safe now?"),
    ("visitor", "Yes, at work. He waited outside the school on Tuesday"),
    ("desk", "Does he have a key to your home?"),
    ("visitor", "No, I changed the locks in May"),
)

WRITTEN_TO = "whatsapp:+447700900999"
WRITTEN = (
    ("whatsapp:+447700900572", WRITTEN_TO, "hi is this where i can tell you about something", []),
    (
        "whatsapp:+447700900572",
        WRITTEN_TO,
        "my ex keeps coming to my work and waiting by my car. he was there again today",
        [{"type": "image/jpeg", "at": ""}],
    ),
    ("messenger:7190382645", "messenger:5501", "Somebody took my bike from the station", []),
)


def open_chat(force) -> None:
    """Open the chat of ``force`` day and night, so that it can be tried at any hour."""
    hours = {"opens": time(0), "closes": time(0)}
    ChatHours.objects.get_or_create(force=force, defaults=hours)


def build(force, *, at) -> None:
    """One online report and one chat that its visitor has left: both seen by nobody yet."""
    report, _ = reports.begin(force=force, at=at - timedelta(minutes=20))
    for step, typed in ONLINE.items():
        reports.save(report.pk, step=step, typed=typed, at=at - timedelta(minutes=9))
    reports.send(report.pk, at=at - timedelta(minutes=8))

    operator = staff.one_click(force, Role.CALL_HANDLER)
    begun = at - timedelta(minutes=30)
    chat, key = chats.begin(force=force, body=TALK[0][1], key=uuid.uuid4(), at=begun)
    chats.take(chat.pk, by=operator, at=begun + timedelta(minutes=1))
    for number, (author, body) in enumerate(TALK[1:], 2):
        moment = begun + number * timedelta(minutes=1)
        if author == "desk":
            chats.answer(chat.pk, body=body, key=uuid.uuid4(), by=operator, at=moment)
        else:
            chats.say(chat.pk, body=body, key=uuid.uuid4(), at=moment)
    chats.leave(key, begun + timedelta(minutes=8))
    chats.receive_waiting(at)


def write(*, at) -> None:
    """Messages on WhatsApp and Messenger that wait for an answer. Not inside a transaction."""
    for number, (sender, to, body, media) in enumerate(WRITTEN):
        inbox.receive(
            provider_id=f"demonstration-{number}",
            sent_from=sender,
            written_to=to,
            body=body,
            media=media,
            at=at,
        )
