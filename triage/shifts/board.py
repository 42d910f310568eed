"""The team leader's board: what is open, late, nobody's, and who is free. Reads only.

Three queries, however much is open or past: the figures, one page of lines, the people. Each looks
at open incidents alone, by their partial indexes.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import groupby, pairwise

from django.db.models import (
    Count,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    Min,
    OuterRef,
    Q,
    Value,
)

from triage import selectors, shown
from triage.control import telling
from triage.control.models import ToTell
from triage.models import Grade, Incident
from triage.shifts import duty
from triage.shifts.models import Handover
from victimcontact.accounts.models import User
from victimcontact.lib.prepared import Prepared

LINES = 50
AHEAD_STEP = 30  # minutes of one column of the reviews ahead
AHEAD_STEPS = 8  # four hours: longer than a review takes to come round


# What a leader asks the board for: key, what the tile says, what it means.
SHOWS = {
    "": ("Open", "Every open incident"),
    "late": ("Reviews late", "Not assessed again in time"),
    "soon": ("Reviews due soon", "To be assessed again within the warning time"),
    "overdue": ("Response late", "Past the target of their grade"),
    "unowned": ("Unowned", "Nobody has them"),
    "away": ("Owner away", "Whoever has them is away"),
    "handed": ("Handover not read", "Handed over, and nobody has acknowledged the note"),
    "choice": ("Awaiting choice", "Grade 3 or 4, and the choice was not read out"),
    "unseen": ("Not seen yet", "Graded by the engine alone: no person has looked"),
    "untold": ("Not told", "Callers not told of a delay or a change"),
}
URGENT = ("late", "overdue", "unowned", "away", "unseen", "untold")  # any of them is too many


@dataclass(frozen=True)
class Tile:
    key: str
    label: str
    means: str
    number: int
    is_urgent: bool


@dataclass(frozen=True)
class GradeFigures:
    """One grade: how many are open and past their target, and how old the oldest is."""

    grade: int
    label: str
    number: int
    late: int
    oldest: str


@dataclass(frozen=True)
class Figures:
    tiles: list[Tile]
    grades: list[GradeFigures]
    oldest: str
    ahead: list[int]  # reviews late, then due in each half hour from now


@dataclass(frozen=True)
class Line:
    """One incident on the board. ``why`` says why it stands there, the strongest first."""

    row: shown.Row
    why: list[str]
    marks: list[tuple[str, str]]  # (key of SHOWS, words)
    owner_is_away: bool
    due_share: int  # how much of the time that the target gives is gone, in percent
    review_share: int


@dataclass(frozen=True)
class Staff:
    """One heading of people: how many are free, busy and away, and each of them."""

    heading: str
    people: list = field(default_factory=list)

    def _number(self, state):
        return sum(one.state == state for one in self.people)

    @property
    def free(self):
        return self._number(duty.FREE)

    @property
    def busy(self):
        return self._number(duty.BUSY)

    @property
    def away(self):
        return self._number(duty.AWAY)


def open_incidents(user):
    """The open incidents that this person may see, without what a page shows of each."""
    return Incident.objects.filter(
        force__in=user.forces.all(), status=Incident.Status.OPEN, grade__isnull=False
    )


def conditions(at) -> dict[str, Q]:
    """{key of SHOWS: what is so of an open incident at ``at``}."""
    warns = ExpressionWrapper(
        (F("force__review_after_minutes") - F("force__review_warn_minutes"))
        * Value(timedelta(minutes=1)),
        output_field=DurationField(),
    )
    delayed = telling.delayed(at=at).filter(pk=OuterRef("pk"))
    to_tell = ToTell.objects.filter(incident=OuterRef("pk"), done_at=None)
    handed = Handover.incidents.through.objects.filter(
        incident=OuterRef("pk"), handover__acknowledged_at=None
    )
    return {
        "": Q(),
        "late": Q(review_due_at__lt=at),
        "soon": Q(review_due_at__gte=at) & Q(review_due_at__lte=Value(at) + warns),
        "overdue": Q(due_at__lt=at),
        "unowned": Q(owner=None),
        "away": Q(owner__isnull=False)
        & ~duty.is_here(at, "owner__")
        & ~Q(Exists(duty.on_roster(at).filter(pk=OuterRef("owner")))),
        "handed": Q(Exists(handed)),
        "choice": Q(response="", grade__gte=Grade.SCHEDULED),
        "unseen": Q(is_seen=False),
        # The clock first: it is on the row, and spares most of the look at what was told.
        "untold": (Q(due_at__lt=at) & Q(Exists(delayed))) | Q(Exists(to_tell)),
    }


def figures(user, *, at) -> Figures:
    """Everything that the tiles and the drawings show, in one query."""
    found = _counted(user=user.pk, at=at)

    def total(name):
        return sum(each[name] for each in found)

    tiles = []
    for key, (label, means) in SHOWS.items():
        number = total(f"are_{key}" if key else "number")
        tiles.append(Tile(key, label, means, number, bool(number) and key in URGENT))
    grades = []
    for grade, group in groupby(found, key=lambda each: each["grade"]):
        group = list(group)
        grades.append(
            GradeFigures(
                grade=grade,
                label=group[0]["force__grades"][str(grade)]["label"],
                number=sum(each["number"] for each in group),
                late=sum(each["are_overdue"] for each in group),
                oldest=_age(min(each["oldest"] for each in group), at),
            )
        )
    oldest = min((each["oldest"] for each in found), default=None)
    ahead = [total("are_late"), *(total(f"ahead_{number}") for number in range(AHEAD_STEPS))]
    return Figures(tiles, grades, _age(oldest, at), ahead)


@Prepared
def _counted(user, at):
    are = conditions(at)
    edges = [at + timedelta(minutes=AHEAD_STEP * number) for number in range(AHEAD_STEPS + 1)]
    columns = {
        f"ahead_{number}": Count("pk", filter=Q(review_due_at__gte=low, review_due_at__lt=high))
        for number, (low, high) in enumerate(pairwise(edges))
    }
    return (
        open_incidents(User(pk=user))
        .order_by("grade", "force__name")
        .values("grade", "force__grades")
        .annotate(
            oldest=Min("reported_at"),
            number=Count("pk"),
            **{f"are_{key}": Count("pk", filter=which) for key, which in are.items() if key},
            **columns,
        )
    )


def lines(user, *, at, show="", page=1) -> tuple[list[Line], bool]:
    """(one page of lines, whether there are more): pinned first, then as the queue stands.

    ``show`` is a key of SHOWS. What a grade's target and a person's look decide is the queue's own
    order (``selectors.open_queue``); a leader's pin goes before it.
    """
    rows = _page(show, page, LINES)(user=user.pk, at=at)
    return [_line(row, at, show) for row in rows[:LINES]], len(rows) > LINES


@lru_cache(maxsize=100)
def _page(show, page, many):
    """The ``Prepared`` query of a page of lines, and one line more where there is one."""

    def rows(user, at):
        user = User(pk=user)
        which = selectors.open_queue(user).filter(conditions(at)[show])
        if show in ("late", "soon"):
            order = ("review_due_at", "id")
        else:
            order = (F("pin__pinned_at").asc(nulls_last=True), *which.query.order_by)
        start = (page - 1) * many
        # Which ones is found on narrow rows; only those that are shown are read whole.
        these = which.order_by(*order).values("pk")[start : start + many + 1]
        marks = {f"is_{key}": Q(condition) for key, condition in _marked(at).items()}
        # Sealed words are not opened for a list that does not show them.
        return (
            selectors.open_queue(user)
            .filter(pk__in=these)
            .select_related("force", "owner", "pin__pinned_by")
            .defer("narrative", "location", "safety_note")
            .order_by(*order)
            .annotate(**marks)
        )

    return Prepared(rows)


def staff(user, *, at) -> list[Staff]:
    """Who is on duty in this person's forces, by what they do."""
    people = duty.on_duty(user.forces.all(), at=at)
    return [
        Staff(heading or "Others", list(group))
        for heading, group in groupby(people, key=lambda one: one.heading)
    ]


