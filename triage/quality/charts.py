"""Where lines, bars and dots of the quality pages stand. Plain numbers in, coordinates out."""

from dataclasses import dataclass
from math import sqrt

WIDTH, HEIGHT = 640, 200
LEFT, RIGHT, TOP, BOTTOM = 44, 604, 14, 168
BAR = 560
# Limits within which chance alone keeps 95 and 99.8 of 100 handlers.
USUAL, RARE = 1.96, 3.09


@dataclass(frozen=True)
class Dot:
    """One dot: where it stands, what it says, and how many it rests on."""

    x: float
    y: float
    says: str
    many: int


@dataclass(frozen=True)
class Line:
    """A line over weeks, broken where a week has nothing. ``pieces``: points as SVG has them."""

    dots: list
    pieces: list


def _y(percent):
    return round(BOTTOM - (BOTTOM - TOP) * percent / 100, 1)


def weeks_x(many: int) -> list[float]:
    """Where ``many`` weeks stand from left to right."""
    step = (RIGHT - LEFT) / max(1, many - 1)
    return [round(LEFT + step * place, 1) for place in range(many)]


def line(values) -> Line:
    """``values``: (percent or None, how many it rests on, its label) for each week, in order."""
    values = list(values)
    dots, pieces, piece = [], [], []
    for x, (percent, many, label) in zip(weeks_x(len(values)), values, strict=True):
        if percent is None:
            piece = []
            continue
        dot = Dot(x, _y(percent), f"{label}: {percent} %, from {many}", many)
        dots.append(dot)
        if not piece:
            pieces.append(piece)
        piece.append(f"{dot.x},{dot.y}")
    return Line(dots, [" ".join(points) for points in pieces if len(points) > 1])


@dataclass(frozen=True)
class Piece:
    """One piece of a bar of shares."""

    name: str
    label: str
    count: int
    x: float
    width: float
    percent: int


def shares(counts) -> list[Piece]:
    """``counts``: (name, label, count) as pieces of one bar; none where all are 0."""
    counts = list(counts)
    whole = sum(count for _, _, count in counts)
    pieces, x = [], 0.0
    for name, label, count in counts if whole else ():
        width = BAR * count / whole
        percent = round(100 * count / whole)
        pieces.append(Piece(name, label, count, round(x, 1), round(width, 1), percent))
        x += width
    return pieces


@dataclass(frozen=True)
class Funnel:
    """A share for each of many people against how many it rests on, without their names."""

    dots: list
    mean: int  # percent of all together
    mean_y: float
    usual: list  # two polylines each, below and above
    rare: list
    outside: int  # how many are beyond the rare limits
    beyond_usual: int
    top: int  # percent at the upper edge
    most: int  # assessments at the right edge


def funnel(pairs) -> Funnel | None:
    """``pairs``: (how many, how many of them were so) for each person. None where nothing is."""
    pairs = [(many, so) for many, so in pairs if many]
    if not pairs:
        return None
    whole = sum(many for many, _ in pairs)
    mean = sum(so for _, so in pairs) / whole
    most = max(many for many, _ in pairs)
    top = max(0.1, *(so / many for many, so in pairs), mean)
    top = min(1.0, (int(top * 10) + 1) / 10)

    def x(many):
        return round(LEFT + (RIGHT - LEFT) * many / most, 1)

    def y(share):
        return round(BOTTOM - (BOTTOM - TOP) * min(share, top) / top, 1)

    def spread(many):
        return sqrt(mean * (1 - mean) / many)

    steps = [max(1, most * step // 40) for step in range(2, 41)]

    def limit(z):
        low = " ".join(f"{x(n)},{y(max(0.0, mean - z * spread(n)))}" for n in steps)
        high = " ".join(f"{x(n)},{y(mean + z * spread(n))}" for n in steps)
        return [low, high]

    def beyond(z):
        return sum(abs(so / many - mean) > z * spread(many) for many, so in pairs)

    dots = [Dot(x(many), y(so / many), f"{so} of {many}", many) for many, so in sorted(pairs)]
    return Funnel(
        dots=dots,
        mean=round(100 * mean),
        mean_y=y(mean),
        usual=limit(USUAL),
        rare=limit(RARE),
        outside=beyond(RARE),
        beyond_usual=beyond(USUAL),
        top=round(100 * top),
        most=most,
    )
