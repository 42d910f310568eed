"""What to do about each risk: remove, avoid, reduce or accept it, with what exactly and why."""

from django.db import transaction

from triage.control.models import Safeguarding
from triage.models import Incident
from victimcontact.audit import ledger


class NotSaid(ValueError):
    """A decision without its risk, without what is to be done, or without the reason."""


class Overtaken(Exception):
    """Somebody else decided about this risk meanwhile: ``decision``."""

    def __init__(self, decision):
        self.decision = decision
        super().__init__("Somebody else decided about this risk meanwhile.")


@transaction.atomic
def decide(
    incident, *, choice: str, risk: str, what: str, why: str, by, at, instead_of=None
) -> Safeguarding:
    """Keep a decision about one ``risk``; ``choice`` is a Safeguarding.Choice.

    ``what`` says who does what by when (for "accept": what is accepted), ``why`` the reason.
    ``instead_of`` is the key of the standing decision that this one replaces. Raises NotSaid and
    Overtaken.
    """
    risk, what, why = risk.strip(), what.strip(), why.strip()
    if not (risk and what and why):
        raise NotSaid("Say which risk it is, what is done about it, and why")
    incident = Incident.objects.select_for_update(no_key=True, of=("self",)).get(pk=incident.pk)
    before = None
    if instead_of is not None:
        before = incident.safeguarding.get(pk=instead_of)
        later = Safeguarding.objects.filter(supersedes=before).first()
        if later is not None:
            raise Overtaken(later)
    last = incident.safeguarding.order_by("-number").first()
    decision = Safeguarding.objects.create(
        incident=incident,
        number=last.number + 1 if last else 1,
        supersedes=before,
        risk=risk,
        choice=Safeguarding.Choice(choice),
        what=what,
        why=why,
        decided_at=at,
        decided_by=by,
    )
    ledger.record(
        "safeguarding.decided",
        by=by,
        about=incident,
        at=at,
        choice=str(decision.choice),
        number=decision.number,
        instead_of=before.number if before else None,
    )
    return decision


def standing(incident):
    """The decisions that no later one supersedes, in their order. A queryset of Safeguarding."""
    return standing_of(incident.pk)


def standing_of(incident_id):
    """``standing`` by the incident's key."""
    found = Safeguarding.objects.filter(incident=incident_id, superseded_by=None)
    return found.select_related("decided_by")
