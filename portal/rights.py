"""What the Victims' Code owes a victim, and by when. Pure: plain values in and out.

Source: ``data/victims_code.toml``, which names the Code, its version and where each limit is from.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

from victimcontact.lib import working_days

SHIPPED = Path(__file__).parent / "data" / "victims_code.toml"

# What makes a victim entitled to the shorter, enhanced limits, by the flags of an assessment.
# Source: Victims' Code 2020, Enhanced Rights: most serious crime, persistently targeted,
# vulnerable or intimidated.
ENHANCED_FLAGS = {
    "domestic_abuse": "domestic abuse",
    "coercive_control": "domestic abuse",
    "non_fatal_strangulation": "domestic abuse",
    "honour_based_abuse": "most serious crime",
    "sexual_offence": "most serious crime",
    "child_sexual_exploitation": "most serious crime",
    "modern_slavery": "most serious crime",
    "county_lines_cce": "most serious crime",
    "hate_crime": "hate crime",
    "serious_injury": "most serious crime",
    "stalking": "persistently targeted",
    "repeat_victimisation": "persistently targeted",
    "cuckooing": "persistently targeted",
    "child_at_risk": "vulnerable",
    "adult_at_risk": "vulnerable",
    "mental_health": "vulnerable",
    "suicide_risk": "vulnerable",
    "threats_to_kill": "intimidated",
}
NOT_YET_ASSESSED = "not yet assessed"
# A crime type says as much as the flag of the same thing, where no assessment raised it.
FLAGS_OF_TYPES = {
    "domestic-abuse": "domestic_abuse",
    "strangulation": "non_fatal_strangulation",
    "stalking": "stalking",
    "harassment": "stalking",
    "threats-to-kill": "threats_to_kill",
    "sexual-offence": "sexual_offence",
    "child-abuse": "child_at_risk",
    "hate-crime": "hate_crime",
}


class CodeError(ValueError):
    """The file of rights does not hold together. The text says where."""


@dataclass(frozen=True, slots=True)
class Right:
    """One duty of the Code. Days are working days after the trigger; None: no number of days."""

    id: str  # "VC4-REF"
    number: int  # of the Code's twelve rights
    trigger: str
    standard_days: int | None
    enhanced_days: int | None
    who: str
    is_house_aim: bool  # the Code prints no days: the limit is our own
    title: str
    says: str  # what is owed, in plain words for the victim

    def days(self, is_enhanced: bool) -> int | None:
        return self.enhanced_days if is_enhanced else self.standard_days


@dataclass(frozen=True, slots=True)
class Owed:
    """One right with its clock, as it starts. ``due_at`` is UTC, or None without a limit."""

    right: str
    code_version: str
    triggered_at: datetime
    is_enhanced: bool
    due_at: datetime | None


@dataclass(frozen=True)
class Code:
    """One version of the Victims' Code."""

    version: str
    name: str
    valid_from: date
    first_update_days: int
    triggers: dict[str, str]  # trigger: how staff name it
    rights: dict[str, Right]
    spoken_first_always: frozenset[str]
    spoken_first_enhanced: frozenset[str]

    def owed(self, trigger: str, *, at: datetime, is_enhanced: bool) -> list[Owed]:
        """The rights that ``trigger`` starts, each with its clock, in the Code's order.

        ``at`` is when it happened (aware), not when it was typed in: what is entered late may be
        overdue at birth.
        """
        return [
            Owed(right.id, self.version, at, is_enhanced, self.due(right.id, at, is_enhanced))
            for right in self.rights.values()
            if right.trigger == trigger
        ]

    def due(self, right_id: str, at: datetime, is_enhanced: bool) -> datetime | None:
        """The last second (UTC) of the last working day, or None where the Code sets none."""
        days = self.rights[right_id].days(is_enhanced)
        return None if days is None else working_days.due(at, days)

    def is_spoken_first(self, trigger: str, *, is_enhanced: bool) -> bool:
        """Whether a person tells the victim before any screen does."""
        return trigger in self.spoken_first_always or (
            is_enhanced and trigger in self.spoken_first_enhanced
        )


def marks(flags: Iterable[str], crime_type: str) -> frozenset[str]:
    """The flags of an assessment together with what the recorded crime type itself says."""
    more = FLAGS_OF_TYPES.get(crime_type)
    return frozenset(flags) | ({more} if more else frozenset())


def enhanced_reason(flags: Iterable[str]) -> str:
    """Why these flags of an assessment call for enhanced rights, or empty."""
    reasons = [why for flag, why in ENHANCED_FLAGS.items() if flag in set(flags)]
    return reasons[0] if reasons else ""


@cache
def current() -> Code:
    """The Code as shipped. Raises CodeError."""
    return read(tomllib.loads(SHIPPED.read_text(encoding="utf-8")))


def read(data: dict) -> Code:
    """A Code from its file's contents. Raises CodeError where it does not hold together."""
    rights = {}
    for row in data["right"]:
        right = Right(
            id=row["id"],
            number=row["number"],
            trigger=row["trigger"],
            standard_days=row.get("standard_days"),
            enhanced_days=row.get("enhanced_days"),
            who=row["who"],
            is_house_aim=row["basis"] == "house",
            title=row["title"],
            says=row["says"],
        )
        if right.id in rights:
            raise CodeError(f"{right.id} stands twice")
        if right.trigger not in data["triggers"]:
            raise CodeError(f"{right.id}: no trigger {right.trigger!r}")
        if (right.standard_days is None) != (right.enhanced_days is None):
            raise CodeError(f"{right.id}: one limit without the other")
        if right.standard_days is not None and not 1 <= right.enhanced_days <= right.standard_days:
            raise CodeError(f"{right.id}: enhanced rights cannot be later than standard ones")
        rights[right.id] = right
    spoken = data["spoken_first"]
    for trigger in spoken["always"] + spoken["enhanced"]:
        if trigger not in data["triggers"]:
            raise CodeError(f"spoken_first: no trigger {trigger!r}")
    return Code(
        version=data["code_version"],
        name=data["name"],
        valid_from=data["valid_from"],
        first_update_days=data["first_update_days"],
        triggers=data["triggers"],
        rights=rights,
        spoken_first_always=frozenset(spoken["always"]),
        spoken_first_enhanced=frozenset(spoken["enhanced"]),
    )
