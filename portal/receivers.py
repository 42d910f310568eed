"""What the portal does when something happens below it: in the same transaction, no network."""

from django.dispatch import receiver

from messaging import staff_tasks
from messaging.models import Message, StaffTask
from messaging.signals import message_received
from portal import cases, invitations, talk
from portal.models import Case
from triage.signals import assessed, crime_recorded
from victimcontact.people.models import Link
from victimcontact.people.signals import link_locked, number_changed, number_changing

ABOUT_A_CASE = Case._meta.label_lower


@receiver(crime_recorded)
def open_the_case(sender, crime, by, at, **_):
    """Every victim gets a case and a clock, whatever the response was."""
    cases.open_or_ask(crime=crime, by=by, at=at)


@receiver(assessed)
def ask_again_whether_the_portal_is_safe(sender, incident, by, at, **_):
    """A new assessment may have found what makes a portal dangerous."""
    for case in Case.objects.filter(crime__incident=incident, invited_at__isnull=False):
        invitations.reconsider(case, by=by, at=at)


@receiver(message_received)
def read_for_danger(sender, message, conversation, **_):
    if message.author != Message.Author.VICTIM or conversation.about_type != ABOUT_A_CASE:
        return
    case = Case.objects.select_related("force").get(pk=conversation.about_id)
    talk.look_for_danger(case, message, at=message.sent_at)


@receiver(number_changing)
def lock_their_cases(sender, contact, **_):
    list(Case.objects.filter(contact=contact).order_by("pk").select_for_update(no_key=True))


@receiver(number_changed)
def send_the_link_to_the_new_number(sender, contact, by, at, **_):
    for case in Case.objects.filter(contact=contact, invited_at__isnull=False):
        if case.status != Case.Status.CLOSED:
            invitations.send_to_new_number(case, by=by, at=at)


@receiver(link_locked)
def ask_for_a_new_word(sender, link, at, **_):
    """Five wrong words: somebody else may hold the phone."""
    if link.purpose != Link.Purpose.PORTAL:
        return
    case = Case.objects.select_related("force").get(pk=link.about_id)
    staff_tasks.raise_task(
        StaffTask.Kind.LINK_LOCKED,
        force=case.force,
        about=case,
        reason="The portal link took five wrong words. Ring, safely, before inviting again.",
        at=at,
    )
