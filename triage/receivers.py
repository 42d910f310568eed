"""News from below: a victim's words ask for a fresh look, and what is saved is found again."""

from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils.timezone import now

from messaging import signals as messaging_signals
from messaging import staff_tasks
from messaging.models import SOCIAL, StaffTask
from triage import jobs, later, reviews, signals, traces
from triage.models import Incident, Participant
from victimcontact.people import signals as people_signals
from victimcontact.people.models import Contact


@receiver(messaging_signals.text_received, dispatch_uid="triage.text_received")
def hear_a_text(sender, text, at, **_):
    """A text from somebody known is heard with what they said before; social has its own room."""
    if text.contact_id and text.channel not in SOCIAL:
        later.hear_from(text.contact, text.body, because="text received", at=at)


@receiver(messaging_signals.message_received, dispatch_uid="triage.message_received")
def review_after_message(sender, message, conversation, **_):
    """What a victim writes in the portal asks for a fresh look at their open incidents."""
    if message.author == message.Author.VICTIM:
        later.hear_from(conversation.contact, message.body, because="message received", at=now())


@receiver(signals.said_later, dispatch_uid="triage.said_later")
def what_people_said(sender, incident, **_):
    return later.of_people(incident)


@receiver(people_signals.link_locked, dispatch_uid="triage.link_locked")
def review_after_locked_link(sender, link, at, **_):
    """Five wrong words: somebody else may have the phone."""
    _review_incidents_of(link.contact, because="link locked", at=at)


@receiver(people_signals.plan_changed, dispatch_uid="triage.plan_changed")
def review_after_unsafe_plan(sender, contact, before, plan, at, **_):
    """What was safe and is not any more: somebody came closer."""
    if before is not None and _is_less_safe(plan, before):
        _review_incidents_of(contact, because="contact no longer safe", at=at)


@receiver(signals.incident_recorded, dispatch_uid="triage.repeat_contact")
def review_after_repeat_contact(sender, incident, at, **_):
    """A new report by a number, person or address that is in an open one already."""
    reviews.ask(reviews.sharing(incident), because="repeat contact", at=at)


@receiver(signals.review_asked, dispatch_uid="triage.review_asked")
def look_for_late_ones(sender, **_):
    transaction.on_commit(jobs.wake, robust=True)


@receiver(signals.assessed, dispatch_uid="triage.settle_late_review")
def settle_late_review(sender, incident, by, at, **_):
    """What a team leader was told of is done: nobody is sent after it."""
    staff_tasks.settle(
        StaffTask.Kind.REVIEW_LATE, about=incident, by=by, note="Assessed again", at=at
    )


def _is_less_safe(plan, before):
    # Nobody is texted unasked, but whoever agreed to be contacted may be rung until they say no.
    may_ring = before.safe == plan.Safe.AS_BELOW and before.channels.get("call") != "unsafe"
    return (
        (plan.safe == plan.Safe.NO_CONTACT and before.safe != plan.Safe.NO_CONTACT)
        or (plan.phone_watched and not before.phone_watched)
        or (may_ring and plan.channels.get("call") == "unsafe")
        or any(
            was == "safe" and plan.channels.get(channel) == "unsafe"
            for channel, was in before.channels.items()
        )
    )


def _review_incidents_of(contact, because, at=None):
    theirs = Participant.objects.filter(contact=contact, incident__status=Incident.Status.OPEN)
    keys = theirs.values_list("incident", flat=True)
    reviews.ask(list(keys), because=because, at=at or now())


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
