"""What other systems said of an incident, on its page."""

from triage.api.models import Sent, Update


def incident_context(incident, user, at) -> dict | None:
    """Who sent it under which reference, and their news, latest first; None where nobody did."""
    sent = Sent.objects.filter(incident=incident).select_related("client").first()
    updates = list(
        Update.objects.filter(incident=incident).select_related("client").order_by("-received_at")
    )
    return {"sent": sent, "updates": updates} if sent or updates else None
