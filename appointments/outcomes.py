"""What came of an appointment whose time is over: they met, they did not, or nobody has said.

Locks as in booking: the incident, then the appointment.
"""

from django.db import transaction

from appointments import booking
from appointments.models import Appointment
from appointments.signals import appointment_ended, appointment_missed
from messaging import staff_tasks
from victimcontact.accounts.permissions import can
from victimcontact.audit import ledger
from victimcontact.lib import one_by_one


def mark_missed(*, at) -> int:
    """Mark appointments that ended unseen, and give a person the task to find out why.

    Never a silent end: the victim may be in danger, or could not get in. Returns how many.
    """
    due = Appointment.objects.filter(
        status__in=booking.AHEAD, during__endswith__lte=at, outcome_asked_at=None
    )
    kinds = dict(due.values_list("pk", "kind"))

    def miss_or_ask(pk):
        if kinds[pk] == Appointment.Kind.VIDEO:
            return miss(pk, by=None, at=at)
        return _ask_outcome(pk, at=at)

    return one_by_one.each(miss_or_ask, kinds)


@transaction.atomic
def met(*, appointment_id, by, at) -> Appointment:
    """The officer and the person met, at their place or at the station. Twice does nothing more.

    Raises NotLive before its time, for video (whose room says so itself) and once it is over.
    """
    appointment = booking.lock(appointment_id)
    if appointment.status == Appointment.Status.ENDED:
        return appointment
    _check_could_meet(appointment, at)
    _settle_outcome(appointment, by=by, note="They met", at=at)
    end(appointment, entry="appointment.met", by=by, at=at)
    return appointment


@transaction.atomic
def not_met(*, appointment_id, by, at) -> Appointment:
    """The officer was there and the person was not: as a missed call. Raises NotLive as ``met``."""
    appointment = booking.lock(appointment_id)
    if appointment.status == Appointment.Status.MISSED:
        return appointment
    _check_could_meet(appointment, at)
    _settle_outcome(appointment, by=by, note="They did not meet", at=at)
    miss(appointment_id, by=by, at=at)
    appointment.refresh_from_db()
    return appointment


def may_say_outcome(user, appointment) -> bool:
    """Whether ``user`` is the officer of this visit or station, or manages the diary."""
    return not appointment.is_video and (
        appointment.officer_id == user.pk or can(user, "diary.manage")
    )


@transaction.atomic
def miss(appointment_id, *, by, at) -> bool:
    """Nobody was seen or reached: a person is asked to find out why. False when it was over."""
    appointment = booking.lock(appointment_id)
    if appointment.status not in booking.AHEAD:
        return False
    appointment.status = Appointment.Status.MISSED
    appointment.save(update_fields=["status"])
    ledger.record("appointment.missed", by=by, about=appointment, at=at)
    because = "The appointment's time passed and nobody was seen: assess again before anything"
    _ask_person(appointment, because, at=at)
    appointment_missed.send(sender=Appointment, appointment=appointment, at=at)
    return True


def end(appointment, *, entry, by, at):
    """A locked appointment was held; ``entry`` is the ledger's word for how."""
    appointment.status, appointment.ended_at = Appointment.Status.ENDED, at
    appointment.save(update_fields=["status", "ended_at"])
    ledger.record(entry, by=by, about=appointment, at=at)
    appointment_ended.send(sender=Appointment, appointment=appointment, at=at)


@transaction.atomic
def _ask_outcome(appointment_id, *, at):
    """Nobody said whether an officer met them: that is not the same as missed. Asked once."""
    appointment = booking.lock(appointment_id)
    if appointment.status not in booking.AHEAD or appointment.outcome_asked_at is not None:
        return False
    appointment.outcome_asked_at = at
    appointment.save(update_fields=["outcome_asked_at"])
    ledger.record("appointment.outcome_asked", about=appointment, at=at)
    because = "Its time has passed and nobody has said whether they met: ask the officer"
    _ask_person(appointment, because, at=at)
    return True


def _ask_person(appointment, because, *, at):
    force = appointment.incident.force
    staff_tasks.raise_task("missed", force=force, about=appointment, reason=because, at=at)


def _check_could_meet(appointment, at):
    if (
        appointment.is_video
        or appointment.status not in booking.AHEAD
        or at < appointment.starts_at
    ):
        raise booking.NotLive


def _settle_outcome(appointment, *, by, note, at):
    if appointment.outcome_asked_at is not None:
        staff_tasks.settle("missed", about=appointment, by=by, note=note, at=at)
