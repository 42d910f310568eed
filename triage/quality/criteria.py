"""The criteria that reviews score: a force's own, or those that ship with the code."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.db import transaction

from triage.quality.models import Criterion
from victimcontact.audit import ledger

SHIPPED = Path(__file__).parent / "data" / "criteria.toml"


@dataclass(frozen=True)
class Asked:
    """One criterion as a review asks it."""

    key: str
    label: str
    asks: str


@cache
def shipped() -> tuple[Asked, ...]:
    """The criteria of ``data/criteria.toml``, in their order."""
    rows = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))["criteria"]
    return tuple(Asked(**row) for row in rows)


def in_force(force) -> tuple[Asked, ...]:
    """The criteria that ``force`` scores by now. Shipped ones where it has none of its own."""
    own = Criterion.objects.filter(force=force, is_used=True).order_by("position", "id")
    return tuple(Asked(row.key, row.label, row.asks) for row in own) or shipped()


@transaction.atomic
def copy_shipped(force, *, by, at) -> int:
    """Give ``force`` rows of its own to change; those it has stay. Returns how many are new."""
    known = set(Criterion.objects.filter(force=force).values_list("key", flat=True))
    made = [
        Criterion(force=force, key=one.key, label=one.label, asks=one.asks, position=place)
        for place, one in enumerate(shipped(), 1)
        if one.key not in known
    ]
    Criterion.objects.bulk_create(made)
    ledger.record("criteria.copied", by=by, about=force, at=at, new=len(made))
    return len(made)
