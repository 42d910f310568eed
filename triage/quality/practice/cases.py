"""The synthetic callers: what each says, what they answer, and what a good assessment makes of it.

Read from ``triage/quality/data/practice.toml``. Everybody in it is invented.
"""

import json
import tomllib
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path

FILE = Path(__file__).parents[1] / "data" / "practice.toml"
DONT_KNOW = "I don't know, sorry."


class CaseError(ValueError):
    """The file of cases cannot be used. The text says where."""


@dataclass(frozen=True)
class Exemplar:
    """What a competent assessment makes of the caller, and why."""

    grade: int
    flags: frozenset[str]
    must_ask: tuple[str, ...]
    elements: tuple[str, ...]  # those that need words of one's own
    video: bool
    why: str
    also_right: tuple[int, ...] = ()
    optional_flags: frozenset[str] = frozenset()

    @property
    def grades(self):
        return (self.grade, *self.also_right)


@dataclass(frozen=True)
class Case:
    """One synthetic caller. ``lines`` in the order spoken; ``answers`` by question."""

    key: str
    title: str
    kind: str
    channel: str
    about: str  # "self" or "other": whether the victim is the caller
    lines: tuple[str, ...]
    answers: dict
    exemplar: Exemplar
    gives: dict  # what a good handler writes into the form from all of it
    history: dict | None = None
    print: str = field(default="", compare=False)

    @property
    def told(self) -> tuple[str, dict]:
        """(narrative, answers by the engine's keys) of a handler who heard and asked everything."""
        gives = dict(self.gives)
        narrative = gives.pop("narrative", None) or " ".join(self.lines)
        about = gives.pop("about", self.about)
        answers = {key.removeprefix("ask_"): value for key, value in gives.items()}
        if about == "self" and "victim_age" in answers:
            answers["caller_age"] = answers["victim_age"]
        return narrative, answers

    def says(self, key: str) -> str:
        """What the caller answers to a question."""
        return self.answers.get(key, DONT_KNOW)


def _read(row):
    try:
        right = row["exemplar"]
        return Case(
            key=row["key"],
            title=row["title"],
            kind=row["kind"],
            channel=row["channel"],
            about=row.get("about", "self"),
            lines=tuple(row["lines"]),
            answers=dict(row["answers"]),
            gives=dict(row["gives"]),
            history=row.get("history"),
            exemplar=Exemplar(
                grade=right["grade"],
                also_right=tuple(right.get("also_right", ())),
                flags=frozenset(right["flags"]),
                optional_flags=frozenset(right.get("optional_flags", ())),
                must_ask=tuple(right["must_ask"]),
                elements=tuple(right["elements"]),
                video=right["video"],
                why=right["why"],
            ),
            print=sha256(json.dumps(row, sort_keys=True).encode()).hexdigest(),
        )
    except KeyError as missing:
        raise CaseError(f"case {row.get('key', '?')}: {missing} is missing") from None


@cache
def everybody() -> dict[str, Case]:
    """{key: Case} of every synthetic caller, in the order of the file. Raises CaseError."""
    rows = tomllib.loads(FILE.read_text(encoding="utf-8"))["cases"]
    found = {case.key: case for case in map(_read, rows)}
    if len(found) != len(rows):
        raise CaseError("Two cases have the same key")
    return found
