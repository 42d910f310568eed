"""Single shifts: added, changed, taken away; and the patterns that make them weeks ahead."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from appointments.models import Shift
from appointments.rosters import hours, losses
from appointments.rosters.models import PatternMember
from victimcontact.audit import ledger
from victimcontact.lib.local_time import local

WEEKS_AHEAD = 6
LONGEST = timedelta(hours=16)
MOST_DAYS = 60  # of a pattern's cycle


class Overlaps(Exception):
    """The officer has another shift then: ``shift``."""

    def __init__(self, shift):
        super().__init__("The officer has another shift then.")
        self.shift = shift


class BadDay(ValueError):
    """A day of a pattern that is neither empty nor two times, as 07:00-15:00."""


@transaction.atomic
def add(*, desk, officer, during: DateTimeTZRange, by, at: datetime) -> Shift:
    """A shift at a desk. The same one again is the one that stands. Raises Overlaps."""
    losses.lock_officers([officer])
    shift = _put(Shift(desk=desk, officer=officer, during=during))
    if shift is None:
        return Shift.objects.get(desk=desk, officer=officer, during=during)
    ledger.record("shift.added", by=by, about=shift, at=at)
    return shift


@transaction.atomic
def change(shift_id, *, desk, during: DateTimeTZRange, by, at: datetime) -> Shift:
    """Give a shift other times or another desk. What it no longer covers: see ``losses``.

    Raises Overlaps.
    """
    shift = _locked(shift_id)
    shift.desk, shift.during = desk, during
    _check_free(shift)
    shift.save(update_fields=["desk", "during"])
    ledger.record("shift.changed", by=by, about=shift, at=at)
    return shift


@transaction.atomic
def remove(shift_id, *, by, at: datetime) -> None:
    """Take a shift away. A pattern does not bring it back."""
    shift = _locked(shift_id)
    ledger.record("shift.removed", by=by, about=shift, at=at)
    shift.delete()


def read_day(text: str) -> tuple[int, int] | None:
    """ "22:00-07:00" as minutes after midnight (1320, 1860); None for a rest day. Raises BadDay."""
    if not text.strip():
        return None
    begins, dash, ends = text.partition("-")
    try:
        first, last = hours.minutes(begins), hours.minutes(ends)
    except hours.NoSuchHour as error:
        raise BadDay(text) from error
    if not dash or first == 24 * 60:
        raise BadDay(text)
    if last <= first:
        last += 24 * 60
    if timedelta(minutes=last - first) > LONGEST:
        raise BadDay(text)
    return first, last


def on_day(member, day: date) -> DateTimeTZRange | None:
    """What the pattern has for this member on ``day``, or None: rest, or not theirs any more."""
    if day < member.begins_on or (member.ends_on and day > member.ends_on):
        return None
    cycle = member.pattern.days
    read = read_day(cycle[(day - member.begins_on).days % len(cycle)])
    return DateTimeTZRange(*(hours.moment(day, each) for each in read)) if read else None


@dataclass(frozen=True)
class Expanded:
    """How many shifts were made, and the days left out since the officer has another shift."""

    added: int
    left_out: list[date]


@transaction.atomic
def expand(member_id, *, until: date, at: datetime, by=None) -> Expanded:
    """Make the member's shifts from where it last stopped, or today, to ``until``, each once.

    A day on which the officer has another shift is left out: what a person entered stands.
    """
    officer_id = PatternMember.objects.values_list("officer_id", flat=True).get(pk=member_id)
    losses.lock_officers([officer_id])
    member = PatternMember.objects.select_related("pattern__desk", "officer").get(pk=member_id)
    day = max(member.begins_on, local(at).date())
    if member.expanded_to:
        day = max(day, member.expanded_to + timedelta(days=1))
    added, left_out = 0, []
    while day <= until:
        during = on_day(member, day)
        if during is not None:
            try:
                shift = Shift(desk=member.pattern.desk, officer=member.officer, during=during)
                added += _put(shift) is not None
            except Overlaps:
                left_out.append(day)
        day += timedelta(days=1)
    if member.expanded_to is None or member.expanded_to < until:
        member.expanded_to = until
        member.save(update_fields=["expanded_to"])
    if added or left_out:
        ledger.record(
            "roster.expanded", by=by, about=member, at=at, shifts=added, left_out=len(left_out)
        )
    return Expanded(added, left_out)


def expand_all(*, at: datetime) -> int:
    """What the clock does each night: every pattern reaches WEEKS_AHEAD. Returns shifts made."""
    until = local(at).date() + timedelta(weeks=WEEKS_AHEAD)
    behind = PatternMember.objects.filter(officer__is_active=True, pattern__desk__is_active=True)
    members = behind.exclude(expanded_to__gte=until).exclude(ends_on__lt=local(at).date())
    return sum(
        expand(pk, until=until, at=at).added
        for pk in members.order_by("pk").values_list("pk", flat=True)
    )


@transaction.atomic
def join(*, pattern, officer, begins_on: date, by, at: datetime) -> tuple[PatternMember, Expanded]:
    """Let an officer work a pattern from a date on: that is the first day of its cycle."""
    member = PatternMember.objects.create(pattern=pattern, officer=officer, begins_on=begins_on)
    ledger.record("roster.joined", by=by, about=member, at=at)
    until = local(at).date() + timedelta(weeks=WEEKS_AHEAD)
    return member, expand(member.pk, until=until, at=at, by=by)


@transaction.atomic
def leave(member_id, *, last_on: date, by, at: datetime) -> int:
    """End a membership after ``last_on``: its later shifts go, those entered otherwise stay.

    Returns how many went. What was booked on them: see ``losses``.
    """
    officer_id = PatternMember.objects.values_list("officer_id", flat=True).get(pk=member_id)
    losses.lock_officers([officer_id])
    member = PatternMember.objects.select_related("pattern").get(pk=member_id)
    last_on = max(last_on, member.begins_on)
    day, gone = max(last_on, local(at).date()) + timedelta(days=1), 0
    while member.expanded_to and day <= member.expanded_to:
        during = on_day(member, day)
        if during is not None:
            same = Shift.objects.filter(
                officer_id=officer_id, desk=member.pattern.desk_id, during=during
            )
            gone += same.delete()[0]
        day += timedelta(days=1)
    member.ends_on = last_on
    member.save(update_fields=["ends_on"])
    ledger.record("roster.left", by=by, about=member, at=at, shifts=gone)
    return gone


def _locked(shift_id):
    losses.lock_officers([Shift.objects.values_list("officer_id", flat=True).get(pk=shift_id)])
    return Shift.objects.select_related("desk", "officer").get(pk=shift_id)


def _check_free(shift):
    other = Shift.objects.filter(officer=shift.officer, during__overlap=shift.during)
    other = other.exclude(pk=shift.pk).select_related("desk").first()
    if other:
        raise Overlaps(other)


def _put(shift):
    """Save a new shift; None where the very same one stands. The officer is locked."""
    other = Shift.objects.filter(officer=shift.officer, during__overlap=shift.during)
    other = other.select_related("desk").first()
    if other and (other.desk_id, other.during) == (shift.desk.pk, shift.during):
        return None
    if other:
        raise Overlaps(other)
    try:
        with transaction.atomic():
            shift.save(force_insert=True)
    except IntegrityError as error:  # put there by somebody who takes no lock
        raise Overlaps(shift) from error
    return shift
