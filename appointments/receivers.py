"""What the diary does when something happens below it. In the same transaction, never a network."""

import contextlib

from django.db.models import Q
from django.db.models.functions import Now
from django.dispatch import receiver

from appointments import answered, booking, companions
from appointments.models import Appointment, Companion, Exhibit
from appointments.signals import (
    appointment_booked,
    appointment_cancelled,
    appointment_change_asked,
    appointment_ended,
    appointment_missed,
    appointment_moved,
    exhibit_received,
)
from messaging import staff_tasks
from messaging.models import StaffTask
from triage import assessing, later, offers
from triage.models import Incident, Participant
from triage.signals import assessed, closing, met, said_later
from victimcontact.lib import local_time
from victimcontact.people.models import Link, Visit
from victimcontact.people.signals import link_locked, number_changed, number_changing


@receiver(assessed)
def free_the_time_of_what_is_ruled_out(sender, assessment, by, at, **_):
    """A new assessment that does not allow what is held or booked ends it, and says so.

    Video where it is not safe; at grade 1 every kind, because officers go.
    """
    allowed = offers.options(assessment)
    waiting = Appointment.objects.filter(
        incident_id=assessment.incident_id,
        status__in=(
            Appointment.Status.HELD,
            Appointment.Status.BOOKED,
            Appointment.Status.WAITING,
        ),
    ).exclude(kind__in=allowed)
    for appointment_id in waiting.values_list("pk", flat=True):
        # The call that began this moment goes on; the assessment must be kept all the same.
        with contextlib.suppress(booking.NotLive):
            booking.cancel(appointment_id=appointment_id, reason="worse grade", by=by, at=at)


@receiver(closing)
def say_what_is_booked(sender, incident, **_):
    """An incident with an appointment ahead is not finished."""
    found = Appointment.objects.filter(
        Q(status__in=Appointment.LIVE) | Q(status=Appointment.Status.HELD, held_until__gt=Now()),
        incident=incident,
    )
    return [_stands(appointment) for appointment in found.order_by("during")]


def _stands(appointment):
    when = local_time.staff_time(appointment.starts_at)
    kind = appointment.get_kind_display().lower()
    kind = f"An {kind}" if kind.startswith("o") else f"A {kind}"
    whose = " for a witness" if appointment.role == Appointment.Role.WITNESS else ""
    if appointment.status == Appointment.Status.HELD:
        return f"{kind} at {when} is held{whose or ' for them'}: book it or give it back."
    if appointment.status == Appointment.Status.IN_CALL:
        who = "A witness is" if whose else "They are"
        return f"{who} in a video call with an officer."
    return f"{kind}{whose} stands at {when}: wait for it, or cancel it."


@receiver(met)
def say_who_was_seen(sender, incident, **_):
    """Whether an officer met the victim: a witness who was seen does not answer that."""
    return Appointment.objects.filter(
        incident=incident,
        status=Appointment.Status.ENDED,
        role=Appointment.Role.VICTIM,
    ).exists()


@receiver(appointment_booked)
def look_again_after_a_move(sender, appointment, at, **_):
    """The victim waits longer, or at another time, than was judged safe."""
    if appointment.moved_from_id:
        assessing.review_now(appointment.incident_id, because="appointment moved", at=at)


@receiver(appointment_moved)
def ask_who_comes_along_for_the_new_time(sender, appointment, before, by, at, **_):
    companions.carry_over(before, appointment, by=by, at=at)


@receiver(appointment_booked)
def take_along_what_was_missed(sender, appointment, by, at, **_):
    """Booked again after a miss: who was to come along is asked anew, as after a move."""
    before = appointment.follows
    if before is None or before.status != Appointment.Status.MISSED or appointment.moved_from_id:
        return
    companions.carry_over(before, appointment, by=by, at=at)
    answered.wishes(before, note="It was booked again", by=by, at=at)
    answered.take_along(before, appointment)


@receiver([assessed, appointment_booked, appointment_cancelled])
def say_what_a_miss_still_asks_for(sender, by, at, incident=None, appointment=None, **_):
    """After ``free_the_time_of_what_is_ruled_out``, which may cancel what was booked again."""
    answered.missed(incident or appointment.incident, by=by, at=at)


