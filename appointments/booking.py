"""The diary's writing side: hold, book, move, cancel.

A slot offered on the phone is a row with an expiry inside the constraint that forbids double
booking, so nobody else can be given it. Locks are taken in one order everywhere: the incident, then
the officer, then appointments. Without the officer's lock the constraint alone deadlocks in a rush.
"""

from datetime import timedelta

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q
from django.db.models.functions import Now

from appointments.models import Appointment, ChangeRequest
from appointments.selectors import desk_for, free_slots, is_rostered
from appointments.signals import (
    appointment_booked,
    appointment_cancelled,
    appointment_change_asked,
    appointment_missed,
    appointment_reassigned,
)
from messaging import outbox, staff_tasks
from triage.control import telling
from triage.control.models import News
from triage.models import Incident, Response
from victimcontact.accounts.models import User
from victimcontact.audit import ledger
from victimcontact.people import links
from victimcontact.people.models import Link

LINK_LIVES_ON = timedelta(hours=24)  # after the appointment ends, so that a late call can rejoin
LINK_AGAIN = "link_again"


class SlotTaken(Exception):
    """Somebody else has the time, or nobody is rostered. ``alternatives``: the nearest Slots."""

    def __init__(self, alternatives=()):
        super().__init__("The time is taken.")
        self.alternatives = list(alternatives)


class HoldLapsed(Exception):
    """The hold ran out or was released before it was confirmed."""


class VideoNotOffered(Exception):
    """No recorded choice of video, or the current assessment does not allow it."""


class NotReachable(Exception):
    """There is no number to text, or no word agreed that would open the link."""


class AlreadyBooked(Exception):
    """The incident has an appointment, booked from another page: that one is moved, not doubled."""


class NotLive(Exception):
    """The appointment is over, cancelled or moved already."""


@transaction.atomic
def hold(*, incident_id, officer_id, starts_at, idempotency_key, by, at) -> Appointment:
    """Keep a time for a caller while they decide: ``Force.hold_minutes`` long.

    ``starts_at`` is one that ``free_slots`` gave. The incident's earlier hold is released. Asked
    twice with one ``idempotency_key`` it returns the same hold. Raises AlreadyBooked,
    VideoNotOffered, SlotTaken.
    """
    incident = _lock_incident(incident_id)
    again = Appointment.objects.filter(idempotency_key=idempotency_key).first()
    if again:
        return again
    _check_not_booked(incident)
    offer = _chosen_video(incident)
    desk = desk_for(incident)
    if desk is None:
        raise SlotTaken
    appointment = _occupy(
        Appointment(
            incident=incident,
            offer=offer,
            desk=desk,
            officer_id=officer_id,
            status=Appointment.Status.HELD,
            held_by=by,
            idempotency_key=idempotency_key,
            created_at=at,
        ),
        starts_at=starts_at,
        at=at,
        instead_of=Q(incident=incident, status=Appointment.Status.HELD),
    )
    ledger.record("appointment.held", by=by, about=appointment, at=at, incident=str(incident.pk))
    return appointment


@transaction.atomic
def book(*, appointment_id, by, at) -> Appointment:
    """Turn a held appointment into a booked one and queue its text.

    Returns the Appointment; asked twice, returns it unchanged and queues nothing more. The ledger
    entry, the link, the notification and the change are one transaction; the text leaves after
    commit. Raises HoldLapsed, AlreadyBooked, VideoNotOffered, NotReachable.
    """
    appointment = _lock(appointment_id)
    if appointment.status in Appointment.LIVE:
        return appointment
    # The database's clock decides, as it does when others look for free time.
    lapsed = not Appointment.objects.filter(
        pk=appointment.pk, status=Appointment.Status.HELD, held_until__gt=Now()
    ).exists()
    if lapsed:
        raise HoldLapsed
    _check_not_booked(appointment.incident)
    contact = _reachable(appointment.incident)
    if _chosen_video(appointment.incident).pk != appointment.offer_id:
        raise VideoNotOffered
    appointment.status, appointment.held_until = Appointment.Status.BOOKED, None
    appointment.contact, appointment.booked_at = contact, at
    appointment.save(update_fields=["status", "held_until", "contact", "booked_at"])
    ledger.record("appointment.booked", by=by, about=appointment, at=at)
    _tell("appointment_booked", appointment, by=by, at=at)
    appointment_booked.send(sender=Appointment, appointment=appointment, by=by, at=at)
    return appointment


