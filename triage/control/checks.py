"""System checks: what was looked up before deciding, what was found, and what nobody looked up.

Source: inspectors' finding that checks were inconsistent or not done, and not written down.
"""

from dataclasses import dataclass

from django.db import transaction

from triage.control import library
from triage.control.models import SystemCheck
from triage.models import Incident
from victimcontact.audit import ledger
from victimcontact.lib.prepared import Prepared

Result = SystemCheck.Result


class UnknownKind(ValueError):
    """The kind of check is not one of ``library.checks``."""


class NoteMissing(ValueError):
    """Something was found, or nothing looked up, without saying what or why."""


@dataclass(frozen=True)
class Standing:
    """One kind of check as it stands for an incident. ``last`` is None while nobody looked."""

    kind: library.Check
    is_due: bool  # for this grade and these flags it has to be looked up
    last: SystemCheck | None

    @property
    def is_missing(self) -> bool:
        return self.is_due and self.last is None


@transaction.atomic
def record(incident, *, kind: str, result: str, note: str = "", by, at) -> SystemCheck:
    """Keep that ``by`` looked up ``kind``: "nothing" or "found", or why not ("not_done").

    The ``note`` says what was found or why nobody looked. The same again, by the same person within
    a minute, is one check. Raises UnknownKind and NoteMissing.
    """
    if kind not in library.checks():
        raise UnknownKind(kind)
    result, note = Result(result), note.strip()
    if result != Result.NOTHING and not note:
        raise NoteMissing(
            "Say what was found" if result == Result.FOUND else "Say why it was not done"
        )
    incident = Incident.objects.select_for_update(no_key=True, of=("self",)).get(pk=incident.pk)
    last = incident.checks.filter(kind=kind).order_by("-checked_at", "-id").first()
    if (
        last is not None
        and (last.result, last.note, last.checked_by_id) == (result, note, by.pk)
        and (at - last.checked_at).total_seconds() < 60
    ):
        return last
    check = SystemCheck.objects.create(
        incident=incident,
        kind=kind,
        result=result,
        note=note,
        has_note=bool(note),
        checked_at=at,
        checked_by=by,
    )
    ledger.record("check.recorded", by=by, about=incident, at=at, kind=kind, result=str(result))
    return check


def standing(incident) -> list[Standing]:
    """Every kind of check as it stands for ``incident``, in the order of the library."""
    last = {}
    for check in _recorded(incident=incident.pk) if incident.may_have(SystemCheck) else ():
        last[check.kind] = check
    current = incident.current_assessment
    flags = current.flags if current else ()
    return [
        Standing(kind, kind.is_due(incident.grade, flags), last.get(slug))
        for slug, kind in library.checks().items()
    ]


@Prepared
def _recorded(incident):
    found = SystemCheck.objects.filter(incident=incident).select_related("checked_by")
    return found.order_by("checked_at", "id")


def missing(incident) -> list[library.Check]:
    """The checks that ``incident`` must have for its grade and flags, and has not."""
    return [one.kind for one in standing(incident) if one.is_missing]
