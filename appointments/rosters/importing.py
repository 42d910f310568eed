"""Shifts from a spreadsheet: everything wrong is shown by line and column before anything changes.

``read`` looks and writes only what it found; ``apply`` adds the shifts in one transaction, with the
officers locked as booking locks them, and looks again first.
"""

import csv
import hashlib
import io
import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from appointments import rooms
from appointments.models import Desk, Shift
from appointments.rosters import hours, losses
from appointments.rosters.models import Import
from appointments.rosters.shifts import LONGEST
from victimcontact.accounts.models import User
from victimcontact.audit import ledger
from victimcontact.lib import local_time

MOST_BYTES = 2 * 1024 * 1024
MOST_LINES = 20_000
MOST_PROBLEMS = 500  # shown; the rest are counted
FURTHEST = timedelta(days=400)
COLUMNS = {
    "officer": ("officer", "collar number", "collar_number", "collar", "username"),
    "desk": ("desk", "team"),
    "date": ("date", "day", "on"),
    "start": ("start", "from", "begins", "start time"),
    "end": ("end", "until", "to", "ends", "end time", "finish"),
}
_DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})|(\d{4})-(\d{2})-(\d{2})")


class NotATable(ValueError):
    """The file is no table of shifts at all; the message says why, for people."""


class NotReady(Exception):
    """There is something wrong with the file, or it was applied: ``found`` is the Import."""

    def __init__(self, found):
        super().__init__("The import cannot be applied.")
        self.found = found


@dataclass(frozen=True)
class Line:
    """One good line."""

    number: int
    officer_id: str
    desk_id: str
    during: DateTimeTZRange


def read(*, force, name: str, data: bytes, by, at: datetime) -> Import:
    """Look at a file and keep what it would do. Nothing in the roster changes.

    Takes what Excel saves: UTF-8 with or without its mark, Windows-1252, UTF-16; commas,
    semicolons or tabs; 31/12/2026 or 2026-12-31; 7:00, 07.00, 24:00. An end at or before the start
    is on the next day. Raises NotATable.
    """
    rows = _rows(data)
    lines, problems = _lines(force, rows, at)
    new, unchanged, clashes = _compare(lines)
    problems = sorted([*problems, *clashes])
    found = Import.objects.create(
        force=force,
        name=name[:120],
        sha256=hashlib.sha256(data).hexdigest(),
        shifts=[_kept(line) for line in new] if not problems else [],
        lines=len(rows) - 1,
        unchanged=unchanged,
        problems=problems,
        read_by=by,
        read_at=at,
    )
    ledger.record(
        "roster.read", by=by, about=found, at=at, lines=found.lines, problems=len(problems)
    )
    return found


@transaction.atomic
def apply(import_id, *, by, at: datetime) -> Import:
    """Add every shift of an Import, or none. Applied twice, it adds once.

    The roster may have changed since the file was read: it is compared again with the officers
    locked, and what clashes now is shown. Raises NotReady.
    """
    found = Import.objects.select_for_update().get(pk=import_id)
    if found.applied_at:
        return found
    if found.problems:
        raise NotReady(found)
    lines = [_restored(each) for each in found.shifts]
    losses.lock_officers({line.officer_id for line in lines})
    new, _, clashes = _compare(lines)
    if not clashes:
        try:
            with transaction.atomic():
                Shift.objects.bulk_create(
                    [
                        Shift(desk_id=each.desk_id, officer_id=each.officer_id, during=each.during)
                        for each in new
                    ],
                    batch_size=1000,
                )
        except IntegrityError:  # put there just now by somebody who takes no lock
            clashes = [[0, "", "The roster changed while this was applied: read the file again"]]
    if clashes:
        raise NotReady(Import(pk=found.pk, name=found.name, problems=clashes))
    found.applied_at, found.applied_by, found.added = at, by, len(new)
    found.save(update_fields=["applied_at", "applied_by", "added"])
    ledger.record("roster.imported", by=by, about=found, at=at, shifts=len(new))
    return found


