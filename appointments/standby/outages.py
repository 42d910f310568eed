"""Video is down: who was to be seen within the hour is rung instead, and put back afterwards.

Every appointment that becomes a telephone task is a Fallback row, and each ends once: rung, not
reached, put back, or changed meanwhile. So what came in can be counted against what went out.
"""

from datetime import timedelta
from functools import partial

from django.db import transaction
from django.db.models import F, Q

from appointments import booking, notices, outcomes
from appointments.attempts import tries
from appointments.attempts.models import Series
from appointments.models import Appointment
from appointments.standby.models import Fallback, Outage
from messaging import outbox, staff_tasks
from messaging.models import StaffTask
from victimcontact.audit import ledger
from victimcontact.lib import one_by_one
from victimcontact.people.models import ContactPlan

AHEAD = timedelta(hours=1)
WAITS = (Appointment.Status.BOOKED, Appointment.Status.WAITING)
BY_PHONE, BY_VIDEO = "appointment_by_phone", "appointment_by_video"
RING = "Video does not work. Ring at the agreed time instead, as the contact plan says."
ASK = (
    "Video does not work and the plan lets nobody ring. Decide with a supervisor how to reach them."
)


class Over(Exception):
    """The fallback ended already."""


def current() -> Outage | None:
    """The outage that lasts, or None."""
    return Outage.objects.filter(ended_at=None).first()


@transaction.atomic
def begin(*, why, since, at) -> Outage:
    """Video is down since ``since``. Asked again while it lasts, the same Outage."""
    outage, is_new = Outage.objects.get_or_create(
        ended_at=None, defaults={"why": why, "began_at": since}
    )
    if is_new:
        ledger.record("outage.began", about=outage, at=at, why=str(why))
    return outage


def cover(outage, *, at) -> int:
    """Make a telephone task of each video appointment due within the hour; how many were made.

    Each is a transaction of its own: a kill between two loses neither, the next look goes on.
    """
    due = Appointment.objects.filter(
        kind=Appointment.Kind.VIDEO,
        status__in=WAITS,
        during__startswith__lt=at + AHEAD,
        during__endswith__gt=at,
    ).exclude(fallbacks__ended_at=None, fallbacks__isnull=False)
    pks = due.values_list("pk", flat=True)
    return one_by_one.each(partial(_ring_instead, outage, at=at), pks)


def end(outage, *, at) -> None:
    """Video works again: put back whom nobody has begun to ring. Safe to repeat."""
    begun = Fallback.objects.filter(ended_at=None).values_list("pk", flat=True)
    one_by_one.each(partial(_put_back, at=at), begun)
    with transaction.atomic():
        ended = Outage.objects.filter(pk=outage.pk, ended_at=None).update(ended_at=at)
        if ended:
            ledger.record("outage.ended", about=outage, at=at)


def call_off(appointment, *, at) -> None:
    """The locked appointment was moved or cancelled: nobody is to ring for it any more."""
    for fallback in appointment.fallbacks.filter(ended_at=None).select_related("task"):
        fallback.appointment = appointment
        _end_by_its_task(fallback, at=at)


@transaction.atomic
def rang(fallback_id, *, talked: bool, note: str, by, at) -> Fallback:
    """Keep what came of ringing. Talked, the appointment has been held; else it was missed.

    Raises Over, and staff_tasks.NoteMissing, AlreadyTaken.
    """
    fallback = _lock(fallback_id)
    if fallback.ended_at is not None:
        raise Over
    appointment = fallback.appointment
    if fallback.task.done_at is None:
        staff_tasks.done(fallback.task_id, note=note, by=by, at=at)
    _finish(fallback, Fallback.End.RUNG if talked else Fallback.End.NOT_REACHED, by=by, at=at)
    outbox.cancel_unsent(about=appointment, at=at, templates=(BY_PHONE,))
    if talked and appointment.status == Appointment.Status.MISSED:
        # They were rung past their time: the clock thought that nobody had reached them.
        tries.end_for(
            appointment.incident,
            end=Series.End.REACHED,
            contact=appointment.contact,
            by=by,
            at=at,
        )
    if appointment.status not in WAITS:
        return fallback
    if talked:
        outcomes.end(appointment, entry="appointment.held_by_telephone", by=by, at=at)
    else:
        outcomes.miss(appointment.pk, by=by, at=at)
    return fallback