@transaction.atomic
def move(*, appointment_id, officer_id, starts_at, idempotency_key, by, at) -> Appointment:
    """Give a booked appointment another time: a new row, the old one cancelled, the victim told.

    The old link dies, the text brings a new one. Returns the new Appointment; asked twice, the
    same. Raises NotLive, SlotTaken (then the old time still stands).
    """
    old = _lock(appointment_id)
    again = Appointment.objects.filter(idempotency_key=idempotency_key).first()
    if again:
        return again
    if old.status not in (Appointment.Status.BOOKED, Appointment.Status.WAITING):
        raise NotLive
    _end(old, "moved", by=by, at=at)
    new = _occupy(
        Appointment(
            incident=old.incident,
            offer=old.offer,
            desk=old.desk,
            contact=old.contact,
            officer_id=officer_id,
            status=Appointment.Status.BOOKED,
            held_by=by,
            moved_from=old,
            idempotency_key=idempotency_key,
            created_at=at,
            booked_at=at,
        ),
        starts_at=starts_at,
        at=at,
    )
    ledger.record("appointment.moved", by=by, about=new, at=at, moved_from=str(old.pk))
    _settle_requests(old, by=by, at=at)
    _told(new, _tell("appointment_moved", new, by=by, at=at), by=by, at=at)
    appointment_booked.send(sender=Appointment, appointment=new, by=by, at=at)
    return new


@transaction.atomic
def reassign(*, appointment_id, officer_id, reason, by, at) -> Appointment:
    """Give a booked appointment to another officer at the same time; the link stays good.

    ``reason`` is a short key for the ledger ("sickness", "fair load"). The victim is told where
    the desk names its officers and they may know the name. To whoever has it already, nothing
    happens. Raises NotLive once it has begun or is over, and SlotTaken when that officer is not
    rostered at the desk or not free: then it stands as it was.
    """
    incident_id = Appointment.objects.values_list("incident_id", flat=True).get(pk=appointment_id)
    _lock_incident(incident_id)
    # Whose it is changes under the incident's lock alone, so it can be read before its own.
    before = User.objects.get(appointments=appointment_id)
    list(
        User.objects.select_for_update(no_key=True)
        .filter(pk__in=[before.pk, officer_id])
        .order_by("pk")
    )
    appointment = _lock(appointment_id)
    if appointment.status not in (Appointment.Status.BOOKED, Appointment.Status.WAITING):
        raise NotLive
    if str(officer_id) == str(before.pk):
        return appointment
    officer = User.objects.get(pk=officer_id)
    _release(Q(officer=officer, status=Appointment.Status.HELD, held_until__lte=Now()))
    if not _is_free(officer, appointment.desk, appointment.occupies):
        raise SlotTaken(alternatives(appointment.incident, near=appointment.starts_at, at=at))
    appointment.officer = officer
    appointment.save(update_fields=["officer"])
    ledger.record(
        "appointment.reassigned",
        by=by,
        about=appointment,
        at=at,
        reason=reason,
        before=str(before.pk),
        officer=str(officer.pk),
    )
    plan = appointment.contact.plan
    if appointment.desk.names_officer and plan is not None and plan.officer_name_safe:
        notification = outbox.queue(
            "appointment_reassigned",
            to=appointment.contact,
            about=appointment,
            context={"when": appointment.starts_at},
            at=at,
            by=by,
            useful_until=appointment.starts_at,
        )
        _told(appointment, notification, by=by, at=at)
    appointment_reassigned.send(
        sender=Appointment, appointment=appointment, before=before, reason=reason, by=by, at=at
    )
    return appointment


@transaction.atomic
def cancel(*, appointment_id, reason, by, at, tell=True) -> Appointment:
    """Give the time back and tell the victim, unless ``tell`` is False. Twice does nothing more.

    ``reason`` is a short key ("victim asked", "worse grade"). Raises NotLive once it has begun.
    """
    appointment = _lock(appointment_id)
    if appointment.status == Appointment.Status.CANCELLED:
        return appointment
    if appointment.status == Appointment.Status.HELD:
        _release(Q(pk=appointment.pk))
        appointment.refresh_from_db()
        return appointment
    if appointment.status not in (Appointment.Status.BOOKED, Appointment.Status.WAITING):
        raise NotLive
    _end(appointment, reason, by=by, at=at)
    ledger.record("appointment.cancelled", by=by, about=appointment, at=at, reason=reason)
    _settle_requests(appointment, by=by, at=at)
    if tell:
        notification = outbox.queue(
            "appointment_cancelled",
            to=appointment.contact,
            about=appointment,
            context={"when": appointment.starts_at},
            at=at,
            by=by,
            useful_until=appointment.starts_at,
        )
        _told(appointment, notification, by=by, at=at)
    else:
        telling.owe(appointment.incident, what=News.APPOINTMENT, because="cancelled", at=at)
    appointment_cancelled.send(
        sender=Appointment, appointment=appointment, reason=reason, by=by, at=at
    )
    return appointment


