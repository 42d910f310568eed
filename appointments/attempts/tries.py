"""After a missed appointment: counted tries by safe ways, and never a silent end.

A text first, if the contact plan lets it; then a person rings, at set intervals, and writes down
what came of it. After the last try in vain it is assessed again and a team leader decides.
"""

from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Q

from appointments import answered, booking, notices
from appointments.attempts import safety
from appointments.attempts.models import Attempt, Reaching, Series
from appointments.models import Appointment
from messaging import asking, outbox, staff_tasks
from messaging.models import NOTICES, StaffTask
from triage import assessing, offers
from victimcontact.audit import ledger
from victimcontact.lib import one_by_one
from victimcontact.lib.prepared import Prepared
from victimcontact.people import links
from victimcontact.people.safe_contact import Held, NotBefore

MISSED_TEXT = "appointment_missed"
LINK_LIVES = timedelta(days=3)
TEXT_USEFUL = timedelta(hours=24)
UNREACHED = "missed call, nobody reached"
LEADER = "They missed an appointment and nobody reached them. Assess again and decide what is safe."
NO_SAFE_WAY = "They missed an appointment and the plan lets nobody ring. Decide how to reach them."


class Over(Exception):
    """The series has ended: nothing is counted any more."""


class Counted(Exception):
    """Somebody wrote this try down already: ``attempt``."""

    def __init__(self, attempt):
        self.attempt = attempt
        super().__init__("This try is written down.")


def settings_of(force) -> Reaching:
    """What the force has set, else the defaults (not saved)."""
    return next(iter(_set_by(force=force.pk)), None) or Reaching(force=force)


@Prepared
def _lasting(incident):
    found = Series.objects.filter(appointment__incident=incident, ended_at=None)
    return found.values_list("pk", "contact_id")


@Prepared
def _set_by(force):
    return Reaching.objects.filter(force=force)


@transaction.atomic
def begin(appointment, *, at: datetime) -> Series:
    """Start the tries for a missed appointment. Begun twice, it is one series."""
    found = Series.objects.filter(pk=appointment.pk).first()
    if found is not None:
        return found
    reaching = settings_of(appointment.incident.force)
    series = Series.objects.create(
        appointment=appointment,
        contact=appointment.contact,
        began_at=at,
        notification=_text(appointment, at=at),
        most_tries=reaching.most_tries,
        due_at=safety.next_try(reaching, began_at=at, made=0, at=at),
    )
    ledger.record(
        "attempts.began", about=appointment, at=at, text=series.notification_id is not None
    )
    return series


def raise_due(*, at: datetime) -> int:
    """Put every try that is due before a person; how many. Safe to repeat, and after a kill.

    A task that was ticked off without a word on the page of tries is put there again.
    """
    due = Series.objects.filter(
        Q(due_at__lte=at) | Q(due_at=None, task__done_at__isnull=False), ended_at=None
    )
    return one_by_one.each(
        partial(_raise, at=at), due.order_by("began_at").values_list("pk", flat=True)
    )


@transaction.atomic
def record(
    series_id, *, number: int, channel: str, outcome: str, note: str, by, at: datetime
) -> Attempt:
    """Write down try ``number``. Reached ends the series; the last in vain goes to a leader.

    ``outcome`` is an Attempt.Outcome. What may be a sign of danger is assessed again at once.
    Raises Counted where that number is written down already, and Over.
    """
    series = _lock(series_id)
    again = series.attempts.filter(number=number).first()
    if again is not None:
        raise Counted(again)
    if series.ended_at is not None:
        raise Over
    made = series.attempts.count()
    if number != made + 1:
        raise Over
    attempt = Attempt.objects.create(
        series=series,
        number=number,
        channel=channel,
        outcome=outcome,
        note=note.strip(),
        at=at,
        by=by,
    )
    ledger.record(
        "attempt.made",
        by=by,
        about=series.appointment,
        at=at,
        number=number,
        channel=str(channel),
        outcome=str(outcome),
    )
    staff_tasks.settle(
        StaffTask.Kind.ATTEMPT_DUE, about=series, by=by, note=f"Try {number} is written down", at=at
    )
    if outcome in Attempt.WORRYING:
        assessing.review_now(series.appointment.incident_id, because="not safe when rung", at=at)
    if outcome == Attempt.Outcome.REACHED:
        _end(series, Series.End.REACHED, by=by, at=at)
    elif number >= series.most_tries:
        _to_leader(series, LEADER, by=by, at=at)
    else:
        reaching = settings_of(series.appointment.incident.force)
        series.task = None
        series.due_at = safety.next_try(reaching, began_at=series.began_at, made=number, at=at)
        series.save(update_fields=["task", "due_at"])
    return attempt


def end_for(incident, *, end: str, contact=None, by, at: datetime) -> int:
    """End the lasting series of an incident (of one ``contact``); how many there were."""
    ended = 0
    for pk, whose in _lasting.rows(incident=incident.pk):
        if contact is not None and whose != contact.pk:
            continue
        with transaction.atomic():
            series = _lock(pk)
            if series.ended_at is None:
                _end(series, end, by=by, at=at)
                ended += 1
    return ended


