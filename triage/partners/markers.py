"""What referrals tell of earlier incidents, for whoever takes the next report."""

from triage.partners.models import AgencyKind, Referral
from victimcontact.lib.prepared import Prepared


def high_risk(incidents) -> dict:
    """{incident key: "high_risk"} of what was referred to a MARAC, and not withdrawn.

    Source: a MARAC hears the cases that a domestic abuse risk assessment found at high risk.
    """
    return {incident: "high_risk" for (incident,) in _referred(incidents=list(incidents))}


@Prepared
def _referred(incidents):
    return (
        Referral.objects.filter(incident__any=incidents, agency__kind=AgencyKind.MARAC)
        .exclude(status=Referral.Status.WITHDRAWN)
        .values_list("incident")
    )
