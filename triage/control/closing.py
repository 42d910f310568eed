"""Close an incident, with an outcome and a reason, and open it again when something comes in."""

from datetime import timedelta

from django.db import transaction

from triage import signals
from triage.control import library, telling
from triage.control.models import Closure, Dispatch, DispatchStep, News, Reopening
from triage.models import Crime, Grade, Incident, Response, Review
from victimcontact.accounts.permissions import can
from victimcontact.audit import ledger

# What a victim texts this long after the end is still about it. Later it is for whoever reads it.
REOPENS_WITHIN = timedelta(days=28)


class ReasonMissing(ValueError):
    """Closed without saying why."""


class StandsOpen(Exception):
    """Something of the incident is not finished: ``what`` holds a sentence for each."""

    def __init__(self, what):
        self.what = list(what)
        super().__init__(" ".join(self.what))


class AlreadyClosed(Exception):
    """Somebody closed it already: ``closure``."""

    def __init__(self, closure):
        self.closure = closure
        super().__init__("This incident is closed.")


def stands_open(incident, *, by, at, outcome: str = "") -> list[str]:
    """What stands against ``by`` closing ``incident``: sentences for people.

    Without an ``outcome`` only what stands against any.
    """
    found = []
    if incident.grade <= Grade.PRIORITY and not can(by, "grade.lower") and not _was_met(incident):
        # To close it unseen is to lower it.
        found.append(
            f"It is grade {incident.grade} and nobody has been with them:"
            " a team leader or supervisor closes it."
        )
    if not incident.is_seen:
        found.append("Only the engine has graded it: assess it first.")
    for dispatch in incident.dispatches.prefetch_related("steps"):
        if dispatch.is_waiting:
            found.append("Officers are on the way: wait until they arrive, or stand them down.")
    for _, answer in signals.closing.send(
        sender=Incident, incident=incident, outcome=outcome, at=at
    ):
        found += [answer] if isinstance(answer, str) else answer or []
    if not outcome:
        return found
    chosen = library.outcomes()[outcome]
    if chosen.needs_crime and not Crime.objects.filter(incident=incident).exists():
        found.append("No crime is recorded yet.")
    if not found and _choice_waits(incident, chosen):
        how = Response(incident.response).label.lower()
        found.append(
            f"They chose to be seen ({how}) and nothing says that it happened. Read the choice"
            " again, or close with an outcome that says they were seen or do not want it."
        )
    return found


def _choice_waits(incident, outcome):
    if incident.response in ("", Response.NONE) or incident.response in outcome.settles:
        return False
    return not _was_met(incident)


def _was_met(incident):
    """Whether an officer has been with the victim, there or by video."""
    if DispatchStep.objects.filter(
        dispatch__incident=incident, state=Dispatch.State.ARRIVED
    ).exists():
        return True
    return any(seen for _, seen in signals.met.send(sender=Incident, incident=incident))


@transaction.atomic
def close(
    incident, *, outcome: str, reason: str, told: str = "", not_told_because: str = "", by, at
) -> Closure:
    """Close ``incident`` with an ``outcome`` of ``library.outcomes``; its review is done by this.

    Exactly one of ``told`` (how: "call", "in_person", "chat") and ``not_told_because`` is given; it
    settles whatever else was still to be told. Raises AlreadyClosed, StandsOpen, ReasonMissing,
    telling.NotSaid and KeyError for an unknown outcome. Sends ``closed``.
    """
    telling.check(told, not_told_because)
    if not reason.strip():
        raise ReasonMissing("Say why it is closed")
    library.outcomes()[outcome]
    incident = Incident.objects.select_for_update(of=("self",)).get(pk=incident.pk)
    if incident.status == Incident.Status.CLOSED:
        raise AlreadyClosed(incident.closures.order_by("-closed_at", "-id").first())
    if found := stands_open(incident, by=by, outcome=outcome, at=at):
        raise StandsOpen(found)
    entry = telling.record(
        incident,
        what=News.CLOSED,
        how=told,
        because=not_told_because,
        by=by,
        at=at,
        also=[one for one in News if one != News.CLOSED],
    )
    closure = Closure.objects.create(
        incident=incident,
        outcome=outcome,
        reason=reason.strip(),
        told=entry,
        closed_at=at,
        closed_by=by,
    )
    incident.status = Incident.Status.CLOSED
    incident.closed_at, incident.closed_by = at, by
    incident.save(update_fields=["status", "closed_at", "closed_by"])
    incident.reviews.filter(done_at=None).update(done_at=at)
    ledger.record(
        "incident.closed",
        by=by,
        about=incident,
        at=at,
        outcome=outcome,
        closure=str(closure.pk),
        grade=incident.grade,
    )
    signals.closed.send(sender=Incident, incident=incident, by=by, at=at)
    return closure


@transaction.atomic
def reopen(
    incident, *, because: str, note: str = "", by, at, is_assessed: bool = False
) -> Incident:
    """Open a closed ``incident`` again: something came in. Its review is due at once.

    ``because`` is a word or two without personal data ("text received"); ``note`` is a person's own
    words. The target of its grade runs from now; where it was just assessed (``is_assessed``) its
    clocks are set already. An open incident comes back unchanged. Sends ``reopened``.
    """
    incident = (
        Incident.objects.select_for_update(of=("self",)).select_related("force").get(pk=incident.pk)
    )
    if incident.status == Incident.Status.OPEN:
        return incident
    closure = incident.closures.filter(reopening=None).order_by("-closed_at", "-id").first()
    if closure is not None:
        Reopening.objects.create(
            closure=closure,
            because=because[:40],
            note=note.strip(),
            reopened_at=at,
            reopened_by=by,
        )
    incident.status = Incident.Status.OPEN
    incident.closed_at = incident.closed_by = None
    fields = ["status", "closed_at", "closed_by"]
    if incident.grade is not None and not is_assessed:
        target = timedelta(minutes=incident.force.target_minutes(incident.grade))
        incident.due_at, incident.review_due_at = at + target, at
        fields += ["due_at", "review_due_at"]
        Review.objects.create(incident=incident, due_at=at, because=because[:40])
    incident.save(update_fields=fields)
    ledger.record("incident.reopened", by=by, about=incident, at=at, because=because[:40])
    signals.reopened.send(sender=Incident, incident=incident, because=because, by=by, at=at)
    return incident


def reopen_for(contact, *, because: str, at) -> Incident | None:
    """Open again what was closed last of ``contact``, because they wrote. None where nothing was.

    Only where they have no open incident, which is where their words are looked at otherwise, and
    within ``REOPENS_WITHIN`` of its end.
    """
    theirs = Incident.objects.filter(participants__contact=contact)
    if theirs.filter(status=Incident.Status.OPEN).exists():
        return None
    last = (
        theirs.filter(status=Incident.Status.CLOSED, closed_at__gt=at - REOPENS_WITHIN)
        .order_by("-closed_at", "-id")
        .first()
    )
    return reopen(last, because=because, by=None, at=at) if last else None