def _rows(data):
    """[(line number, cells)] of the file, its headings first."""
    if len(data) > MOST_BYTES:
        raise NotATable("The file is larger than 2 MB. Import a few months at a time")
    text = _text(data)
    lines = text.splitlines()
    first, delimiter = 1, None
    if lines and re.fullmatch(r"sep=.", lines[0].strip().strip('"')):
        # Excel's own hint.
        delimiter, first = lines[0].strip().strip('"')[-1], 2
        text = text.split("\n", 1)[1] if "\n" in text else ""
    if delimiter is None:
        head = next((line for line in lines if line.strip()), "")
        delimiter = max(";,\t", key=head.count)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        found = []
        for cells in reader:
            if any(cell.strip() for cell in cells):
                found.append((reader.line_num + first - 1, [cell.strip() for cell in cells]))
            if len(found) > MOST_LINES:
                raise NotATable(f"The file has more than {MOST_LINES:,} lines")
    except csv.Error as error:
        raise NotATable("The file is not a table. Save it as CSV and try again") from error
    if not found:
        raise NotATable("The file is empty")
    return found


def _text(data):
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError as error:
            raise NotATable("The file is damaged. Save it as CSV and try again") from error
    if b"\0" in data:
        raise NotATable("The file is not a table. Save the spreadsheet as CSV and try again")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _lines(force, rows, at):
    """([Line], [[line, column, problem]]) of everything below the headings."""
    names = [" ".join(cell.casefold().split()) for cell in rows[0][1]]
    where = {
        key: next((names.index(name) for name in accepted if name in names), None)
        for key, accepted in COLUMNS.items()
    }
    missing = [key for key, index in where.items() if index is None]
    if missing:
        raise NotATable(
            "The first line must name the columns officer, desk, date, start and end. Missing: "
            + ", ".join(missing)
        )
    reader = _Reader(force, at)
    lines, problems = [], []
    for number, cells in rows[1:]:
        values = {key: cells[index] if index < len(cells) else "" for key, index in where.items()}
        line = reader.line(number, values)
        lines += [line] if isinstance(line, Line) else []
        problems += [] if isinstance(line, Line) else line
    return lines, problems


