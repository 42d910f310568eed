"""The words a witness signs: versioned, so that a statement always says which it was.

Source: Criminal Procedure Rules 2020, r.16.2; Criminal Justice Act 1967, s.9.
"""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

TEXTS = Path(__file__).parent / "data" / "declarations.toml"


@dataclass(frozen=True)
class Declaration:
    """One approved wording. ``witness`` and ``reader`` hold places for pages and a name."""

    version: int
    used_from: date
    witness: str
    reader: str

    def for_witness(self, pages):
        """Return the witness's declaration for a statement of ``pages`` pages."""
        return self.witness.replace("{pages}", str(pages))

    def for_reader(self, name):
        """Return the declaration of the person who read the statement over."""
        return self.reader.replace("{reader}", name)


@cache
def all_versions():
    """Return every wording ever used, by version number."""
    rows = tomllib.loads(TEXTS.read_text(encoding="utf-8"))
    return {int(number): Declaration(int(number), **row) for number, row in rows.items()}


def in_use(day):
    """Return the Declaration for statements finalised on ``day``, a local date.

    Raises LookupError for a day before the first wording.
    """
    begun = [each for each in all_versions().values() if each.used_from <= day]
    if not begun:
        raise LookupError(f"No declaration is in use on {day}")
    return max(begun, key=lambda each: (each.used_from, each.version))
