"""What system checks found at earlier incidents, for whoever takes the next report."""

from triage.control.models import SystemCheck
from victimcontact.lib.prepared import Prepared


def firearms(incidents) -> dict:
    """{incident key: "firearms"} where the last look for firearms found some."""
    last = _looked(incidents=list(incidents))
    return {incident: "firearms" for incident, result in last if result == SystemCheck.Result.FOUND}


@Prepared
def _looked(incidents):
    return (
        SystemCheck.objects.filter(incident__any=incidents, kind="firearms")
        .exclude(result=SystemCheck.Result.NOT_DONE)
        .order_by("incident", "-checked_at", "-id")
        .distinct("incident")
        .values_list("incident", "result")
    )
