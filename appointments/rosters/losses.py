"""Appointments that lost their officer: found, noted, and each settled in a transaction of its own.

An officer who falls ill, a shift that is taken away: what was booked there goes to another officer
at the same time, else to the next time that fits, else to a person who rings. What is to be settled
is a row first, so that a killed worker leaves nothing forgotten: the clock goes on with it.

Whoever changes a roster locks the officer alone, never appointments: booking takes them in the
other order.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import IntegrityError, connection, transaction

from appointments import booking, slots
from appointments.models import Appointment
from appointments.rosters import bands, skills
from appointments.rosters.models import Outcome
from messaging import staff_tasks
from messaging.models import StaffTask
from victimcontact.accounts.models import User
from victimcontact.audit import ledger
from victimcontact.lib import local_time, one_by_one
from victimcontact.people import needs

TRIES = 4  # of officers or times, when others book them meanwhile
A_DAY = timedelta(days=1)
SHIFT_CHANGED = "shift changed"
NO_OTHER_TIME = "The officer is away and no other time fits: agree another time with the victim"
STILL = (
    "The officer is still away and the time still stands: move it, cancel it, or give it to another"
    " officer"
)
BEGUN = "It is their time now and the officer is away: take the call over or ring, safely"

# To come, or begun and nobody is in the call yet; and no longer covered by the officer's shifts at
# the desk less their absences, or the officer may not sign in any more. Of what has begun only the
# rest counts: a call that was put through may run past the shift.
_UNCOVERED = """
select a.id
from appointments_appointment a
join accounts_user u on u.id = a.officer_id,
lateral (select case when lower(a.during) > %(at)s then a.occupies
  else tstzrange(%(at)s, %(at)s, '[]') end as needed,
  tstzrange(greatest(lower(a.during), %(at)s), upper(a.occupies)) as rest) of
where a.status in ('booked', 'waiting') and upper(a.during) > %(at)s
  and (%(officers)s::uuid[] is null or a.officer_id = any(%(officers)s::uuid[]))
  and (
    not u.is_active
    or not coalesce((
      select range_agg(s.during) @> of.needed from appointments_shift s
      where s.officer_id = a.officer_id and s.desk_id = a.desk_id and s.during && of.needed
    ), false)
    or exists (
      select from rosters_absence b
      where b.officer_id = a.officer_id and b.ended_at is null and b.during && of.rest))
order by lower(a.during), a.id
"""


@dataclass(frozen=True)
class Foreseen:
    """What would become of an appointment: ``slot`` is whom and when, None where a person rings."""

    appointment: Appointment
    slot: slots.Slot | None

    @property
    def is_same_time(self):
        return self.slot is not None and self.slot.starts_at == self.appointment.starts_at

    @property
    def officer(self):
        return User.objects.get(pk=self.slot.officer_id) if self.slot else None


def lock_officers(officers) -> None:
    """Take the officers' locks in their one order: after it, nobody is booking them."""
    ids = [getattr(officer, "pk", officer) for officer in officers]
    list(
        User.objects.select_for_update(no_key=True)
        .filter(pk__in=ids)
        .order_by("pk")
        .values_list("pk", flat=True)
    )


def uncovered(*, officers=None, at: datetime) -> list[Appointment]:
    """Appointments not held yet that no shift covers, in an absence, or of somebody switched off.

    Of ``officers``, or of all.
    """
    ids = None if officers is None else [officer.pk for officer in officers]
    with connection.cursor() as cursor:
        cursor.execute(_UNCOVERED, {"at": at, "officers": ids})
        found = [pk for (pk,) in cursor.fetchall()]
    return list(
        Appointment.objects.filter(pk__in=found)
        .select_related("incident__force", "desk", "officer", "contact")
        .order_by("during", "pk")
    )


def foresee(change, *, officers, at: datetime) -> list[Foreseen]:
    """What ``change()`` would take from whom, and where each would go. Nothing of it stays.

    Each is looked up by itself: two that would both go to one free officer are told apart only
    when it is done.
    """
    with transaction.atomic():
        before = {each.pk for each in uncovered(officers=officers, at=at)}
        change()
        found = [
            Foreseen(each, next(iter(_places(each, at)), None))
            for each in uncovered(officers=officers, at=at)
            if each.pk not in before
        ]
        transaction.set_rollback(True)
    return found


def note(*, officers=None, because, by, at: datetime, absence=None) -> list[Outcome]:
    """A row to be settled for each uncovered appointment that has none open yet.

    Holds in the lost time are given back. Call it after the change is committed.
    """
    with transaction.atomic():
        holds = Appointment.objects.filter(
            status=Appointment.Status.HELD, during__startswith__gt=at
        )
        if absence is not None:
            holds = holds.filter(officer=absence.officer, occupies__overlap=absence.during)
            holds = holds.order_by("pk").select_for_update(no_key=True)
            Appointment.objects.filter(pk__in=[hold.pk for hold in holds]).update(
                status=Appointment.Status.RELEASED, held_until=None
            )
    noted = []
    # Somebody is asked to ring and has not yet: not each minute anew. A task that was ticked off
    # while the appointment stands as it did has settled nothing.
    asked = set(_open_tasks().values_list("about_id", flat=True))
    for appointment in uncovered(officers=officers, at=at):
        if absence is None and appointment.pk in asked:
            continue
        if absence is not None and not _touch(appointment.occupies, absence.during):
            continue
        try:
            with transaction.atomic():
                noted.append(
                    Outcome.objects.create(
                        appointment=appointment,
                        absence=absence,
                        because=because,
                        officer=appointment.officer,
                        raised_by=by,
                        raised_at=at,
                    )
                )
        except IntegrityError:
            continue  # noted already, by another page or by the clock
    return noted


