"""What the control room shows on an incident's page."""

from triage.control import advice, checks, library, safeguarding, sending, telling
from triage.models import Incident
from victimcontact.accounts.permissions import can


def top_context(incident, user, at):
    """What cannot wait: officers on the way, news that nobody told, an incident that is closed."""
    latest = (
        incident.dispatches.select_related("asked_by")
        .prefetch_related("steps__by")
        .order_by("-number")
        .first()
    )
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
        "guarded": list(safeguarding.standing(incident)),
        "told_rows": list(
            incident.told.select_related("told_by", "notification").order_by("-told_at", "-id")
        ),
        "earlier_officers": [
            sending.line(one, at)
            for one in incident.dispatches.select_related("asked_by")
            .prefetch_related("steps__by")
            .order_by("-number")[1:]
        ],
        "earlier_ends": list(
            incident.closures.filter(reopening__isnull=False)
            .select_related("closed_by", "reopening__reopened_by")
            .order_by("-closed_at")
        ),
        "is_open": incident.status == Incident.Status.OPEN,
    }