@transaction.atomic
def send_link_again(*, appointment_id, by, at) -> Appointment:
    """Shut every link to the appointment and text a new one. Raises NotLive, NotReachable.

    For a lost text, a link locked after wrong words, or a new number.
    """
    appointment = _lock(appointment_id)
    if appointment.status not in Appointment.LIVE:
        raise NotLive
    _reachable(appointment.incident)
    links.revoke_all(about_id=appointment.pk, by=by, at=at, reason="sent again")
    outbox.cancel_unsent(about=appointment, at=at)
    ledger.record("appointment.link_sent_again", by=by, about=appointment, at=at)
    _tell(LINK_AGAIN, appointment, by=by, at=at)
    return appointment


@transaction.atomic
def request_change(*, appointment_id, wish, by, at) -> ChangeRequest:
    """Keep what the victim asks for from the link, and give a person the task to settle it.

    ``wish`` is a ChangeRequest.Wish. Asked twice it is one request. Nothing is cancelled by asking:
    the time stands until a person has spoken with the victim. Raises NotLive.
    """
    appointment = _lock(appointment_id)
    if appointment.status not in (Appointment.Status.BOOKED, Appointment.Status.WAITING):
        raise NotLive
    request, is_new = ChangeRequest.objects.get_or_create(
        appointment=appointment, wish=wish, settled_at=None, defaults={"asked_at": at}
    )
    if is_new:
        ledger.record("appointment.change_asked", by=by, about=appointment, at=at, wish=wish)
        staff_tasks.raise_task(
            "change_asked",
            force=appointment.incident.force,
            about=appointment,
            reason=f"The victim asked for: {request.get_wish_display().lower()}",
            at=at,
        )
        appointment_change_asked.send(sender=ChangeRequest, request=request, at=at)
    return request


@transaction.atomic
def release_lapsed(*, at) -> int:
    """Release every hold that ran out by the database's clock. Returns how many."""
    return _release(Q(status=Appointment.Status.HELD, held_until__lte=Now()))


def mark_missed(*, at) -> int:
    """Mark appointments that ended unseen, and give a person the task to find out why.

    Never a silent end: the victim may be in danger, or could not get in. Returns how many.
    """
    due = Appointment.objects.filter(
        status__in=(Appointment.Status.BOOKED, Appointment.Status.WAITING), during__endswith__lte=at
    ).values_list("pk", flat=True)
    return sum(_miss(pk, at=at) for pk in due)


def alternatives(incident, *, near, at) -> list:
    """The free Slots nearest to ``near``, in order of time."""
    desk = desk_for(incident)
    if desk is None:
        return []
    slots = free_slots(desk, at=at, limit=400, every=30)
    nearest = sorted(slots, key=lambda slot: abs(slot.starts_at - near))[:4]
    return sorted(nearest, key=lambda slot: slot.starts_at)


@transaction.atomic
def _miss(appointment_id, *, at):
    appointment = _lock(appointment_id)
    if appointment.status not in (Appointment.Status.BOOKED, Appointment.Status.WAITING):
        return False
    appointment.status = Appointment.Status.MISSED
    appointment.save(update_fields=["status"])
    ledger.record("appointment.missed", about=appointment, at=at)
    staff_tasks.raise_task(
        "missed",
        force=appointment.incident.force,
        about=appointment,
        reason="The appointment's time passed and nobody was seen: assess again before anything",
        at=at,
    )
    appointment_missed.send(sender=Appointment, appointment=appointment, at=at)
    return True


def _lock_incident(incident_id):
    return (
        Incident.objects.select_for_update(no_key=True, of=("self",))
        .select_related("force")
        .get(pk=incident_id)
    )


def _lock(appointment_id):
    incident_id = Appointment.objects.values_list("incident_id", flat=True).get(pk=appointment_id)
    _lock_incident(incident_id)
    return (
        Appointment.objects.select_for_update(of=("self",))
        .select_related("incident__force", "desk", "contact", "officer", "offer")
        .get(pk=appointment_id)
    )


