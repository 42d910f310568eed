"""What a report may be recorded as: ``data/crime_types.toml``."""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path


@dataclass(frozen=True)
class CrimeType:
    """``group`` is the heading under which published figures count it."""

    slug: str
    label: str
    group: str


@lru_cache(maxsize=1)
def all_types() -> dict[str, CrimeType]:
    """Every type by its slug, in the order of the file."""
    path = Path(__file__).parent / "data" / "crime_types.toml"
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["types"]
    return {row["slug"]: CrimeType(**row) for row in rows}


def label(slug: str) -> str:
    """How people say it; a slug that is no longer in the file stands for itself."""
    found = all_types().get(slug)
    return found.label if found else slug.replace("-", " ").capitalize()


def choices() -> list:
    """For a select: grouped, in the order of the file."""
    groups = {}
    for each in all_types().values():
        groups.setdefault(each.group, []).append((each.slug, each.label))
    return list(groups.items())
