"""The rights of a case: started by what happens, met with a proof, never met by silence.

An update that was published but not opened counts as shown, not as told: the clock runs on until
the victim opens the portal or a person tells them.
Source: Victims' Code 2020; what counts as told is the house's own, stricter reading.
"""

from django.db import transaction

from portal import rights
from portal.models import Case, Entitlement
from victimcontact.audit import ledger

# What the portal's first page itself gives: crime number, officer, rights, support, compensation.
GIVEN_BY_THE_PORTAL = ("VC3-ACK", "VC3-INFO")
RECORDED = "VC2-REC"
NEEDS_ASSESSED = "VC4-NEEDS"


class NoProof(ValueError):
    """A right is met with something that proves it, or it is not met."""


@transaction.atomic
def start(case, trigger, *, happened_at, by, at) -> list[Entitlement]:
    """Start the clocks that ``trigger`` starts, from when it happened.

    Told twice of one event, they start once. Returns the entitlements.
    """
    started = []
    for owed in rights.current().owed(trigger, at=happened_at, is_enhanced=case.is_enhanced):
        entitlement, is_new = Entitlement.objects.get_or_create(
            case=case,
            right=owed.right,
            triggered_at=owed.triggered_at,
            defaults={
                "code_version": owed.code_version,
                "is_enhanced": owed.is_enhanced,
                "due_at": owed.due_at,
            },
        )
        started.append(entitlement)
        if is_new:
            ledger.record("entitlement.started", by=by, about=entitlement, at=at, right=owed.right)
    return started


@transaction.atomic
def meet(entitlement, *, proof, by, at, met_at=None) -> Entitlement:
    """Record that a right was given. ``proof`` is the row that shows it (an event, a visit).

    ``met_at`` is when it was given, if not now. Met before, it stays as it was. Raises NoProof.
    """
    if proof is None or proof.pk is None:
        raise NoProof("Say what shows that it was given")
    entitlement = _locked(entitlement)
    if entitlement.met_at is not None:
        return entitlement
    entitlement.met_at = met_at or at
    entitlement.met_by = by if _is_staff(by) else None
    entitlement.proof_type, entitlement.proof_id = proof._meta.label_lower, str(proof.pk)
    entitlement.not_met_reason = ""
    entitlement.save(update_fields=["met_at", "met_by", "proof_type", "proof_id", "not_met_reason"])
    ledger.record(
        "entitlement.met",
        by=by,
        about=entitlement,
        at=at,
        right=entitlement.right,
        proof=entitlement.proof_type,
    )
    return entitlement


@transaction.atomic
def show(entitlements, *, event) -> None:
    """Note that ``event`` in the portal says what these rights ask for. Opening it meets them."""
    Entitlement.objects.filter(pk__in=[one.pk for one in entitlements], met_at=None).update(
        proof_type=event._meta.label_lower, proof_id=str(event.pk)
    )


@transaction.atomic
def opened(case, *, visit, at) -> int:
    """The victim opened the portal: what it shows has been given. Returns how many rights."""
    given = [
        one
        for one in case.entitlements.filter(met_at=None)
        if one.right in GIVEN_BY_THE_PORTAL or one.proof_type
    ]
    for one in given:
        meet(one, proof=visit, by=visit, at=at)
    return len(given)


@transaction.atomic
def cannot_be_given(entitlement, *, reason: str, by, at) -> Entitlement:
    """Record why a right cannot be given (unsafe, asked not to be told). It stays owed.

    Source: Victims' Code, right 6: where telling is not possible the reason is kept.
    """
    entitlement = _locked(entitlement)
    entitlement.not_met_reason = reason[:200]
    entitlement.save(update_fields=["not_met_reason"])
    ledger.record(
        "entitlement.cannot_be_given", by=by, about=entitlement, at=at, right=entitlement.right
    )
    return entitlement


@transaction.atomic
def assess_needs(case, *, is_enhanced: bool, reason: str, event, by, at) -> Case:
    """Record the needs assessment: whether the enhanced limits apply, and why.

    ``event`` is the case event that holds it: the proof that needs were asked about. What is still
    owed gets the limit that now applies; the ledger keeps the one before.
    """
    case = Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
    case.is_enhanced, case.enhanced_reason = is_enhanced, reason[:60]
    case.save(update_fields=["is_enhanced", "enhanced_reason"])
    code = rights.current()
    for one in case.entitlements.filter(met_at=None).exclude(is_enhanced=is_enhanced):
        before = one.due_at
        one.is_enhanced = is_enhanced
        one.due_at = code.due(one.right, one.triggered_at, is_enhanced)
        one.save(update_fields=["is_enhanced", "due_at"])
        ledger.record(
            "entitlement.recounted",
            by=by,
            about=one,
            at=at,
            right=one.right,
            due_before=before and before.isoformat(),
        )
    for one in case.entitlements.filter(met_at=None, right=NEEDS_ASSESSED):
        meet(one, proof=event, by=by, at=at)
    ledger.record("case.needs_assessed", by=by, about=case, at=at, is_enhanced=is_enhanced)
    return case


def _locked(entitlement):
    return Entitlement.objects.select_for_update(of=("self",)).get(pk=entitlement.pk)


def _is_staff(by):
    return by is not None and by._meta.label_lower == "accounts.user"
