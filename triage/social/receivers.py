"""News for this room: something came in, and somebody wants to close an incident."""

from django.dispatch import receiver

from messaging import signals as messaging_signals
from messaging.models import SOCIAL
from triage import signals
from triage.social import talks, texts
from triage.social.models import Talk


@receiver(messaging_signals.text_received, dispatch_uid="social.text_received")
def came_in(sender, text, at, **_):
    if text.channel in SOCIAL:
        talks.hear(text, at=at)
    else:
        texts.look_at(text, at=at)


@receiver(signals.said_later, dispatch_uid="social.said_later")
def what_they_wrote(sender, incident, **_):
    return talks.said(incident)


@receiver(signals.closing, dispatch_uid="social.closing")
def goes_on(incident, **_):
    """Whoever waits for an answer is not done with."""
    if Talk.objects.filter(incident=incident, waiting_since__isnull=False).exists():
        return "They wrote and nobody has answered: answer at the desk, or say that none is needed."
    return None
