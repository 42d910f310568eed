"""News for the chat: a visitor pressed the way out, a report begun from a chat was recorded."""

from django.db import transaction
from django.dispatch import receiver

from triage import signals as triage_signals
from triage.chat import chats, tasks
from triage.chat.models import Chat
from victimcontact.lib import cookies
from victimcontact.people import signals


@receiver(signals.left, dispatch_uid="chat.left")
def leave(request, response, at, **_):
    """The key goes first: whatever fails after that, the browser has nothing left."""
    cookies.take_back(response, chats.COOKIE)
    chat = chats.leave(request.COOKIES.get(cookies.name(chats.COOKIE), ""), at)
    if chat is not None and chat.incident_id is None:
        # Only a nudge: a lost broker costs a minute, until the clock looks by itself.
        transaction.on_commit(tasks.receive_waiting.delay, robust=True)


@receiver(triage_signals.incident_recorded, dispatch_uid="chat.incident_recorded")
def recorded(incident, at, **_):
    chats.belongs_to(incident, at=at)


@receiver(triage_signals.said_later, dispatch_uid="chat.said_later")
def what_was_written(sender, incident, **_):
    chat = Chat.objects.filter(incident=incident).first()
    return chats.said(chat) if chat else ()


@receiver(triage_signals.assessed, dispatch_uid="chat.assessed")
def assessed(incident, before, at, **_):
    if before is None:
        chats.written_since(incident, at=at)


@receiver(triage_signals.closing, dispatch_uid="chat.closing")
def goes_on(incident, **_):
    """Whoever still writes with the desk is not done with."""
    if Chat.objects.filter(incident=incident).exclude(status=Chat.Status.ENDED).exists():
        return "The chat with them is still open: end it at the desk first."
    return None
