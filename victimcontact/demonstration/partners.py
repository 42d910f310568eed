"""Partner agencies of the demonstration force, and what it referred to them."""

import uuid
from datetime import timedelta

from triage.partners import jobs, referring, steps
from triage.partners.models import PartnerAgency
from victimcontact.accounts.roles import Role
from victimcontact.demonstration import staff

# Kind, name, telephone (of the range kept for drama), what else to know.
AGENCIES = [
    ("adult_social_care", "Northmoor Adults' Front Door", "020 7946 0110", "Every day, 8 to 20."),
    ("children_social_care", "Northmoor Children's Hub", "020 7946 0120", "At all hours."),
    ("nrm_first_responder", "Northmoor Anti-Slavery Desk", "020 7946 0130", ""),
    ("housing", "Northmoor Homes", "020 7946 0140", "Monday to Friday, 9 to 17."),
    ("mental_health_crisis", "Moorside Crisis Team", "020 7946 0150", "At all hours."),
    ("domestic_abuse_service", "Safe Harbour", "020 7946 0160", "Ask for the duty adviser."),
    ("community_safety", "Northmoor Safer Together", "020 7946 0170", ""),
    ("missing_people", "Missing People's Desk", "020 7946 0180", "At all hours."),
    ("fire_service", "Northmoor Fire Control", "020 7946 0190", ""),
    ("ambulance", "Moor and Vale Ambulance", "020 7946 0199", ""),
]
# Case of demonstration_cases.toml, card, kind of agency, what was asked, minutes ago, answer.
REFERRED = [
    (
        "cuckooed_flat",
        "cuckooing",
        "adult_social_care",
        "Men have taken over the home of an adult at risk. Please see them away from the flat.",
        120,
        "",
    ),
    (
        "hate_crime_on_the_bus",
        "",
        "mental_health_crisis",
        "Has not slept since and asks for help. Please ring within the safe hours.",
        650,
        "",
    ),
    (
        "nuisance_at_the_precinct",
        "repeat_caller",
        "community_safety",
        "The third report in weeks of the same group. Please put it before the partnership.",
        240,
        "The street wardens go there from tonight; the youth worker is asked as well.",
    ),
]


def build(force, incidents, *, at) -> int:
    """Set up the agencies and refer some ``incidents`` ({case: Incident}); how many were."""
    handler = staff.one_click(force, Role.CALL_HANDLER)
    agencies = {
        kind: PartnerAgency.objects.create(
            force=force,
            kind=kind,
            name=name,
            telephone=telephone,
            notes=notes,
            portal="https://referrals.northmoor.example/" if kind == "children_social_care" else "",
        )
        for kind, name, telephone, notes in AGENCIES
    }
    for case, card, kind, asked, minutes_ago, answer in REFERRED:
        incident, then = incidents[case], at - timedelta(minutes=minutes_ago)
        referral = referring.make(
            incident,
            agency=agencies[kind],
            asked=asked,
            way="telephone",
            consent="given",
            card=card,
            key=uuid.uuid4(),
            by=handler,
            at=then,
        )
        if answer:
            referring.move(referral.pk, to="answered", note=answer, seen="made", by=handler, at=at)
    flat = {"incident": incidents["cuckooed_flat"], "card": "cuckooing", "by": handler, "at": at}
    steps.take(**flat, step="inside", is_done=True)
    steps.take(**flat, step="meet", is_done=False, because="They never leave the flat")
    jobs.count_repeats(at)
    return len(REFERRED)
