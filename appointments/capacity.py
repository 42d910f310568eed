"""What the supervisor of a desk sees: who sits there, what they have, what is free, who waits.

A day is drawn in columns of STEP minutes, an officer to a row. Plain arithmetic over a handful of
queries, whatever the number of rows.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db.models import Exists, OuterRef, Q

from appointments import rooms
from appointments.models import Appointment, ChangeRequest, Desk, Shift
from appointments.rosters import hours
from appointments.rosters.models import Absence, DeskDay
from triage.models import Assessment, Grade, Incident
from victimcontact.accounts.models import User
from victimcontact.lib import local_time

STEP = timedelta(minutes=15)
# Drawn at least, by London's clock, so that a day without shifts is a day all the same.
FIRST_HOUR, LAST_HOUR = 9, 17
MOST_DEMAND = 60
UNREAD = ("narrative", "location", "safety_note")  # of an incident, whose decryption takes longest
Status = Appointment.Status


@dataclass
class Cell:
    """Some columns of one row. ``kind``: free, off, away, gap, elsewhere or card."""

    kind: str
    at: datetime
    clock: str  # the wall's time then
    span: int = 1
    card: Appointment | None = None
    is_here: bool = False
    says: str = ""

    @property
    def is_movable(self):
        return self.card is not None and self.card.status in (Status.BOOKED, Status.WAITING)

    @property
    def ends(self):
        return self.at + self.span * STEP


@dataclass
class Line:
    """One officer's day."""

    officer: User
    cells: list[Cell] = field(default_factory=list)
    rostered: int = 0
    booked: int = 0
    free: int = 0

    @property
    def cards(self):
        return [cell for cell in self.cells if cell.kind == "card"]

    @property
    def ahead(self):
        """Of its cards, those that are not over."""
        return [cell for cell in self.cards if cell.card.status != Status.ENDED]

    @property
    def initials(self):
        names = (self.officer.first_name, self.officer.last_name)
        return "".join(name[:1] for name in names if name).upper() or "?"


@dataclass(frozen=True)
class Hour:
    """A heading over the columns of one hour."""

    at: datetime
    span: int


@dataclass(frozen=True)
class Figures:
    """Slots of a day (or of all officers): rostered, and of these booked and free."""

    on: date
    rostered: int = 0
    booked: int = 0
    free: int = 0

    @property
    def lost(self):
        """What is neither: time too short for a talk, or already over."""
        return max(self.rostered - self.booked - self.free, 0)


@dataclass(frozen=True)
class Want:
    """An open incident whose victim waits for a time: why, since when, and how urgent."""

    incident: Incident
    why: str
    since: datetime

    @property
    def grade_word(self):
        return self.incident.force.grade_label(self.incident.grade)


@dataclass(frozen=True)
class Board:
    """One desk's day."""

    desk: Desk
    on: date
    hours: list[Hour]
    lines: list[Line]
    figures: Figures
    now_at: int | None  # in which column now is

    @property
    def quarters(self):
        """One for each column."""
        return range(sum(hour.span for hour in self.hours))

    @property
    def idle(self):
        return [line for line in self.lines if not line.cards]

    @property
    def at_rest(self):
        """How many officers have nothing ahead."""
        return sum(not line.ahead for line in self.lines)

    @property
    def waiting(self):
        return [cell for line in self.lines for cell in line.cards if cell.card.status == "waiting"]


def day(desk, on: date, *, at: datetime) -> Board:
    """The desk's day on London's calendar, drawn: six queries."""
    span = local_time.day_bounds(on)
    work = _Work(desk, *span, at=at)
    begins, ends = work.drawn(on)
    lines = [work.line(officer, begins, ends) for officer in work.officers]
    return Board(
        desk=desk,
        on=on,
        hours=_headings(begins, ends),
        lines=lines,
        figures=work.figures(on, lines),
        now_at=(at - begins) // STEP if begins <= at < ends else None,
    )


def week(desk, monday: date, *, at: datetime) -> list[Figures]:
    """Seven days in figures, with the queries of one."""
    first, last = monday, monday + timedelta(days=6)
    work = _Work(desk, local_time.day_bounds(first)[0], local_time.day_bounds(last)[1], at=at)
    found = []
    for number in range(7):
        on = monday + timedelta(days=number)
        bounds = local_time.day_bounds(on)
        lines = [work.count(Line(officer), *bounds) for officer in work.officers]
        found.append(work.figures(on, lines))
    return found


