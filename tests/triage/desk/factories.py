"""What comes to the digital desk, made through its services."""

import uuid
from datetime import time, timedelta

from django.utils.timezone import now

from tests import factories
from triage.chat import chats
from triage.chat.models import ChatHours
from triage.desk import reports, steps

ANSWERS = {
    "danger": {"danger": ["no"]},
    "device": {"watched": ["no"]},
    "about": {"about": ["self"]},
    "what": {"account": ["A man I do not know hit me outside the shop yesterday."]},
    "when": {"happened": ["300"]},
    "contact": {"wish": ["later"]},
}


def writing(at=None, **answers):
    """(an online report with every page answered and none sent, the key of its writer)."""
    factories.policy()
    at = at or now()
    report, key = reports.begin(force=factories.force(), at=at)
    known = ANSWERS | answers
    while True:
        waiting = [s.name for s in steps.asked(report.answers) if s.name not in report.answers]
        if not waiting:
            break
        name = waiting[0]
        report = reports.save(report.pk, step=name, typed=known.get(name, {}), at=at)
    reports.go_to(report.pk, steps.CHECK, at=at)
    report.refresh_from_db()
    return report, key


def sent(**answers):
    """An online report that was sent."""
    report, _ = writing(**answers)
    return reports.send(report.pk, at=now())


def chat(body="Somebody keeps following me", *, taken_by=None):
    """(a chat, the key of its visitor), looked after by ``taken_by`` where given."""
    factories.policy()
    at = now() - timedelta(seconds=1)
    made, key = chats.begin(force=factories.force(), body=body, key=uuid.uuid4(), at=at)
    if taken_by is not None:
        made = chats.take(made.pk, by=taken_by, at=at)
    return made, key


def open_chat():
    """The chat is open day and night."""
    hours = {"opens": time(0), "closes": time(0)}
    return ChatHours.objects.get_or_create(force=factories.force(), defaults=hours)[0]
