"""A narrative cut where words raised something, so that a page can mark them."""

from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Piece:
    """A stretch of the narrative and the labels of what it raised (none: plain text)."""

    text: str
    labels: tuple[str, ...]


def said_marked(narrative: str, said: dict, flags) -> dict:
    """{question: pieces} of what was ``said`` below each, marked as ``marked`` marks."""
    found, start = {}, len(narrative)
    for key, words in said.items():
        start += 1  # each stands on a line of its own: see thrive.spoken
        found[key] = marked(words, [_moved(flag, start) for flag in flags])
        start += len(words)
    return found


def _moved(flag, start):
    spans = [{"start": s["start"] - start, "end": s["end"] - start} for s in flag["spans"]]
    return {"label": flag["label"], "spans": spans}


def marked(narrative: str, flags) -> list[Piece]:
    """``narrative`` whole, in order, cut at the edges of the flags' words.

    ``flags`` are dicts as in ``thrive.Result.as_dict()["flags"]``. Spans beyond the text are
    ignored: a mark is a help for the eye and never hides a word.
    """
    spans = [
        (span["start"], min(span["end"], len(narrative)), flag["label"])
        for flag in flags
        for span in flag["spans"]
        if 0 <= span["start"] < min(span["end"], len(narrative))
    ]
    edges = sorted({0, len(narrative), *(s for s, _, _ in spans), *(e for _, e, _ in spans)})
    pieces = []
    for start, end in pairwise(edges):
        labels = tuple(dict.fromkeys(la for s, e, la in spans if s <= start and end <= e))
        pieces.append(Piece(narrative[start:end], labels))
    return pieces