@receiver(appointment_ended)
def nothing_is_left_to_change(sender, appointment, at, **_):
    answered.wishes(appointment, note="They have talked", by=None, at=at)
    answered.locked_link(appointment, note="They have talked", by=None, at=at)


@receiver(appointment_cancelled)
def tell_who_was_to_come_along(sender, appointment, by, at, **_):
    companions.call_off(appointment, by=by, at=at)


@receiver(appointment_missed)
def look_again_after_a_missed_call(sender, appointment, at, **_):
    """Nobody knows why they did not come."""
    assessing.review_now(appointment.incident_id, because="missed call", at=at)


@receiver(appointment_cancelled)
def look_again_after_they_gave_it_up(sender, appointment, by, at, **_):
    """They cancelled by the link: by their own will, or because somebody stands beside them."""
    if isinstance(by, Visit):
        assessing.review_now(appointment.incident_id, because="cancelled by link", at=at)
        staff_tasks.raise_task(
            StaffTask.Kind.CHANGE_ASKED,
            force=appointment.incident.force,
            about=appointment,
            reason="They gave the appointment up by the link: speak with them, safely",
            at=at,
        )


@receiver(appointment_change_asked)
def look_again_after_a_wish(sender, request, at, **_):
    """The victim asked for another time, or for an officer: something may have changed."""
    assessing.review_now(request.appointment.incident_id, because="change asked for", at=at)


@receiver(exhibit_received)
def look_again_after_an_upload(sender, exhibit, at, **_):
    """A photograph may show what nobody said; what is written to it is heard."""
    if exhibit.description.strip():
        later.hear(exhibit.incident_id, exhibit.description, because="upload", at=at)
    else:
        assessing.review_now(exhibit.incident_id, because="upload", at=at)


@receiver(said_later)
def say_what_was_written_to_uploads(sender, incident, **_):
    sent = Exhibit.objects.filter(incident=incident).order_by("received_at")
    return [later.Later(one.received_at, one.description) for one in sent if one.description]


@receiver(number_changing)
def lock_their_reports(sender, contact, **_):
    theirs = Participant.objects.filter(contact=contact).values("incident")
    beside = Companion.objects.filter(contact=contact).values("appointment__incident")
    which = Incident.objects.filter(Q(pk__in=theirs) | Q(pk__in=beside))
    list(which.order_by("pk").select_for_update(no_key=True))


@receiver(number_changed)
def send_links_to_the_new_number(sender, contact, by, at, **_):
    """The old links are shut by now: whoever has a time ahead gets a new one."""
    ahead = Appointment.objects.filter(contact=contact, status__in=Appointment.LIVE)
    for appointment_id in ahead.values_list("pk", flat=True):
        # The plan says why not, to staff; or the appointment ended this moment.
        with contextlib.suppress(booking.NotReachable, booking.NotLive):
            booking.send_link_again(appointment_id=appointment_id, by=by, at=at)
    beside = Companion.objects.filter(
        contact=contact, removed_at=None, appointment__status__in=Appointment.LIVE
    )
    for companion_id in beside.values_list("pk", flat=True):
        with contextlib.suppress(companions.NotReachable, companions.NotLive):
            companions.send_link_again(companion_id=companion_id, by=by, at=at)


@receiver(link_locked)
def ask_a_person_to_ring(sender, link, at, **_):
    """Five wrong words: somebody else may hold the phone, or the word was forgotten."""
    about = {
        Link.Purpose.APPOINTMENT: Appointment.objects.filter(pk=link.about_id),
        Link.Purpose.COMPANION: Companion.objects.filter(pk=link.about_id),
    }.get(link.purpose)
    found = about.select_related("contact__force").first() if about is not None else None
    if found is None:
        return
    staff_tasks.raise_task(
        StaffTask.Kind.LINK_LOCKED,
        force=found.contact.force,
        about=found,
        reason="The link took five wrong words. Ring, safely, before sending it again.",
        at=at,
    )
