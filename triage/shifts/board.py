"""The team leader's board: what is open, late, nobody's, and who is free. Reads only.

Three queries, however much is open or past: the figures, one page of lines, the people. Each looks
at open incidents alone, by their partial indexes.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
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
from triage.listed import COLUMNS, Listed, name_columns
from triage.models import Grade, Incident
from triage.shifts import duty
from triage.shifts.models import Handover, Pin
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
    """One incident on the board. What it says is worked out where it is read."""

    row: shown.Row
    owner_is_away: bool
    is_handed: bool
    is_untold: bool
    pin: object = None
    show: str = ""

    @property
    def said(self) -> tuple:
        """The same for lines that say the same. For one without a pin, of a ``Listed`` alone."""
        states = (self.owner_is_away, self.is_handed, self.is_untold, self.show)
        return self.row.said, self.due_share, self.review_share, states

    @property
    def why(self) -> list[str]:
        """Why it stands where it stands, the strongest first."""
        # A review that only the clock asks for has a column of its own.
        why = [each for each in self.row.why if not each.startswith("review") or "(" in each]
        if self.pin:
            why.insert(0, f"put first by {self.pin.pinned_by}: {self.pin.reason}")
        elif self.show in ("late", "soon"):
            why.insert(0, "by the time of its review")
        return why

    @property
    def marks(self) -> list[tuple[str, str]]:
        """(key of SHOWS, words) of what wants a look."""
        incident, found = self.row.incident, []
        if not incident.is_seen:
            found.append(("unseen", "Not seen yet"))
        if self.is_untold:
            found.append(("untold", "Caller not told"))
        if self.is_handed:
            found.append(("handed", "Handover not read"))
        if not incident.response and incident.grade >= Grade.SCHEDULED:
            found.append(("choice", "Awaiting choice"))
        return found

    @cached_property
    def due_share(self) -> int:
        """How much of the time that the target gives is gone, in percent."""
        incident = self.row.incident
        minutes = incident.force.target_minutes(incident.grade)
        return _share(incident.due_at, minutes, self.row.at)

    @cached_property
    def review_share(self) -> int:
        incident = self.row.incident
        minutes = incident.force.review_after_minutes
        return _share(incident.review_due_at, minutes, self.row.at)


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
    rows = _page(show, page, LINES).rows(user=user.pk, at=at)
    found = [
        Line(
            row=shown.Row(Listed._make(row[: len(COLUMNS)]), at),
            **dict(zip(_STATES, row[len(COLUMNS) :], strict=False)),
            pin=_pin(row[-len(_PIN) :]),
            show=show,
        )
        for row in rows[:LINES]
    ]
    return found, len(rows) > LINES


_STATES = ("owner_is_away", "is_handed", "is_untold")
_PIN = ("pin__reason", *name_columns("pin__pinned_by"))


def _pin(columns):
    """The Pin that a row of the database holds, as far as a line shows it; None without."""
    reason, first, last, username = columns
    if reason is None:
        return None
    by = User(first_name=first, last_name=last, username=username)
    sealed = Pin._meta.get_field("reason")
    return Pin(reason=sealed.from_db_value(reason, None, None), pinned_by=by)


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
        return (
            selectors.open_queue(user)
            .filter(pk__in=these)
            .order_by(*order)
            .annotate(**_states(at))
            .values_list(*COLUMNS, *_STATES, *_PIN)
        )

    return Prepared(rows)


def staff(user, *, at) -> list[Staff]:
    """Who is on duty in this person's forces, by what they do."""
    people = duty.standing(_people(user=user.pk, at=at), at=at)
    return [
        Staff(heading or "Others", list(group))
        for heading, group in groupby(people, key=lambda one: one.heading)
    ]


@Prepared
def _people(user, at):
    # No more of anybody than the board shows.
    own = ("first_name", "last_name", "username", "roles")
    of_duty = ("duty__state", "duty__since", "duty__heard_at")
    return duty.people(User(pk=user).forces.all(), at=at).only(*own, *of_duty)


def line_of(user, pk, *, at) -> Line | None:
    """One incident's line, or None: not open, not graded, or not this person's to see."""
    one = next(iter(_one(user=user.pk, incident=pk, at=at)), None)
    if one is None:
        return None
    states = {name: getattr(one, name) for name in _STATES}
    return Line(row=shown.row(one, at), **states, pin=getattr(one, "pin", None))


@Prepared
def _one(user, incident, at):
    found = selectors.open_queue(User(pk=user)).filter(pk=incident).annotate(**_states(at))
    return found.select_related("force", "owner", "pin__pinned_by")


def _states(at):
    are = conditions(at)
    return dict(zip(_STATES, map(Q, (are["away"], are["handed"], are["untold"])), strict=True))


def _share(due_at, minutes, at):
    left = (due_at - at).total_seconds() / 60
    return max(0, min(100, round(100 * (1 - left / minutes)))) if minutes else 100


def _age(moment: datetime | None, at) -> str:
    return selectors.span(int((at - moment).total_seconds() // 60)) if moment else ""
