"""What referrals tell of earlier incidents, for whoever takes the next report."""

from triage.partners.models import AgencyKind, Referral


def high_risk(incidents) -> dict:
    """{incident key: "high_risk"} of what was referred to a MARAC, and not withdrawn.

    Source: a MARAC hears the cases that a domestic abuse risk assessment found at high risk.
    """
    referred = Referral.objects.filter(
        incident__in=incidents, agency__kind=AgencyKind.MARAC
    ).exclude(status=Referral.Status.WITHDRAWN)
    return dict.fromkeys(referred.values_list("incident", flat=True), "high_risk")