class _Reader:
    def __init__(self, force, at):
        self.today = local_time.local(at).date()
        people = User.objects.filter(
            forces=force, is_active=True, roles__overlap=rooms.MAY_ENTER
        ).only("pk", "username", "collar_number")
        self.officers = defaultdict(set)
        for person in people:
            for name in (person.username, person.collar_number):
                if name:
                    self.officers[name.casefold()].add(person.pk)
        self.desks = {}
        for desk in Desk.objects.filter(force=force, is_active=True):
            self.desks[desk.slug.casefold()] = self.desks[desk.name.casefold()] = desk.pk

    def line(self, number, values):
        """A Line, or a list of problems."""
        problems = []

        def wrong(column, text):
            problems.append([number, column, text])

        said = {key: value[:40] for key, value in values.items()}
        for key, value in values.items():
            if not value:
                wrong(key, f"Enter the {key}")
        officers = self.officers.get(values["officer"].casefold(), ())
        if values["officer"] and not officers:
            wrong("officer", f"No officer of the diary has the number or name “{said['officer']}”")
        elif len(officers) > 1:
            wrong("officer", f"More than one officer is “{said['officer']}”: use the sign-in name")
        desk = self.desks.get(values["desk"].casefold())
        if values["desk"] and desk is None:
            wrong("desk", f"There is no desk “{said['desk']}”")
        day = self.day(values["date"], wrong) if values["date"] else None
        clock = {}
        for key in ("start", "end"):
            if values[key]:
                try:
                    clock[key] = hours.minutes(values[key])
                except hours.NoSuchHour:
                    wrong(key, f"“{said[key]}” is not a time, as 07:00")
        if clock.get("start") == 24 * 60:
            wrong("start", "Enter 00:00 on the day after, not 24:00")
        during = None
        if day and len(clock) == 2 and not problems:
            during = self.during(day, clock["start"], clock["end"], wrong)
        if problems:
            return problems
        return Line(number, str(next(iter(officers))), str(desk), during)

    def day(self, text, wrong):
        found = _DAY.fullmatch(text.split(" ")[0])
        try:
            if not found:
                raise ValueError
            if found[3]:
                day = date(int(found[3]), int(found[2]), int(found[1]))
            else:
                day = date(int(found[4]), int(found[5]), int(found[6]))
        except ValueError:
            wrong("date", f"“{text[:40]}” is not a date, as 31/12/2026")
            return None
        if day < self.today:
            wrong("date", f"{day:%d/%m/%Y} is over")
        elif day - self.today > FURTHEST:
            wrong("date", f"{day:%d/%m/%Y} is more than {FURTHEST.days} days ahead")
        else:
            return day
        return None

    def during(self, day, start, end, wrong):
        if end <= start:
            end += 24 * 60
        bounds = []
        for key, after_midnight in (("start", start), ("end", end)):
            on, minutes = day + timedelta(days=after_midnight // 1440), after_midnight % 1440
            found = local_time.instants(on, time(*divmod(minutes, 60)))
            if not found:
                wrong(key, f"The clocks go forward: there is no such time on {on:%d/%m/%Y}")
                return None
            # Of an hour that comes twice: a shift begins with the first and ends with the second.
            bounds.append(found[0] if key == "start" else found[-1])
        if bounds[1] - bounds[0] > LONGEST:
            wrong("end", f"The shift is longer than {LONGEST.seconds // 3600} hours")
            return None
        return DateTimeTZRange(*bounds)


def _compare(lines):
    """(new lines, how many stand already, [[line, column, problem]]) against each other and now."""
    problems, kept, unchanged = [], [], 0
    by_officer = defaultdict(list)
    for line in lines:
        by_officer[line.officer_id].append(line)
    known = defaultdict(list)
    if lines:
        first = min(line.during.lower for line in lines)
        last = max(line.during.upper for line in lines)
        for shift in Shift.objects.filter(
            officer__in=list(by_officer), during__overlap=DateTimeTZRange(first, last)
        ).select_related("desk"):
            known[str(shift.officer_id)].append(shift)
    for officer_id, theirs in by_officer.items():
        theirs.sort(key=lambda line: (line.during.lower, line.number))
        standing = sorted(known[officer_id], key=lambda shift: shift.during.lower)
        same = {(shift.during.lower, shift.during.upper, str(shift.desk_id)) for shift in standing}
        before, begin = None, 0
        for line in theirs:
            lower, upper = line.during.lower, line.during.upper
            if before and lower < before.during.upper:
                text = f"Overlaps line {before.number}: one officer cannot work two shifts at once"
                if (before.during, before.desk_id) == (line.during, line.desk_id):
                    text = f"The same shift as line {before.number}"
                problems.append([line.number, "start", text])
                continue
            before = line
            if (lower, upper, line.desk_id) in same:
                unchanged += 1
                continue
            while begin < len(standing) and standing[begin].during.upper <= lower:
                begin += 1
            clash = standing[begin] if begin < len(standing) else None
            if clash and clash.during.lower < upper:
                begins = local_time.staff_time(clash.during.lower)
                ends = f"{local_time.local(clash.during.upper):%H:%M}"
                problems.append(
                    [line.number, "start", f"Works at {clash.desk} from {begins} to {ends} already"]
                )
                continue
            kept.append(line)
    return sorted(kept, key=lambda line: line.number), unchanged, sorted(problems)


def _kept(line):
    lower, upper = line.during.lower.isoformat(), line.during.upper.isoformat()
    return [line.number, line.officer_id, line.desk_id, lower, upper]


def _restored(kept):
    number, officer_id, desk_id, lower, upper = kept
    during = DateTimeTZRange(datetime.fromisoformat(lower), datetime.fromisoformat(upper))
    return Line(number, officer_id, desk_id, during)
