"""News from below: a victim's words ask for a fresh look, and what is saved is found again."""

from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils.timezone import now

from messaging import signals as messaging_signals
from triage import assessing, signals, traces
from triage.models import Incident, Participant
from victimcontact.people.models import Contact


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


# By which door a report came in makes no difference to whether it is found again, so its traces
# are kept wherever its rows are saved.


@receiver(post_save, sender=Incident, dispatch_uid="triage.keep_place")
def keep_place(sender, instance, created, update_fields, raw, **_):
    if not raw and (created or update_fields is None or "location" in update_fields):
        traces.keep_place(instance)


@receiver(post_save, sender=Participant, dispatch_uid="triage.keep_person")
def keep_person(sender, instance, raw, **_):
    if not raw:
        traces.keep_person(instance)


@receiver(post_save, sender=Contact, dispatch_uid="triage.keep_contact")
def keep_contact(sender, instance, created, update_fields, raw, **_):
    """What became known of a person finds their earlier reports too."""
    if not raw and not created and (update_fields is None or FINDS & set(update_fields)):
        traces.keep_contact(instance)


FINDS = {"name", "date_of_birth", "phone", "address", "merged_into"}


@receiver(signals.assessed, dispatch_uid="triage.keep_domestic")
def keep_domestic(sender, assessment, **_):
    traces.keep_domestic(assessment)
