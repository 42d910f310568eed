"""Kinds of partner agency: when each owes an answer, and on what ground it may be told.

Read from ``data/agencies.toml``. Plain values in and out; no database.
"""

import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from victimcontact.lib import working_days

FILE = Path(__file__).parent / "data" / "agencies.toml"


@dataclass(frozen=True)
class Within:
    """A length of time: either ``hours``, through the night, or ``working_days``."""

    hours: int = 0
    working_days: int = 0

    def after(self, moment: datetime) -> datetime:
        if self.working_days:
            return working_days.due(moment, self.working_days)
        return moment + timedelta(hours=self.hours)

    def __str__(self):
        if self.working_days:
            return f"{self.working_days} working day{'s' if self.working_days > 1 else ''}"
        return f"{self.hours} hour{'s' if self.hours > 1 else ''}"


@dataclass(frozen=True)
class Kind:
    key: str
    label: str
    acknowledge: Within  # from when it was made
    answer: Within  # from when it was received
    chase_again_hours: int
    without_consent: tuple[str, ...]  # the reasons accepted where the person did not agree


@lru_cache(maxsize=1)
def _file():
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def kinds() -> dict[str, Kind]:
    """Every kind by its key, in the order of the file."""
    found = {}
    for row in _file()["kinds"]:
        found[row["key"]] = Kind(
            key=row["key"],
            label=row["label"],
            acknowledge=Within(**row["acknowledge"]),
            answer=Within(**row["answer"]),
            chase_again_hours=row["chase_again_hours"],
            without_consent=tuple(row["without_consent"]),
        )
    return found


def reasons() -> dict[str, str]:
    """The reasons to share without consent: {name: how people say it}."""
    return _file()["reasons"]