def demand(desk, *, at: datetime) -> list[Want]:
    """Whom this desk has yet to give a time: the most urgent first. Three queries.

    They chose a kind that it does and nothing is booked, or nobody has asked them yet. Special
    desks have the incidents whose flags lead there, the others the rest.
    """
    taken = Appointment.objects.filter(incident=OuterRef("pk"), role="victim").filter(
        Q(status__in=(*Appointment.LIVE, Status.ENDED)) | Q(status=Status.HELD, held_until__gt=at)
    )
    found = list(
        Incident.objects.filter(
            Q(response__in=desk.kinds) | Q(response="", grade__gt=Grade.PRIORITY),
            ~Exists(taken),
            force=desk.force,
            status=Incident.Status.OPEN,
            grade__gt=Grade.IMMEDIATE,
        )
        .select_related("force")
        .defer(*UNREAD)
        .order_by("grade", "reported_at")[: MOST_DEMAND * 2]
    )
    flags = {
        incident: set(own)
        for incident, own in Assessment.objects.filter(
            incident__in=found, superseded_by=None
        ).values_list("incident", "flags")
    }
    special = set().union(
        *Desk.objects.filter(force=desk.force, is_active=True)
        .exclude(takes_flags=[])
        .values_list("takes_flags", flat=True)
    )
    wanted = []
    for incident in found:
        own = flags.get(incident.pk, set())
        leads_here = own & set(desk.takes_flags) if desk.takes_flags else not own & special
        if leads_here and incident.pk in flags:
            why = f"Chose: {incident.get_response_display()}" if incident.response else "Not asked"
            wanted.append(Want(incident, why, incident.reported_at))
    return wanted[:MOST_DEMAND]


def wishes(desk) -> list[ChangeRequest]:
    """What victims of this desk asked to have changed and nobody has settled. One query."""
    return list(
        ChangeRequest.objects.filter(
            appointment__desk=desk, appointment__status__in=Appointment.LIVE, settled_at=None
        )
        .select_related("appointment__incident")
        .order_by("asked_at")[:MOST_DEMAND]
    )