def line_of(user, pk, *, at) -> Line | None:
    """One incident's line, or None: not open, not graded, or not this person's to see."""
    which = selectors.open_queue(user).filter(pk=pk)
    found = which.select_related("force", "owner", "pin__pinned_by")
    row = found.annotate(**{f"is_{k}": Q(v) for k, v in _marked(at).items()}).first()
    return _line(row, at, "") if row else None


def _marked(at):
    are = conditions(at)
    return {key: are[key] for key in ("away", "handed", "untold")}


def _line(incident, at, show):
    row = shown.row(incident, at)
    # A review that only the clock asks for has a column of its own.
    why = [each for each in row.why if not each.startswith("review") or "(" in each]
    pin = getattr(incident, "pin", None)
    if pin:
        why.insert(0, f"put first by {pin.pinned_by}: {pin.reason}")
    elif show in ("late", "soon"):
        why.insert(0, "by the time of its review")
    marks = []
    if not incident.is_seen:
        marks.append(("unseen", "Not seen yet"))
    if incident.is_untold:
        marks.append(("untold", "Caller not told"))
    if incident.is_handed:
        marks.append(("handed", "Handover not read"))
    if not incident.response and incident.grade >= Grade.SCHEDULED:
        marks.append(("choice", "Awaiting choice"))
    return Line(
        row=row,
        why=why,
        marks=marks,
        owner_is_away=incident.is_away,
        due_share=_share(incident.due_at, incident.force.target_minutes(incident.grade), at),
        review_share=_share(incident.review_due_at, incident.force.review_after_minutes, at),
    )


def _share(due_at, minutes, at):
    left = (due_at - at).total_seconds() / 60
    return max(0, min(100, round(100 * (1 - left / minutes)))) if minutes else 100


def _age(moment: datetime | None, at) -> str:
    return selectors.span(int((at - moment).total_seconds() // 60)) if moment else ""
