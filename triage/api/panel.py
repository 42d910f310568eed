"""What other systems said of an incident, on its page."""

from triage.api.models import Sent, Update
from victimcontact.lib.prepared import Prepared


def incident_context(incident, user, at) -> dict | None:
    """Who sent it under which reference, and their news, latest first; None where nobody did."""
    if not incident.may_have(Sent, Update):
        return None
    sent = next(iter(_sent(incident=incident.pk)), None)
    updates = _updates(incident=incident.pk)
    return {"sent": sent, "updates": updates} if sent or updates else None


@Prepared
def _sent(incident):
    return Sent.objects.filter(incident=incident).select_related("client")


@Prepared
def _updates(incident):
    found = Update.objects.filter(incident=incident).select_related("client")
    return found.order_by("-received_at")
