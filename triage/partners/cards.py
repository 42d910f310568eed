"""Hidden demand: the cards of ``data/hidden_demand.toml``, and which of them a report shows.

Plain values in and out; no database.
"""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FILE = Path(__file__).parent / "data" / "hidden_demand.toml"


@dataclass(frozen=True)
class Step:
    key: str
    text: str


@dataclass(frozen=True)
class Card:
    """What to do about one kind of hidden demand, step by step, and what never to do."""

    key: str
    title: str
    flags: tuple[str, ...]  # of the engine, any of which shows the card
    steps: tuple[Step, ...]
    never: tuple[str, ...]
    refer_to: tuple[str, ...]  # kinds of agency, the likeliest first
    source: str
    shown_for_repeats: bool = False

    def step(self, key: str) -> Step | None:
        return next((step for step in self.steps if step.key == key), None)


@lru_cache(maxsize=1)
def _file():
    data = tomllib.loads(FILE.read_text(encoding="utf-8"))
    cards = [
        Card(
            key=card["key"],
            title=card["title"],
            flags=tuple(card["flags"]),
            steps=tuple(Step(**step) for step in card["steps"]),
            never=tuple(card["never"]),
            refer_to=tuple(card["refer_to"]),
            source=card["source"],
            shown_for_repeats=card.get("shown_for") == "repeats",
        )
        for card in data["cards"]
    ]
    return data["version"], {card.key: card for card in cards}


def version() -> str:
    """The version of the cards' words."""
    return _file()[0]


def all_cards() -> dict[str, Card]:
    """Every card by its key, in the order of the file."""
    return _file()[1]


@dataclass(frozen=True)
class Reason:
    """Why a card is shown: "flags", "repeats" or "ticked"; a card may have several."""

    by_flags: bool = False
    by_repeats: bool = False
    by_hand: bool = False

    def __bool__(self):
        return self.by_flags or self.by_repeats or self.by_hand


def shown(*, flags=(), is_repeat=False, ticked=()) -> dict[str, Reason]:
    """{card: Reason} of the cards to show, in the order of the file.

    ``flags`` as the engine raised them and nobody dismissed them; ``is_repeat`` when a threshold
    of repeats is passed; ``ticked`` the keys that a person asked for.
    """
    flags, ticked = set(flags or ()), set(ticked)
    reasons = {
        key: Reason(
            by_flags=not flags.isdisjoint(card.flags),
            by_repeats=is_repeat and card.shown_for_repeats,
            by_hand=key in ticked,
        )
        for key, card in all_cards().items()
    }
    return {key: reason for key, reason in reasons.items() if reason}