@transaction.atomic
def rebook(
    *, appointment_id, chosen, words, words_version, officer_id, starts_at, idempotency_key, by, at
) -> Appointment:
    """They missed it and choose another time by their link: a new appointment that follows it.

    ``by`` is their Visit; ``words`` are those of the page on which they chose. Asked twice, the
    same. Raises what ``booking.follow_up`` and ``offers.make`` raise.
    """
    missed = booking.lock(appointment_id)
    if missed.status != Appointment.Status.MISSED:
        raise booking.NotLive
    if not Appointment.objects.filter(idempotency_key=idempotency_key).exists():
        offers.make(
            missed.incident,
            chosen=chosen,
            contact=missed.witness,
            words=words,
            words_version=words_version,
            by=by,
            at=at,
        )
    again = booking.follow_up(
        appointment_id=appointment_id,
        officer_id=officer_id,
        starts_at=starts_at,
        idempotency_key=idempotency_key,
        by=by,
        at=at,
    )
    # As after a move: the old links have done what they were for.
    links.revoke_all(about_id=missed.pk, by=by, at=at, reason="booked again")
    return again


def stands_against_closing(incident, *, unreached: bool) -> list[str]:
    """Why it may not be closed yet; ``unreached``: by an outcome that says they were not seen."""
    if not unreached:
        return []
    found = []
    assessed = incident.current_assessment
    for series in Series.objects.filter(appointment__incident=incident).order_by("began_at"):
        if series.ended_at is None:
            found.append(
                f"They missed an appointment and {series.attempts.count()} of {series.most_tries}"
                " tries to reach them are made. Make the next one, or write down that they were"
                " reached."
            )
        elif series.end == Series.End.UNREACHED and (
            assessed is None
            or assessed.decided_by_id is None
            or assessed.decided_at <= series.ended_at
        ):
            found.append(
                "They missed an appointment and nobody reached them: assess it again first."
            )
    return found


@transaction.atomic
def _raise(series_id, *, at):
    series = _lock(series_id)
    if series.ended_at is not None:
        return False
    waits = series.task is not None and series.task.done_at is None
    if waits or (series.due_at is not None and series.due_at > at):
        return False
    answer = safety.ask_to_ring(series.contact, at)
    if isinstance(answer, Held):
        _to_leader(series, NO_SAFE_WAY, by=None, at=at)
        return True
    if isinstance(answer, NotBefore):
        series.due_at, series.task = answer.at, None
        series.save(update_fields=["due_at", "task"])
        return False
    number = series.attempts.count() + 1
    series.due_at = None
    series.task = staff_tasks.raise_task(
        StaffTask.Kind.ATTEMPT_DUE,
        force=series.appointment.incident.force,
        about=series,
        reason=f"Try {number} of {series.most_tries}: ring as the plan says, and write it down",
        at=at,
    )
    series.save(update_fields=["due_at", "task"])
    return True


def _to_leader(series, reason, *, by, at):
    _end(series, Series.End.UNREACHED, by=by, at=at)
    appointment = series.appointment
    assessing.review_now(appointment.incident_id, because=UNREACHED, at=at)
    staff_tasks.raise_task(
        StaffTask.Kind.NOT_REACHED,
        force=appointment.incident.force,
        about=series,
        reason=reason,
        at=at,
    )


def _end(series, end, *, by, at):
    if series.task is not None and series.task.done_at is None:
        staff_tasks.withdraw(series.task_id, note="Nobody needs to ring for this any more.", at=at)
    series.end, series.ended_at, series.due_at = end, at, None
    series.save(update_fields=["end", "ended_at", "due_at"])
    if end == Series.End.CLOSED:
        answered.wishes(series.appointment, note="The incident was closed", by=by, at=at)
    if end != Series.End.UNREACHED:
        outbox.cancel_unsent(about=series.appointment, at=at, templates=(MISSED_TEXT,))
    ledger.record("attempts.ended", by=by, about=series.appointment, at=at, end=str(end))


def _text(appointment, *, at):
    """The text that says sorry and brings a link to choose again; None where it may not be sent.

    Held back it would only be one more task: somebody rings in any case.
    """
    contact = appointment.contact
    plan = contact.plan
    if plan is None or not plan.opening_word_hash:
        return None
    if all(isinstance(asking.ask_plan(contact, way, at), Held) for way in NOTICES):
        return None
    return notices.send(
        MISSED_TEXT,
        appointment,
        link=notices.new_link(appointment, by=None, at=at, expires_at=at + LINK_LIVES),
        by=None,
        at=at,
        useful_until=at + TEXT_USEFUL,
    )


def _lock(series_id):
    appointment = booking.lock(series_id)
    series = (
        Series.objects.select_for_update(of=("self",))
        .select_related("task", "contact")
        .get(pk=series_id)
    )
    series.appointment = appointment
    return series