def settle(outcome_id, *, at: datetime) -> Outcome | None:
    """Settle one: another officer, another time, or a person's task. None: somebody else does it.

    All of it is one transaction: the new time, the text, the ledger and the result.
    """
    with transaction.atomic():
        outcome = (
            Outcome.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(pk=outcome_id, result=Outcome.Result.WAITING)
            .select_related("appointment", "raised_by")
            .first()
        )
        if outcome is None:
            return None
        appointment = Appointment.objects.select_related(
            "incident__force", "desk", "officer", "contact"
        ).get(pk=outcome.appointment_id)
        outcome.result, outcome.replacement = _place(outcome, appointment, at)
        outcome.settled_at = at
        outcome.save(update_fields=["result", "replacement", "settled_at"])
        ledger.record(
            "appointment.officer_lost",
            by=outcome.raised_by,
            about=appointment,
            at=at,
            because=outcome.because,
            result=str(outcome.result),
        )
    return outcome


def settle_all(outcomes, *, at: datetime) -> list[Outcome]:
    """Settle each of these; returns them as they are now, in order of time."""
    for outcome in outcomes:
        settle(outcome.pk, at=at)
    return list(
        Outcome.objects.filter(pk__in=[outcome.pk for outcome in outcomes])
        .select_related("appointment", "replacement__officer", "officer")
        .order_by("appointment__during")
    )


def settle_waiting(*, at: datetime) -> int:
    """What the clock does: find what lost its officer and settle what a dead worker left.

    Returns how many were settled.
    """
    _withdraw_answered(at)
    note(because=SHIFT_CHANGED, by=None, at=at)
    waiting = Outcome.objects.filter(result=Outcome.Result.WAITING).order_by("raised_at", "pk")
    return one_by_one.each(partial(settle, at=at), waiting.values_list("pk", flat=True)[:500])


def _place(outcome, appointment, at):
    """(result, the Appointment that stands now or None)."""
    is_ahead = appointment.status in booking.AHEAD
    is_theirs = appointment.officer_id == outcome.officer_id
    if not is_ahead or not is_theirs or _is_covered(appointment, at):
        return Outcome.Result.NOT_NEEDED, None
    for slot in _places(appointment, at):
        try:
            with transaction.atomic():
                if slot.starts_at == appointment.starts_at:
                    stands = booking.reassign(
                        appointment_id=appointment.pk,
                        officer_id=slot.officer_id,
                        reason=outcome.because,
                        by=outcome.raised_by,
                        at=at,
                    )
                    return Outcome.Result.REASSIGNED, stands
                stands = booking.move(
                    appointment_id=appointment.pk,
                    officer_id=slot.officer_id,
                    starts_at=slot.starts_at,
                    idempotency_key=uuid.uuid5(outcome.pk, slot.starts_at.isoformat()),
                    by=outcome.raised_by,
                    at=at,
                    is_wished=False,
                )
                return Outcome.Result.MOVED, stands
        except booking.SlotTaken:
            continue
        except booking.NotLive:
            return Outcome.Result.NOT_NEEDED, None
        except (booking.NotChosen, booking.NotReachable):
            break
    if not _open_tasks().filter(about_id=appointment.pk).exists():
        staff_tasks.raise_task(
            StaffTask.Kind.CALL_BACK,
            force=appointment.incident.force,
            about=appointment,
            reason=_why(outcome, appointment, at),
            at=at,
        )
    return Outcome.Result.TASK, None


def _why(outcome, appointment, at):
    if appointment.starts_at <= at:
        return BEGUN
    was_asked = Outcome.objects.filter(
        appointment=appointment, officer=outcome.officer_id, result=Outcome.Result.TASK
    )
    return STILL if was_asked.exists() else NO_OTHER_TIME


def _open_tasks():
    """Tasks that ask a person to see to an appointment whose officer is away."""
    return StaffTask.objects.filter(
        kind=StaffTask.Kind.CALL_BACK,
        about_type=Appointment._meta.label_lower,
        reason__in=(NO_OTHER_TIME, STILL, BEGUN),
        done_at=None,
    )


def _withdraw_answered(at):
    """Moved, cancelled, given to somebody who is there, or the officer is back: nothing is left."""
    tasks = list(_open_tasks().values_list("pk", "about_id"))
    lost = {each.pk for each in uncovered(at=at)} if tasks else set()
    for pk, about in tasks:
        if about not in lost:
            staff_tasks.withdraw(pk, note="The appointment has an officer, or is off.", at=at)


def _touch(one, other):
    return one.lower < other.upper and other.lower < one.upper


def _is_covered(appointment, at):
    found = uncovered(officers=[appointment.officer], at=at)
    return appointment.pk not in {each.pk for each in found}


def _places(appointment, at):
    """Slots to try, best first: the same time, then the nearest later ones within the band.

    Whose time has begun is there now: the same time or none.
    """
    incident, desk = appointment.incident, appointment.desk
    wall = local_time.local(appointment.starts_at)
    part = tuple(name for name, hours in slots.PARTS_OF_DAY.items() if wall.hour in hours)
    wishes = slots.Wishes(
        gender=needs.officer(appointment.contact),
        language=needs.language(appointment.contact),
        skills=tuple(skills.required(incident, at=at, contact=appointment.contact)),
    )
    before = min(at, appointment.starts_at - timedelta(minutes=1))
    found = slots.at_time(desk, appointment.starts_at, at=before, wishes=wishes)
    if appointment.starts_at <= at:
        return found
    _, until = bands.band_for(incident).window(at)
    since = appointment.starts_at + timedelta(minutes=1)
    until = max(until, since + A_DAY)
    later = slots.nearest(desk, at=at, since=since, until=until, wishes=wishes, parts_of_day=part)
    return [*found, *later[:TRIES]]
