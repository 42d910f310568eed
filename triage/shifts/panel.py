"""Whose the incident is, on its own page."""

from triage.models import Incident
from triage.shifts import duty
from triage.shifts.models import Handover, Pin
from victimcontact.accounts.permissions import can
from victimcontact.lib.prepared import Prepared


def incident_context(incident, user, at) -> dict | None:
    """The owner, what may be done about it, and the last note that was handed on with it."""
    if not (can(user, "incident.own") or can(user, "incident.assign")):
        return None
    owner = incident.owner
    return {
        "owner": owner,
        "owner_is_away": owner is not None
        and duty.said(getattr(owner, "duty", None), at) == duty.AWAY,
        "is_open": incident.status == Incident.Status.OPEN,
        "may_take": can(user, "incident.own") and owner != user,
        "may_act": can(user, "board.view"),
        "handover": _first(_handover, Handover, incident),
        "pin": _first(_pin, Pin, incident),
    }


def _first(read, model, incident):
    return next(iter(read(incident=incident.pk)), None) if incident.may_have(model) else None


@Prepared
def _handover(incident):
    given = Handover.objects.filter(incidents=incident)
    return given.select_related("handed_by", "handed_to", "acknowledged_by").order_by("-handed_at")[
        :1
    ]


@Prepared
def _pin(incident):
    return Pin.objects.select_related("pinned_by").filter(incident=incident)
