"""What the control room shows on an incident's page."""

from triage.control import advice, checks, library, safeguarding, sending, telling
from triage.control.models import CallerTold, Closure, Dispatch, Safeguarding
from triage.models import Incident
from victimcontact.accounts.permissions import can
from victimcontact.lib.prepared import Prepared


def top_context(incident, user, at):
    """What cannot wait: officers on the way, news that nobody told, an incident that is closed."""
    latest = next(iter(_dispatches(incident)), None)
    closure = None
    if incident.status == Incident.Status.CLOSED:
        closure = incident.closures.select_related("closed_by", "told").last()
    owed = telling.owed_for(incident, at=at)
    if not (latest or closure or owed):
        return None
    return {
        "officers": sending.line(latest, at) if latest else None,
        "closure": closure,
        "outcome": library.label(library.outcomes(), closure.outcome) if closure else "",
        "owed": owed,
    }


def incident_context(incident, user, at):
    """Checks, advice, safeguarding and what was told."""
    if not can(user, "incident.view"):
        return None
    standing = checks.standing(incident)
    advised = advice.standing(incident)
    return {
        "checks_done": [one for one in standing if one.last],
        "checks_missing": [one.kind for one in standing if one.is_missing],
        "advice_given": [one for one in advised if one.given],
        "advice_missing": [one.piece for one in advised if one.is_missing],
        "guarded": _read(_guarded, Safeguarding, incident),
        "told_rows": _read(_told, CallerTold, incident),
        "earlier_officers": [sending.line(one, at) for one in _dispatches(incident)[1:]],
        "earlier_ends": _read(_earlier_ends, Closure, incident),
        "is_open": incident.status == Incident.Status.OPEN,
    }


def _dispatches(incident):
    """Officers sent, the latest first: read once, whichever part of the page shows them."""
    if not hasattr(incident, "officers_sent"):
        incident.officers_sent = _read(_sent, Dispatch, incident)
        for dispatch in incident.officers_sent:
            dispatch.incident = incident
    return incident.officers_sent


def _read(read, model, incident):
    return read(incident=incident.pk) if incident.may_have(model) else []


@Prepared
def _sent(incident):
    found = Dispatch.objects.filter(incident=incident).select_related("asked_by")
    return found.prefetch_related("steps__by").order_by("-number")


@Prepared
def _told(incident):
    found = CallerTold.objects.filter(incident=incident).select_related("told_by", "notification")
    return found.order_by("-told_at", "-id")


@Prepared
def _guarded(incident):
    return safeguarding.standing_of(incident)


@Prepared
def _earlier_ends(incident):
    found = Closure.objects.filter(incident=incident, reopening__isnull=False)
    return found.select_related("closed_by", "reopening__reopened_by").order_by("-closed_at")