class _Work:
    """Everything rostered, absent and booked of a desk between two moments, read once."""

    def __init__(self, desk, start, end, *, at):
        self.desk, self.at, self.start, self.end = desk, at, start, end
        within = (start, end)
        shifts = Shift.objects.filter(desk=desk, during__overlap=within).select_related("officer")
        people = {shift.officer_id: shift.officer for shift in shifts}
        self.shifts = _by_officer(shifts)
        booked = (
            Appointment.objects.filter(
                Q(desk=desk) | Q(officer__in=list(people)),
                Q(status__in=(*Appointment.LIVE, Status.ENDED))
                | Q(status=Status.HELD, held_until__gt=at),
                occupies__overlap=within,
            )
            .select_related("incident", "contact", "officer")
            .defer(
                *(f"incident__{name}" for name in UNREAD),
                *(f"contact__{name}" for name in ("phone", "email", "address", "needs")),
                "contact__date_of_birth",
            )
            .order_by("during")
        )
        self.booked = _by_officer(booked)
        for one in booked:
            if one.desk_id == desk.pk:
                people.setdefault(one.officer_id, one.officer)
        self.officers = sorted(people.values(), key=lambda one: (one.last_name, one.first_name))
        self.absences = _by_officer(
            Absence.objects.filter(officer__in=list(people), ended_at=None, during__overlap=within)
        )
        self.here = rooms.here_now([one for one in booked if one.status == Status.WAITING], at)
        self.open = self._openings()
        self.clocks = {}  # thousands of cells stand below a hundred times

    def _openings(self):
        special = {one.on: one for one in DeskDay.objects.filter(desk=self.desk)}
        usual = hours.openings(self.desk, self.start, self.end) if self.desk.is_active else []
        found = []
        for each in usual:
            pair = (each.begins, each.ends)
            if each.on in special:
                pair = _own(special[each.on])
            if pair[0] < pair[1]:
                found.append(pair)
        return found

    def drawn(self, on):
        """From which whole hour to which the day is drawn."""
        first = local_time.from_local(on, time(FIRST_HOUR))
        last = local_time.from_local(on, time(LAST_HOUR))
        pairs = [
            pair
            for officer in self.officers
            for pair in _less(self._worked(officer), self._away(officer))
        ]
        pairs += [_pair(one.during) for found in self.booked.values() for one in found]
        for lower, upper in pairs:
            first = min(first, max(lower, self.start))
            last = max(last, min(upper, self.end))
        whole = timedelta(hours=1)
        return (
            max(first - (first - self.start) % whole, self.start),
            min(last + (self.start - last) % whole, self.end),
        )

    def line(self, officer, begins, ends):
        line = self.count(Line(officer), self.start, self.end)
        worked = self._worked(officer)
        away = self._away(officer)
        booked = self.booked.get(officer.pk, ())
        moment = begins
        while moment < ends:
            upper = moment + STEP
            card = next((one for one in booked if _touches(_pair(one.during), moment, upper)), None)
            if card is not None and card.desk_id == self.desk.pk:
                span = _columns(moment, min(card.during.upper, ends))
                line.cells.append(Cell("card", moment, self._clock(moment), span, card))
                line.cells[-1].is_here = card.pk in self.here
                moment = line.cells[-1].ends
                continue
            if card is not None:
                kind, says = "elsewhere", "At another desk"
            elif any(_touches(pair, moment, upper) for pair in away):
                kind, says = "away", "Away"
            elif any(_touches(_pair(one.occupies), moment, upper) for one in booked):
                kind, says = "gap", "Between two talks"
            elif any(lower <= moment and upper <= end for lower, end in worked):
                kind, says = "free", "Free"
            else:
                kind, says = "off", "Not rostered"
            last = line.cells[-1] if line.cells else None
            # What nobody can be dropped on is drawn in one piece.
            if last and last.kind == kind and kind != "free" and last.ends == moment:
                last.span += 1
            else:
                line.cells.append(Cell(kind, moment, self._clock(moment), says=says))
            moment = upper
        return line

    def _clock(self, moment):
        if moment not in self.clocks:
            self.clocks[moment] = f"{local_time.local(moment):%H:%M}"
        return self.clocks[moment]

    def count(self, line, start, end):
        """The line with its slots between two moments."""
        length = timedelta(minutes=self.desk.slot_minutes + self.desk.buffer_minutes)
        worked = [pair for pair in self._worked(line.officer) if pair[0] < end and pair[1] > start]
        worked = [(max(lower, start), min(upper, end)) for lower, upper in worked]
        worked = _less(worked, self._away(line.officer))
        booked = [
            one for one in self.booked.get(line.officer.pk, ()) if start <= one.during.lower < end
        ]
        taken = [_pair(one.occupies) for one in self.booked.get(line.officer.pk, ())]
        ahead = [(max(lower, self.at), upper) for lower, upper in worked if upper > self.at]
        line.rostered = sum((upper - lower) // length for lower, upper in worked)
        line.booked = sum(one.desk_id == self.desk.pk for one in booked)
        line.free = sum((upper - lower) // length for lower, upper in _less(ahead, taken))
        return line

    def figures(self, on, lines):
        return Figures(
            on,
            rostered=sum(line.rostered for line in lines),
            booked=sum(line.booked for line in lines),
            free=sum(line.free for line in lines),
        )

    def _away(self, officer):
        return [_pair(one.during) for one in self.absences.get(officer.pk, ())]

    def _worked(self, officer):
        """When the officer sits at the open desk: pairs in order, touching ones joined."""
        found = []
        for shift in sorted(self.shifts.get(officer.pk, ()), key=lambda one: one.during.lower):
            for lower, upper in self.open:
                begin, end = max(shift.during.lower, lower), min(shift.during.upper, upper)
                if begin >= end:
                    continue
                if found and begin <= found[-1][1]:
                    found[-1] = (found[-1][0], max(found[-1][1], end))
                else:
                    found.append((begin, end))
        return found


def _by_officer(rows):
    found = {}
    for row in rows:
        found.setdefault(row.officer_id, []).append(row)
    return found


def _pair(during):
    return during.lower, during.upper


def _touches(pair, lower, upper):
    return pair[0] < upper and pair[1] > lower


def _columns(lower, upper):
    return max(-(-(upper - lower) // STEP), 1)


def _less(pairs, taken):
    """The pairs without what is taken."""
    for lower, upper in taken:
        left = []
        for begin, end in pairs:
            if lower >= end or upper <= begin:
                left.append((begin, end))
                continue
            if begin < lower:
                left.append((begin, lower))
            if upper < end:
                left.append((upper, end))
        pairs = left
    return pairs


def _own(one):
    if one.opens is None:
        midnight = hours.moment(one.on, 0)
        return midnight, midnight
    opens, closes = (each.hour * 60 + each.minute for each in (one.opens, one.closes))
    closes = closes if closes > opens else closes + 24 * 60
    return hours.moment(one.on, opens), hours.moment(one.on, closes)


def _headings(begins, ends):
    found, moment = [], begins
    while moment < ends:
        upper = min(moment + timedelta(hours=1), ends)
        found.append(Hour(moment, _columns(moment, upper)))
        moment = upper
    return found
