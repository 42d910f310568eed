"""What a force sets for the control room: ``data/*.toml``, read once a process.

A slug that is no longer in a file stands for itself in what was kept.
"""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Check:
    """A system to look up: due at ``grade`` or more urgent (0: never by grade), or by a flag."""

    slug: str
    label: str
    hint: str = ""
    grade: int = 0
    flags: frozenset = frozenset()

    def is_due(self, grade: int | None, flags) -> bool:
        """Whether an incident of this grade (None: not graded) with these flags must have it."""
        return (grade is not None and grade <= self.grade) or not self.flags.isdisjoint(flags)


@dataclass(frozen=True)
class Piece:
    """One piece of advice; ``words`` are read out as they stand."""

    slug: str
    kind: str  # "safety", "evidence" or "prevention"
    title: str
    words: str
    order: int
    flags: frozenset = frozenset()
    crime_types: frozenset = frozenset()
    always: bool = False

    def suits(self, flags, crime_type: str) -> bool:
        """Whether it is suggested for these flags or this type of crime."""
        return self.always or crime_type in self.crime_types or not self.flags.isdisjoint(flags)


KINDS = {"safety": "Safety", "evidence": "Keeping evidence", "prevention": "Prevention"}


@dataclass(frozen=True)
class Outcome:
    """How an incident may end; ``settles`` are the chosen ways of being seen that it answers.

    ``needs_reaching``: it says that they were not seen, so whoever was missed must be tried first.
    """

    slug: str
    label: str
    hint: str = ""
    settles: frozenset = frozenset()
    needs_crime: bool = False
    needs_reaching: bool = False


@lru_cache(maxsize=1)
def checks() -> dict[str, Check]:
    """Every kind of system check by its slug, in the order of the file."""
    return _read("checks", Check)


@lru_cache(maxsize=1)
def advice() -> dict[str, Piece]:
    """Every piece of advice by its slug; what saves life first."""
    found = _read("advice", Piece)
    return dict(sorted(found.items(), key=lambda item: item[1].order))


@lru_cache(maxsize=1)
def outcomes() -> dict[str, Outcome]:
    """Every outcome by its slug, in the order of the file."""
    return _read("outcomes", Outcome)


def label(table: dict, slug: str) -> str:
    """How people say it; a slug that is no longer there stands for itself."""
    found = table.get(slug)
    if found is None:
        return slug.replace("-", " ").capitalize()
    return found.title if isinstance(found, Piece) else found.label


def _read(name, kind):
    rows = tomllib.loads((DATA / f"{name}.toml").read_text(encoding="utf-8"))[name]
    sets = ("flags", "crime_types", "settles")
    plain = (
        {key: frozenset(value) if key in sets else value for key, value in row.items()}
        for row in rows
    )
    return {row["slug"]: kind(**row) for row in plain}
