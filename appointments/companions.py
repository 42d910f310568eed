"""Guardian, interpreter, supporter: each with an own link, own word and own seat.

Whoever comes along waits like the victim does; an officer lets them in, sees who they are and may
let them out again for good.
"""

from django.db import transaction

from appointments import answered, protocol, rooms
from appointments.models import Appointment, Companion, Presence
from messaging import outbox
from triage.models import Incident, Participant
from victimcontact.audit import ledger
from victimcontact.people import links, plans
from victimcontact.people.models import Contact, Link

LIVE = Appointment.LIVE
# A supporter has no part in what happened; the others have one on the incident as well.
PARTS = {
    Companion.Role.GUARDIAN: Participant.Role.GUARDIAN,
    Companion.Role.INTERPRETER: Participant.Role.INTERPRETER,
}


class NotLive(Exception):
    """The appointment is over, or not by video: there is no room to come into."""


class NotReachable(Exception):
    """There is no number to text, or no word agreed that would open the link."""


class NotThere(Exception):
    """They do not wait, or not by the opening of the link that the officer saw."""


def of(appointment) -> list[Companion]:
    """Who comes along and was not let out, in the order in which they were added."""
    return list(appointment.companions.filter(removed_at=None).select_related("contact"))


@transaction.atomic
def add(*, appointment_id, role, name, phone, word, by, at) -> Companion:
    """Ask somebody to come along: a contact with a word of their own, and a text with their link.

    Raises NotLive and people.words.WordUnfit.
    """
    appointment = _lock(appointment_id)
    if appointment.status not in LIVE or not appointment.is_video:
        raise NotLive
    contact = Contact.objects.create(
        force=appointment.incident.force, name=name, phone=phone, created_at=at
    )
    plans.set_plan(contact, channels={"sms": "safe"}, opening_word=word, by=by, at=at)
    part = PARTS.get(role)
    if part:
        Participant.objects.create(incident=appointment.incident, role=part, contact=contact)
    companion = Companion.objects.create(
        appointment=appointment, contact=contact, role=role, added_at=at, added_by=by
    )
    ledger.record(
        "companion.added", by=by, about=appointment, at=at, companion=str(companion.pk), role=role
    )
    _ask(companion, by=by, at=at)
    return companion


@transaction.atomic
def carry_over(before, appointment, *, by, at) -> None:
    """It was moved, or booked again after a miss: who was to come along is asked for the new time.

    Where they meet in person from now on nobody is asked by a link; who was to come is told that
    the call is off.
    """
    for old in of(before):
        _shut(old, by=by, at=at, reason="appointment moved")
        if not appointment.is_video:
            _call_off(old, before, at=at)
            continue
        new = Companion.objects.create(
            appointment=appointment,
            contact=old.contact,
            role=old.role,
            added_at=at,
            added_by=old.added_by,
        )
        _ask(new, by=by, at=at)


@transaction.atomic
def call_off(appointment, *, by, at) -> None:
    """The appointment was cancelled: their links are shut, and they are told."""
    for companion in of(appointment):
        _shut(companion, by=by, at=at, reason="appointment cancelled")
        _call_off(companion, appointment, at=at)


@transaction.atomic
def send_link_again(*, companion_id, by, at) -> Companion:
    """Shut every link of theirs and text a new one. Raises NotLive, NotReachable.

    For a lost text, a link locked after wrong words, or a new number.
    """
    companion = _locked(companion_id)
    appointment, plan = companion.appointment, companion.contact.plan
    if appointment.status not in LIVE or companion.removed_at is not None:
        raise NotLive
    if not companion.contact.phone or plan is None or not plan.opening_word_hash:
        raise NotReachable
    _shut(companion, by=by, at=at, reason="sent again")
    ledger.record("companion.link_sent_again", by=by, about=companion, at=at)
    _ask(companion, by=by, at=at)
    return companion


@transaction.atomic
def give_number(*, companion_id, number, by, at) -> Companion:
    """They have another number (E.164): the old links are shut, a new one goes to the new number.

    Raises NotLive.
    """
    companion = _locked(companion_id)
    if companion.appointment.status not in LIVE or companion.removed_at is not None:
        raise NotLive
    contact = companion.contact
    # What was agreed with them stays; only where it goes is another.
    plans.set_plan(contact, channels={"sms": "safe"}, phone=number, by=by, at=at)
    companion.contact.refresh_from_db()
    return companion


@transaction.atomic
def wait(*, companion_id, visit, at) -> Companion:
    """They are here. Asked twice, changes nothing more. Raises NotLive, rooms.TooEarly."""
    companion = _locked(companion_id)
    appointment = companion.appointment
    if appointment.status not in LIVE or companion.removed_at:
        raise NotLive
    if at < rooms.opens_at(appointment):
        raise rooms.TooEarly
    if companion.waiting_at is None:
        companion.waiting_at = at
        companion.save(update_fields=["waiting_at"])
        ledger.record("companion.waiting", by=visit, about=companion, at=at)
        rooms.notify(appointment, protocol.STATE)
    return companion


