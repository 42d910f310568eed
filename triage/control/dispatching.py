"""Send officers now: from anywhere, by anyone, in one transaction."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Prefetch

from triage import assessing, intake, signals
from triage.control import closing, telling
from triage.control.models import Dispatch, DispatchStep, News
from triage.models import Grade, Incident, Participant
from victimcontact.audit import ledger

State = Dispatch.State
# A form that comes again so soon was sent twice, even if officers were next door.
SENT_TWICE = timedelta(minutes=1)


class ReasonMissing(ValueError):
    """Officers were asked for without saying why."""


class NotThere(ValueError):
    """The dispatch cannot come to this state from where it stands: ``dispatch``, ``state``."""

    def __init__(self, dispatch, state):
        self.dispatch, self.state = dispatch, state
        super().__init__(f"It is {Dispatch.State(state).label.lower()} already.")


@transaction.atomic
def send_now(
    incident,
    *,
    reason: str,
    told: str = "",
    not_told_because: str = "",
    by,
    at,
    came_from: str = Dispatch.CameFrom.INCIDENT,
    where: str | None = None,
    safety_note: str | None = None,
    narrative: str = "",
    idempotency_key=None,
) -> Dispatch:
    """Send officers to ``incident``: grade 1 by a new assessment of ``by``, and a Dispatch.

    Anyone may. Exactly one of ``told`` (how the caller was told: "call", "in_person", "chat") and
    ``not_told_because`` is given. ``where`` and ``safety_note`` are the incident's own unless said;
    ``narrative`` are the words as they stand now, where they are more than was kept.
    An appointment ahead ends with the assessment; a closed incident is opened again.

    While officers are asked for and not there, a second call adds its reason to the standing
    Dispatch and gives that one. The same ``idempotency_key`` gives the Dispatch it made while that
    one stands. Raises ReasonMissing and telling.NotSaid. Sends ``assessed``, then
    ``officers_sent``.
    """
    telling.check(told, not_told_because)
    reason = reason.strip()
    if not reason:
        raise ReasonMissing("Say why officers are needed now")
    incident = Incident.objects.select_for_update(of=("self",)).get(pk=incident.pk)
    key = idempotency_key or uuid.uuid4()
    if (made := Dispatch.objects.filter(idempotency_key=key).first()) is not None:
        twice = made.state != State.STOOD_DOWN and at - made.asked_at < SENT_TWICE
        if made.incident_id == incident.pk and (made.is_waiting or twice):
            return made
        # A page that was gone back to: what it asked for is over, and officers are wanted now.
        key = uuid.uuid4()
    if incident.status == Incident.Status.CLOSED:
        closing.reopen(incident, because="officers sent", by=by, at=at)
        incident.refresh_from_db()

    standing = standing_of(incident)
    is_news = narrative.strip() not in ("", incident.narrative.strip(), _words(incident))
    if standing is None or is_news or incident.grade != Grade.IMMEDIATE:
        assessment = _grade_at_once(incident, reason, narrative, by, at)
        incident.refresh_from_db()
    if standing is None:
        dispatch = _ask(incident, assessment, reason, came_from, where, safety_note, key, by, at)
    elif _said_just_now(standing, reason, by, at):
        return standing
    else:
        dispatch = standing
        step = DispatchStep.objects.create(
            dispatch=dispatch, state=State.ASKED, is_again=True, note=reason, at=at, by=by
        )
        ledger.record("officers.asked_again", by=by, about=incident, at=at, step=str(step.pk))
    telling.record(
        incident,
        what=News.OFFICERS,
        how=told,
        because=not_told_because,
        by=by,
        at=at,
        also=(News.GRADE, News.ATTENDANCE),
    )
    if standing is None:
        signals.officers_sent.send(
            sender=Incident, incident=incident, dispatch=dispatch, by=by, at=at
        )
    return dispatch


@transaction.atomic
def send_from_report(report, *, force, draft_id, reason, by, at, **more) -> Dispatch:
    """Record a ``report`` (intake.NewReport) that is still being typed, and send officers to it.

    ``more`` as ``send_now`` takes it. The incident's first assessment is grade 1 by ``by``. A draft
    that was recorded meanwhile keeps its incident. Raises as ``send_now`` and ``intake.record``.
    """
    if not reason.strip():
        raise ReasonMissing("Say why officers are needed now")
    incident = intake.record(
        report,
        force=force,
        decision=assessing.Decision(Grade.IMMEDIATE, reason=reason),
        by=by,
        at=at,
        draft_id=draft_id,
    )
    return send_now(
        incident, reason=reason, by=by, at=at, came_from=Dispatch.CameFrom.REPORT, **more
    )


@transaction.atomic
def step(dispatch, *, state: str, note: str = "", by, at) -> DispatchStep:
    """Bring ``dispatch`` to ``state``: "acknowledged", "arrived" or "stood_down".

    ``by`` is None when command and control says so itself. Told twice, the step that stands comes
    back. Standing down needs a ``note`` (ReasonMissing), and the caller is owed to be told. Raises
    NotThere. Sends ``dispatch_moved``.
    """
    state = State(state)
    incident = Incident.objects.select_for_update(of=("self",)).get(pk=dispatch.incident_id)
    made = dispatch.steps.filter(state=state, is_again=False).first()
    if made is not None:
        return made
    stands = dispatch.state
    if state not in Dispatch.TRANSITIONS[stands]:
        raise NotThere(dispatch, stands)
    if state == State.STOOD_DOWN and not note.strip():
        raise ReasonMissing("Say why they were stood down")
    made = DispatchStep.objects.create(
        dispatch=dispatch, state=state, note=note.strip(), at=at, by=by
    )
    ledger.record(
        "officers.moved", by=by, about=incident, at=at, dispatch=str(dispatch.pk), state=str(state)
    )
    if state == State.STOOD_DOWN:
        telling.owe(incident, what=News.ATTENDANCE, because="officers stood down", at=at)
    signals.dispatch_moved.send(sender=Dispatch, dispatch=dispatch, step=made, by=by, at=at)
    return made


def standing_of(incident) -> Dispatch | None:
    """The Dispatch of ``incident`` whose officers are asked for and not there yet, or None."""
    last = incident.dispatches.prefetch_related("steps").order_by("-number").first()
    return last if last is not None and last.is_waiting else None


@dataclass(frozen=True)
class Row:
    """One dispatch as command and control takes it. Times are aware; None where not yet."""

    id: str
    incident: str
    number: int
    state: str
    grade: int
    asked_at: datetime
    acknowledged_at: datetime | None
    arrived_at: datetime | None
    stood_down_at: datetime | None
    due_at: datetime
    where: str
    reason: str
    safety_note: str
    flags: tuple
    person: str
    number_to_ring: str
    asked_by: str


def export(force, since, *, until=None) -> list[Row]:
    """The dispatches of ``force`` asked for since ``since`` (and before ``until``), oldest first.

    Holds personal data: for command and control, and for whoever may export.
    """
    asked = Dispatch.objects.filter(force=force, asked_at__gte=since)
    if until is not None:
        asked = asked.filter(asked_at__lt=until)
    return rows(asked.order_by("asked_at", "id"))


def rows(dispatches) -> list[Row]:
    """The Dispatches of a queryset, in its order, as command and control takes them."""
    people = Prefetch(
        "incident__participants",
        Participant.objects.select_related("contact").order_by("pk"),
        to_attr="people",
    )
    dispatches = dispatches.select_related("incident", "assessment", "asked_by").prefetch_related(
        "steps", people
    )
    return [_row(dispatch) for dispatch in dispatches]


def _row(dispatch):
    when = {one.state: one.at for one in dispatch.steps.all() if not one.is_again}
    by_role = {one.role: one.contact for one in dispatch.incident.people}
    person = by_role.get(Participant.Role.VICTIM) or by_role.get(Participant.Role.CALLER)
    return Row(
        id=str(dispatch.pk),
        incident=dispatch.incident.reference,
        number=dispatch.number,
        state=str(dispatch.state),
        grade=dispatch.incident.grade,
        asked_at=dispatch.asked_at,
        acknowledged_at=when.get(State.ACKNOWLEDGED),
        arrived_at=when.get(State.ARRIVED),
        stood_down_at=when.get(State.STOOD_DOWN),
        due_at=dispatch.incident.due_at,
        where=dispatch.where,
        reason=dispatch.reason,
        safety_note=dispatch.safety_note,
        flags=tuple(dispatch.assessment.flags),
        person=person.name if person else "",
        number_to_ring=person.phone if person else "",
        asked_by=str(dispatch.asked_by),
    )


def _said_just_now(dispatch, reason, by, at):
    """Whether the same person gave the same reason within a minute: the form came twice."""
    last = dispatch.steps.filter(is_again=True).order_by("-at", "-id").first()
    return (
        last is not None
        and (last.note, last.by_id) == (reason, by.pk)
        and (at - last.at).total_seconds() < 60
    )


def _grade_at_once(incident, reason, narrative, by, at):
    current = incident.current_assessment
    fresh = current and current.decided_at == at and current.decided_by_id == by.pk
    if fresh and current.decided_grade == Grade.IMMEDIATE:
        return current  # the report was recorded for this, a moment ago
    answers = dict(current.answers) if current else {}
    history = answers.pop("history", None)
    words = narrative.strip() or _words(incident)
    return assessing.assess(
        incident,
        known=assessing.Known(incident.channel, words, answers, history),
        decision=assessing.Decision(Grade.IMMEDIATE, reason=reason),
        by=by,
        at=at,
    )


def _words(incident):
    current = incident.current_assessment
    return (current.narrative if current else incident.narrative).strip()


def _ask(incident, assessment, reason, came_from, where, safety_note, key, by, at):
    last = incident.dispatches.order_by("-number").first()
    dispatch = Dispatch.objects.create(
        incident=incident,
        force_id=incident.force_id,
        number=last.number + 1 if last else 1,
        assessment=assessment,
        reason=reason,
        where=incident.location if where is None else where.strip(),
        safety_note=incident.safety_note if safety_note is None else safety_note.strip(),
        came_from=Dispatch.CameFrom(came_from),
        idempotency_key=key,
        asked_at=at,
        asked_by=by,
    )
    DispatchStep.objects.create(dispatch=dispatch, state=State.ASKED, at=at, by=by)
    ledger.record(
        "officers.sent",
        by=by,
        about=incident,
        at=at,
        dispatch=str(dispatch.pk),
        came_from=str(dispatch.came_from),
    )
    return dispatch