def _check_not_booked(incident):
    if incident.appointments.filter(status__in=Appointment.LIVE).exists():
        raise AlreadyBooked


def _chosen_video(incident):
    """The latest offer, if it is a choice of video that the current assessment still allows.

    None of a closed incident.
    """
    assessment = incident.current_assessment
    offer = incident.current_offer
    if (
        offer is None
        or offer.chosen != Response.VIDEO
        or incident.status != Incident.Status.OPEN
        or assessment is None
        or not assessment.video_offer
    ):
        raise VideoNotOffered
    return offer


def _reachable(incident):
    contact = incident.victim
    plan = contact.plan if contact else None
    if contact is None or not contact.phone or plan is None or not plan.opening_word_hash:
        raise NotReachable
    return contact


def _occupy(appointment, *, starts_at, at, instead_of=None):
    """Save ``appointment`` at ``starts_at`` in its officer's diary. Raises SlotTaken.

    ``instead_of`` is a Q of holds to give back with it.
    """
    desk, incident = appointment.desk, appointment.incident
    # One at a time for each officer: the constraint would let one through and deadlock others.
    officer = User.objects.select_for_update(no_key=True).get(pk=appointment.officer_id)
    lapsed = Q(officer=officer, status=Appointment.Status.HELD, held_until__lte=Now())
    _release(lapsed if instead_of is None else lapsed | instead_of)
    ends_at = starts_at + timedelta(minutes=desk.slot_minutes)
    occupies = DateTimeTZRange(starts_at, ends_at + timedelta(minutes=desk.buffer_minutes))
    if starts_at <= at or not _is_free(officer, desk, occupies):
        raise SlotTaken(alternatives(incident, near=starts_at, at=at))
    appointment.officer = officer
    appointment.during = DateTimeTZRange(starts_at, ends_at)
    appointment.occupies = occupies
    if appointment.status == Appointment.Status.HELD:
        appointment.held_until = Now() + timedelta(minutes=incident.force.hold_minutes)
    appointment.save(force_insert=True)
    appointment.refresh_from_db(fields=["held_until"])
    return appointment


def _is_free(officer, desk, occupies):
    """Whether a locked officer sits at the desk all that time and nothing else is in it."""
    taken = Appointment.objects.filter(
        officer=officer, occupies__overlap=occupies, status__in=Appointment.OCCUPYING
    )
    return officer.is_active and is_rostered(desk, officer, occupies) and not taken.exists()


def _release(which):
    # In one order: two callers may each give back what the other's officer lets lapse.
    found = Appointment.objects.filter(which).order_by("pk").select_for_update(no_key=True)
    return Appointment.objects.filter(pk__in=list(found.values_list("pk", flat=True))).update(
        status=Appointment.Status.RELEASED, held_until=None
    )


def _end(appointment, reason, *, by, at):
    appointment.status = Appointment.Status.CANCELLED
    appointment.cancelled_at, appointment.cancelled_reason = at, reason
    appointment.save(update_fields=["status", "cancelled_at", "cancelled_reason"])
    links.revoke_all(about_id=appointment.pk, by=by, at=at, reason=f"appointment {reason}"[:40])
    # A text that still waits for a safe hour names a time that is no longer so, by a dead link.
    outbox.cancel_unsent(about=appointment, at=at)


def _settle_requests(appointment, *, by, at):
    appointment.change_requests.filter(settled_at=None).update(settled_at=at, settled_by=by)


def _tell(template, appointment, *, by, at):
    _, token = links.issue(
        contact=appointment.contact,
        purpose=Link.Purpose.APPOINTMENT,
        about_id=appointment.pk,
        expires_at=appointment.ends_at + LINK_LIVES_ON,
        by=by,
        at=at,
    )
    return outbox.queue(
        template,
        to=appointment.contact,
        about=appointment,
        context={
            "when": appointment.starts_at,
            "link": links.address(Link.Purpose.APPOINTMENT, token),
        },
        at=at,
        by=by,
        # A link sent again may be for coming back into the call.
        useful_until=appointment.ends_at if template == LINK_AGAIN else appointment.starts_at,
    )


def _told(appointment, notification, *, by, at):
    """A change of slot or officer is news that the victim is owed; this text tells it."""
    telling.by_notification(
        appointment.incident, what=News.APPOINTMENT, notification=notification, by=by, at=at
    )
