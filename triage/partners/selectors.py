"""Reads for the pages of partners."""

from dataclasses import dataclass

from triage import selectors as triage
from triage.partners.models import PartnerAgency, Referral
from victimcontact.lib import local_time
from victimcontact.lib.prepared import Prepared

MISSING = "missing_person"
SOON = 60  # minutes before it is due in which a referral is shown as near


def agencies_for(force):
    """The agencies of ``force`` that somebody may be referred to."""
    return PartnerAgency.objects.filter(force=force, is_active=True).order_by("kind", "name")


def agencies_seen_by(user):
    """Every agency of this person's forces, those no longer used too."""
    return PartnerAgency.objects.filter(force__in=user.forces.all()).order_by("name", "id")


def referrals_for(user):
    """The referrals of the forces that ``user`` serves."""
    return Referral.objects.filter(force__in=user.forces.all()).select_related(
        "force", "agency", "incident__force", "made_by"
    )


def listed(user, *, stands: str, agency: str, at):
    """Referrals for the list: "open", "overdue", "settled" or "all"; the open by when due."""
    found = referrals_for(user)
    if agency:
        found = found.filter(agency=agency)
    if stands == "overdue":
        found = found.filter(settled_at=None, due_at__lt=at)
    elif stands == "open":
        found = found.filter(settled_at=None)
    elif stands == "settled":
        found = found.filter(settled_at__isnull=False)
    if stands in ("open", "overdue"):
        return found.order_by("due_at", "id")
    return found.order_by("-made_at", "-id")


def overdue_count(user, *, at) -> int:
    """How many referrals wait past their time in this person's forces."""
    return _overdue.count(user=user.pk, at=at)


@Prepared
def _overdue(user, at):
    return Referral.objects.filter(force__staff=user, settled_at=None, due_at__lt=at).values("pk")


@dataclass(frozen=True)
class Row:
    """A referral as people read it."""

    referral: Referral
    awaits: str  # "receipt", "answer" or nothing
    due: object  # triage.selectors.Clock, or None once settled
    made: str


def row(referral, at) -> Row:
    awaits = {Referral.Status.MADE: "receipt", Referral.Status.RECEIVED: "answer"}
    due = triage.clock(referral.due_at, at=at, warn_minutes=SOON) if referral.due_at else None
    return Row(
        referral=referral,
        awaits=awaits.get(referral.status, ""),
        due=due,
        made=local_time.staff_time(referral.made_at),
    )


def missing_now(user):
    """Open incidents of somebody missing, most urgent first. Each has ``flags``."""
    return triage.open_queue(user).filter(flags__contains=[MISSING])


def latest_referrals(incidents) -> dict:
    """{incident's key: its Referrals, latest first}, in one query."""
    found = {incident.pk: [] for incident in incidents}
    rows = Referral.objects.filter(incident__in=found).select_related("agency")
    for referral in rows.order_by("-made_at", "-id"):
        found[referral.incident_id].append(referral)
    return found
