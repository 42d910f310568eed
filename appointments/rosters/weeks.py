"""A desk's week as drawn: a bar for each officer of what they work, miss and have booked."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import Q

from appointments.models import Appointment, Shift
from appointments.rosters import hours
from appointments.rosters.models import Absence, DeskDay
from victimcontact.accounts.models import User
from victimcontact.lib import local_time
from victimcontact.lib.working_days import BANK_HOLIDAYS

HEIGHT = 34


@dataclass(frozen=True)
class Bar:
    """A rectangle: ``x`` and ``width`` in minutes of the week; ``says`` what it is, in words."""

    kind: str  # shift, elsewhere, absence, booked, held, closed
    x: int
    width: int
    says: str
    pk: object = None


@dataclass
class Row:
    """One officer's week."""

    officer: User
    bars: list[Bar] = field(default_factory=list)
    hours: float = 0
    booked: int = 0


@dataclass(frozen=True)
class Column:
    """A day of the week: where it stands, and what is special about it."""

    on: date
    x: int
    width: int
    opens: str
    note: str


@dataclass(frozen=True)
class Week:
    """What the page shows. ``minutes`` is the week's length: an hour less or more at a change."""

    days: list[Column]
    rows: list[Row]
    closed: list[Bar]
    minutes: int
    worked: float
    booked: int

    @property
    def share(self):
        """How much of the time worked is booked, in whole percent."""
        return round(100 * self.booked / self.worked) if self.worked else 0


def week(desk, monday: date, *, at: datetime) -> Week:
    """The desk's week from ``monday``: six queries, however many officers."""
    start = local_time.day_bounds(monday)[0]
    end = local_time.day_bounds(monday + timedelta(days=6))[1]
    draw = _Draw(start, end)
    here = list(Shift.objects.filter(desk=desk, during__overlap=(start, end)).order_by("during"))
    officers = {shift.officer_id for shift in here}
    booked = Appointment.objects.filter(
        Q(desk=desk) | Q(officer__in=officers),
        Q(status__in=("booked", "waiting", "in_call", "ended"))
        | Q(status="held", held_until__gt=at),
        occupies__overlap=(start, end),
    ).select_related("incident")
    booked = list(booked)
    officers |= {one.officer_id for one in booked if one.desk_id == desk.pk}
    elsewhere = Shift.objects.filter(officer__in=officers, during__overlap=(start, end))
    rows = {
        person.pk: Row(person)
        for person in User.objects.filter(pk__in=officers).order_by("last_name", "first_name")
    }
    for shift in [*here, *elsewhere.exclude(desk=desk).select_related("desk")]:
        is_here = shift.desk_id == desk.pk
        says = "Shift" if is_here else f"Shift at {shift.desk}"
        draw.add(rows, shift, "shift" if is_here else "elsewhere", says)
    absences = Absence.objects.filter(
        officer__in=officers, ended_at=None, during__overlap=(start, end)
    )
    for absence in absences:
        draw.add(rows, absence, "absence", absence.get_kind_display())
    minutes = defaultdict(int)
    for one in booked:
        kind = "held" if one.status == Appointment.Status.HELD else "booked"
        draw.add(rows, one, kind, f"{one.get_kind_display()}, {one.get_status_display().lower()}")
        if one.desk_id == desk.pk:
            rows[one.officer_id].booked += 1
            minutes[one.officer_id] += _minutes(one.occupies)
    for shift in here:
        rows[shift.officer_id].hours += _minutes(shift.during) / 60
    columns, closed = _columns(desk, monday, draw)
    return Week(
        days=columns,
        rows=list(rows.values()),
        closed=closed,
        minutes=draw.length,
        worked=sum(row.hours for row in rows.values()) * 60,
        booked=sum(minutes.values()),
    )


def _columns(desk, monday, draw):
    special = {
        one.on: one
        for one in DeskDay.objects.filter(desk=desk, on__range=(monday, monday + timedelta(days=6)))
    }
    columns, open_times = [], []
    for number in range(-1, 7):
        day = monday + timedelta(days=number)
        pair = hours.said(desk, day) if desk.is_active else None
        if day in special:
            pair = _own(special[day])
        if pair:
            open_times.append(tuple(draw.minute(hours.moment(day, each)) for each in pair))
        if number < 0:
            continue
        begin, end = (draw.minute(moment) for moment in local_time.day_bounds(day))
        says = " to ".join(_clock(each) for each in pair) if pair else "Closed"
        if pair == (0, 24 * 60):
            says = "All day"
        note = special[day].because if day in special else BANK_HOLIDAYS.get(day, "")
        columns.append(Column(day, begin, end - begin, says, note))
    closed, x = [], 0
    for begin, end in sorted(open_times):
        if begin > x:
            closed.append(Bar("closed", x, begin - x, "Closed"))
        x = max(x, end)
    if x < draw.length:
        closed.append(Bar("closed", x, draw.length - x, "Closed"))
    return columns, closed


def _own(day):
    if day.opens is None:
        return None
    opens, closes = (one.hour * 60 + one.minute for one in (day.opens, day.closes))
    return opens, closes if closes > opens else closes + 24 * 60


def _clock(minutes):
    hour = minutes // 60 if minutes <= 24 * 60 else minutes // 60 - 24
    return f"{hour:02d}:{minutes % 60:02d}"


def _minutes(during):
    return int((during.upper - during.lower).total_seconds() // 60)


class _Draw:
    def __init__(self, start, end):
        self.start, self.length = start, int((end - start).total_seconds() // 60)

    def minute(self, moment):
        found = int((moment - self.start).total_seconds() // 60)
        return min(max(found, 0), self.length)

    def add(self, rows, thing, kind, says):
        during = thing.occupies if kind in ("booked", "held") else thing.during
        lower, upper = (local_time.local(each) for each in (during.lower, during.upper))
        x = self.minute(lower)
        width = max(self.minute(upper) - x, 1)
        words = f"{says}, {lower:%a %-d %b %H:%M} to {upper:%H:%M}"
        if thing.officer_id in rows:
            rows[thing.officer_id].bars.append(Bar(kind, x, width, words, thing.pk))
