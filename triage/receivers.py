"""News from below: what a victim writes or texts may change everything, so it is looked at."""

from django.dispatch import receiver
from django.utils.timezone import now

from messaging import signals as messaging_signals
from triage import assessing
from triage.models import Incident


@receiver(messaging_signals.text_received, dispatch_uid="triage.text_received")
def review_after_text(sender, text, **_):
    """A text from a known person asks for a fresh look at their open incidents."""
    if text.contact_id:
        _review_incidents_of(text.contact, because="text received")


@receiver(messaging_signals.message_received, dispatch_uid="triage.message_received")
def review_after_message(sender, message, conversation, **_):
    """So does what a victim writes in the portal."""
    if message.author == message.Author.VICTIM:
        _review_incidents_of(conversation.contact, because="message received")


def _review_incidents_of(contact, because):
    at = now()
    incidents = Incident.objects.filter(
        status=Incident.Status.OPEN, participants__contact=contact
    ).distinct()
    for pk in incidents.order_by("pk").values_list("pk", flat=True):
        assessing.review_now(pk, because=because, at=at)
