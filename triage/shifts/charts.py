"""Where the bars of the board's drawings stand: whole numbers, for SVG without a style."""

from dataclasses import dataclass

from triage.shifts.board import AHEAD_STEP, Figures

WIDTH, HEIGHT = 100, 12  # of a lying bar; the page stretches it
COLUMN, GAP, TALL, ROOM = 34, 6, 64, 14  # of a standing one, with room for its number


@dataclass(frozen=True)
class Bar:
    """One grade's bar: ``late`` is the part of ``open`` that is past its target."""

    figures: object
    open: int
    late: int


@dataclass(frozen=True)
class Column:
    """Reviews due in one half hour: ``label`` is when it begins ("late", "now", "1:30")."""

    number: int
    label: str
    x: int
    y: int
    height: int
    middle: int
    above: int  # where its number stands
    kind: str  # late, soon or later


def grade_bars(figures: Figures) -> list[Bar]:
    """A bar for each grade, as long as its share of the grade with most."""
    most = max((each.number for each in figures.grades), default=0)
    return [
        Bar(each, _part(each.number, most, WIDTH), _part(each.late, most, WIDTH))
        for each in figures.grades
    ]


def review_columns(figures: Figures) -> list[Column]:
    """The reviews that are late, and those that come in each half hour from now."""
    most = max(figures.ahead, default=0)
    found = []
    for place, number in enumerate(figures.ahead):
        minutes = (place - 1) * AHEAD_STEP
        label = "late" if place == 0 else "now" if place == 1 else _clock(minutes)
        height = _part(number, most, TALL)
        x = place * (COLUMN + GAP)
        kind = "late" if place == 0 else "soon" if place == 1 else "later"
        top = ROOM + TALL - height
        found.append(Column(number, label, x, top, height, x + COLUMN // 2, top - 3, kind))
    return found


def _part(number, most, length):
    """``number`` of ``most`` drawn on ``length``; what is there at all is seen."""
    return max(2, round(length * number / most)) if number and most else 0


def _clock(minutes):
    return f"{minutes // 60}:{minutes % 60:02d}"
