"""Urgency: the most critical within a day, others over the next few. A force sets its own."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from appointments.rosters.models import UrgencyBand

OTHERS_WITHIN_HOURS = 5 * 24
# Where a force has set no bands: critical, so within Force.urgent_within_hours.
CRITICAL_FLAGS = frozenset(
    {
        "domestic_abuse",
        "coercive_control",
        "non_fatal_strangulation",
        "stalking",
        "honour_based_abuse",
        "child_sexual_exploitation",
        "child_at_risk",
        "sexual_offence",
        "threats_to_kill",
        "court_order_breach",
        "evidence_perishable",
        "suicide_risk",
        "modern_slavery",
    }
)
CRITICAL_GRADE = 2


@dataclass(frozen=True)
class Band:
    """How soon an incident's victim is seen: from so many hours on, within so many."""

    name: str
    within_hours: int
    from_hours: int = 0

    @property
    def is_critical(self) -> bool:
        """Whether they are to be seen within a day: then the night is offered, too."""
        return self.within_hours <= 24

    def window(self, at: datetime) -> tuple[datetime, datetime]:
        return at + timedelta(hours=self.from_hours), at + timedelta(hours=self.within_hours)


def band_for(incident) -> Band:
    """The first band of the force that the incident's grade and flags fit, else the house's own.

    A force that has bands and fits none of them to an incident gets its last one: nobody waits
    without an end.
    """
    assessment = incident.current_assessment
    flags = set(assessment.flags) if assessment else set()
    bands = list(UrgencyBand.objects.filter(force=incident.force).order_by("order"))
    for band in bands:
        if band.grades and incident.grade not in band.grades:
            continue
        if band.flags and not flags & set(band.flags):
            continue
        return Band(band.name, band.within_hours, band.from_hours)
    if bands:
        return Band(bands[-1].name, bands[-1].within_hours, bands[-1].from_hours)
    if flags & CRITICAL_FLAGS or (incident.grade or 0) in range(1, CRITICAL_GRADE + 1):
        return Band("Critical", incident.force.urgent_within_hours)
    return Band("Next few days", OTHERS_WITHIN_HOURS)