@transaction.atomic
def admit(*, companion_id, visit_id, by, at) -> Companion:
    """Let in the opening of their link that ``by`` saw waiting. Raises NotLive, NotThere."""
    companion = _locked(companion_id)
    if companion.appointment.status != Appointment.Status.IN_CALL or companion.removed_at:
        raise NotLive
    visit = live_visit(companion, at)
    if visit is None or companion.waiting_at is None or str(visit.pk) != str(visit_id):
        raise NotThere
    if companion.admitted_visit_id != visit.pk:
        companion.admitted_visit = visit
        companion.admitted_at = companion.admitted_at or at
        companion.save(update_fields=["admitted_visit", "admitted_at"])
        ledger.record("companion.admitted", by=by, about=companion, at=at, visit=str(visit.pk))
        rooms.notify(companion.appointment, protocol.STATE)
    return companion


@transaction.atomic
def let_out(*, companion_id, by, at) -> Companion:
    """End their part for good: link shut, seat lost within a second. Twice does nothing more."""
    companion = _locked(companion_id)
    if companion.removed_at is None:
        companion.removed_at, companion.removed_by = at, by
        companion.save(update_fields=["removed_at", "removed_by"])
        _shut(companion, by=by, at=at, reason="let out")
        ledger.record("companion.let_out", by=by, about=companion, at=at)
        rooms.notify(companion.appointment, protocol.STATE)
    return companion


def live_visit(companion, at):
    """The latest opening of their link that is still good, or None."""
    return rooms.live_visit_of(Link.Purpose.COMPANION, companion.pk, at)


def stage(companion, visit) -> str:
    """How it stands for this opening of their link: a stage of the room."""
    appointment = companion.appointment
    if companion.removed_at or appointment.status in (
        Appointment.Status.CANCELLED,
        Appointment.Status.MISSED,
        Appointment.Status.ENDED,
    ):
        return protocol.ENDED
    if companion.admitted_visit_id == visit.pk:
        in_call = appointment.status == Appointment.Status.IN_CALL
        return protocol.ADMITTED if in_call else protocol.WAITING
    return protocol.WAITING if companion.waiting_at else protocol.BOOKED


def rows(appointment, at) -> list[dict]:
    """What the officer's room shows of each: who, waiting (as which visit), let in, on the page."""
    found = []
    for companion in of(appointment):
        visit = live_visit(companion, at)
        inside = visit is not None and visit.pk == companion.admitted_visit_id
        waits = visit is not None and not inside and companion.waiting_at is not None
        found.append(
            {
                "companion": companion,
                "visit": str(visit.pk) if waits else "",
                "inside": inside,
                "here": companion.presences.filter(left_at=None).exists(),
            }
        )
    return found


@transaction.atomic
def sit(*, companion, visit, channel, at) -> tuple[Presence, str]:
    """Take the companion's seat: (Presence, the channel of the page that had it before or "").

    The page that came last has it: it is one person with one link. Writes the ledger.
    """
    _lock(companion.appointment_id)
    before = Presence.objects.filter(companion=companion, left_at=None).first()
    if before is not None:
        rooms.leave_seat(presence_id=before.pk, why="replaced", at=at)
    presence = Presence.objects.create(
        appointment_id=companion.appointment_id,
        side=Presence.Side.COMPANION,
        companion=companion,
        visit=visit,
        channel=channel,
        joined_at=at,
        seen_at=at,
    )
    ledger.record(
        "room.joined", by=visit, about=companion.appointment, at=at, side=str(presence.side)
    )
    return presence, before.channel if before else ""


def present(appointment) -> list[tuple[Companion, list]]:
    """Who was in the room beside the person: [(companion, [(from, until or None)])].

    A seat whose page died silently ended when it was last heard of.
    """
    seats = {}
    found = Presence.objects.filter(
        appointment=appointment, side=Presence.Side.COMPANION
    ).select_related("companion__contact")
    for seat in found.order_by("joined_at"):
        seats.setdefault(seat.companion, []).append((seat.joined_at, seat.left_at))
    return list(seats.items())


def _ask(companion, *, by, at):
    appointment = companion.appointment
    _, token = links.issue(
        contact=companion.contact,
        purpose=Link.Purpose.COMPANION,
        about_id=companion.pk,
        expires_at=appointment.ends_at + rooms.LINK_LIVES_ON,
        by=by,
        at=at,
    )
    outbox.queue(
        "companion_asked",
        to=companion.contact,
        about=companion,
        context={
            "when": appointment.starts_at,
            "link": links.address(Link.Purpose.COMPANION, token),
        },
        at=at,
        useful_until=appointment.ends_at,
    )


def _call_off(companion, appointment, *, at):
    if appointment.starts_at <= at:
        return
    outbox.queue(
        "appointment_cancelled",
        to=companion.contact,
        about=companion,
        context={"when": appointment.starts_at},
        at=at,
        useful_until=appointment.starts_at,
    )


def _shut(companion, *, by, at, reason):
    links.revoke_all(about_id=companion.pk, by=by, at=at, reason=reason)
    outbox.cancel_unsent(about=companion, at=at)
    answered.locked_link(companion, note=f"Their link: {reason}", by=by, at=at)


def _lock(appointment_id):
    incident_id = Appointment.objects.values_list("incident_id", flat=True).get(pk=appointment_id)
    Incident.objects.select_for_update(no_key=True, of=("self",)).get(pk=incident_id)
    return (
        Appointment.objects.select_for_update(of=("self",))
        .select_related("incident__force")
        .get(pk=appointment_id)
    )


def _locked(companion_id):
    appointment = _lock(
        Companion.objects.values_list("appointment", flat=True).get(pk=companion_id)
    )
    companion = (
        Companion.objects.select_for_update(of=("self",))
        .select_related("contact")
        .get(pk=companion_id)
    )
    companion.appointment = appointment
    return companion