def balance(outage) -> dict[str, int]:
    """How many became telephone tasks, and what became of them: {"made": 5, "rung": 2, …}.

    "open" are those that wait for a person.
    """
    ends = list(outage.fallbacks.values_list("end", flat=True))
    found = {"made": len(ends), "open": ends.count("")}
    return found | {str(end): ends.count(end) for end in Fallback.End}


def rows(user, outage=None):
    """The fallbacks of the user's forces, those that wait for a person first.

    Those of ``outage``, and of earlier ones whoever still waits.
    """
    mine = Q(appointment__incident__force__in=user.forces.all())
    if outage is not None:
        mine &= Q(outage=outage) | Q(ended_at=None)
    return (
        Fallback.objects.filter(mine)
        .select_related("appointment", "task__taken_by")
        .order_by(F("ended_at").asc(nulls_first=True), "appointment__during")
    )


@transaction.atomic
def _ring_instead(outage, appointment_id, *, at):
    appointment = booking.lock(appointment_id)
    is_covered = appointment.fallbacks.filter(ended_at=None).exists()
    if appointment.status not in WAITS or is_covered:
        return False
    may_ring = _may_ring(appointment, at=at)
    task = staff_tasks.raise_task(
        StaffTask.Kind.RING_INSTEAD,
        force=appointment.incident.force,
        about=appointment,
        reason=RING if may_ring else ASK,
        at=at,
    )
    Fallback.objects.create(
        outage=outage, appointment=appointment, task=task, may_ring=may_ring, made_at=at
    )
    ledger.record("appointment.by_telephone", about=appointment, at=at, may_ring=may_ring)
    if may_ring:
        _tell(appointment, BY_PHONE, at=at)
    return True


@transaction.atomic
def _put_back(fallback_id, *, at):
    fallback = _lock(fallback_id)
    appointment, task = fallback.appointment, fallback.task
    if fallback.ended_at is not None:
        return
    if task.done_at is not None or appointment.status not in WAITS:
        _end_by_its_task(fallback, at=at)
    elif task.taken_by_id is None and appointment.ends_at > at:
        # Somebody who took the task is about to ring: that call is not taken from them. One whose
        # time has passed still has somebody waiting to be rung.
        staff_tasks.withdraw(task.pk, note="Video works again.", at=at)
        _finish(fallback, Fallback.End.PUT_BACK, by=None, at=at)
        unsent = outbox.cancel_unsent(about=appointment, at=at, templates=(BY_PHONE,))
        if fallback.may_ring and not unsent:
            _tell(appointment, BY_VIDEO, at=at)


def _end_by_its_task(fallback, *, at):
    task = fallback.task
    if staff_tasks.withdraw(task.pk, note="The appointment was changed meanwhile.", at=at):
        _finish(fallback, Fallback.End.CHANGED, by=None, at=at)
    else:
        # Done on the list of tasks: that it was rung is what its note says.
        task.refresh_from_db()
        _finish(fallback, Fallback.End.RUNG, by=task.done_by, at=at)


def _finish(fallback, end, *, by, at):
    fallback.end, fallback.ended_at = end, at
    fallback.save(update_fields=["end", "ended_at"])
    ledger.record(
        "appointment.fallback_ended", by=by, about=fallback.appointment, at=at, end=str(end)
    )


def _may_ring(appointment, *, at):
    """Whether the plan says that the person may be contacted at all; its hours the ringer reads."""
    plan = appointment.contact.plan
    return (
        bool(appointment.contact.phone)
        and plan is not None
        and plan.safe == ContactPlan.Safe.AS_BELOW
        and not plan.phone_watched
        and plan.channels.get("call") != "unsafe"
        and (plan.expires_at is None or plan.expires_at > at)
    )


def _tell(appointment, words, *, at):
    notification = notices.send(
        words, appointment, by=None, at=at, useful_until=appointment.ends_at
    )
    notices.told(appointment, notification, by=None, at=at)


def _lock(fallback_id):
    found = Fallback.objects.values_list("appointment_id", flat=True).get(pk=fallback_id)
    appointment = booking.lock(found)
    fallback = (
        Fallback.objects.select_for_update(of=("self",)).select_related("task").get(pk=fallback_id)
    )
    fallback.appointment = appointment
    return fallback
