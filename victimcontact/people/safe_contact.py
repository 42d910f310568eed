"""May this person be contacted this way, at this moment, in these words?

Pure rules: plain values in, an answer out. No database, clock or settings, so that every hour of a
year can be tried. Whatever the plan does not clearly allow is held for a person to decide.

Source: safe contact practice for domestic abuse (SafeLives, NNEDV): ask which channel and hours are
safe, take nothing for granted, and check again at every contact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
MINUTES_IN_DAY = 24 * 60

# Whoever sees the phone sees these, on its locked screen too.
ON_THE_PHONE = frozenset({"sms", "whatsapp", "messenger"})
# A provider needs a moment to deliver; a text started in the last minute arrives too late.
CLOSING_MARGIN = timedelta(minutes=1)


class Contactable(StrEnum):
    """What the person said about being contacted at all."""

    NOT_ASKED = "not_asked"
    AS_BELOW = "as_below"
    NO_CONTACT = "no_contact"


class Safety(StrEnum):
    """What is known of one channel. Unknown counts as unsafe."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    UNKNOWN = "unknown"


class Wording(StrEnum):
    """Neutral words say nothing of the police; named ones may."""

    NEUTRAL = "neutral"
    NAMED = "named"


class Reason(StrEnum):
    """Why something is held."""

    NO_PLAN = "no_plan"
    NOT_ASKED = "not_asked"
    DO_NOT_CONTACT = "do_not_contact"
    PLAN_EXPIRED = "plan_expired"
    PLAN_UNREADABLE = "plan_unreadable"
    CHANNEL_UNSAFE = "channel_unsafe"
    CHANNEL_UNKNOWN = "channel_unknown"
    PHONE_WATCHED = "phone_watched"
    NO_SAFE_HOURS = "no_safe_hours"
    WORDING_NOT_AGREED = "wording_not_agreed"


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of local time on some weekdays.

    ``days`` counts Monday as 0. ``start`` and ``end`` are minutes after local midnight, the end
    exclusive; 1440 is midnight at the day's end. An end at or before the start belongs to the next
    day.
    """

    days: frozenset[int]
    start: int
    end: int

    def __post_init__(self) -> None:
        if not self.days or not self.days <= set(range(7)):
            raise ValueError("days are numbers from 0 (Monday) to 6 (Sunday)")
        if not (0 <= self.start < MINUTES_IN_DAY and 0 < self.end <= MINUTES_IN_DAY):
            raise ValueError("start is 0–1439 and end 1–1440, in minutes after midnight")

    @classmethod
    def read(cls, entry: Mapping) -> Window:
        """Make a Window of ``{"days": [0], "from": "09:00", "to": "17:00"}``.

        Raises ValueError for anything else.
        """
        try:
            days, start, end = entry["days"], entry["from"], entry["to"]
            return cls(frozenset(days), _minute(start), _minute(end))
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("a window has days, from and to") from error

    def holds(self, weekday: int, minute: int) -> bool:
        """Whether the local ``weekday`` and ``minute`` of that day are inside."""
        if self.start < self.end:
            return weekday in self.days and self.start <= minute < self.end
        late = weekday in self.days and minute >= self.start
        early = (weekday - 1) % 7 in self.days and minute < self.end
        return late or early


@dataclass(frozen=True, slots=True)
class Plan:
    """What was agreed with the person, as values.

    ``channels`` maps "sms", "whatsapp" … to a Safety; a channel not named is unknown. ``windows``
    empty means at any hour.
    """

    contactable: Contactable = Contactable.NOT_ASKED
    channels: Mapping[str, Safety] = field(default_factory=dict)
    windows: tuple[Window, ...] = ()
    wording: Wording = Wording.NEUTRAL
    phone_watched: bool = False
    expires_at: datetime | None = None

    @classmethod
    def read(cls, record) -> Plan:
        """Make a Plan of a ContactPlan row, or of anything with the same attributes.

        Raises ValueError when its hours or words cannot be understood.
        """
        return cls(
            contactable=Contactable(record.safe),
            channels={name: Safety(safety) for name, safety in record.channels.items()},
            windows=tuple(Window.read(entry) for entry in record.windows),
            wording=Wording(record.wording),
            phone_watched=record.phone_watched,
            expires_at=record.expires_at,
        )


@dataclass(frozen=True, slots=True)
class Allowed:
    """Send now. ``until`` is when it stops being safe (None: nothing ends it)."""

    until: datetime | None


@dataclass(frozen=True, slots=True)
class NotBefore:
    """Not at this hour; ``at`` (aware, UTC) is the first moment that would be allowed."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """Not at all until a person has decided."""

    reason: Reason


def check(
    plan: Plan | None,
    *,
    channel: str,
    at: datetime,
    wording: Wording = Wording.NEUTRAL,
) -> Allowed | NotBefore | Held:
    """Answer whether ``plan`` allows ``channel`` with ``wording`` at the aware moment ``at``.

    Without a plan, or with one in which nobody has asked yet, everything is held: in domestic
    abuse, stalking and honour-based abuse the wrong reader of a text may be what gets them hurt,
    and no other flag says that the reader is the right one.
    """
    reason = _standing_obstacle(plan, channel, at, wording)
    if reason is not None:
        return Held(reason)
    if not plan.windows:
        return Allowed(until=plan.expires_at)

    windows = plan.windows
    closes = _next_change(windows, at, to_open=False) if _is_open(windows, at) else at
    if closes is None or closes - at > CLOSING_MARGIN:
        ends = [end for end in (closes, plan.expires_at) if end is not None]
        return Allowed(until=min(ends, default=None))
    opens = _next_change(windows, closes, to_open=True)
    if opens is None:
        return Held(Reason.NO_SAFE_HOURS)
    # Open for less than the margin and nothing else all week: no hour to wait for.
    shuts = _next_change(windows, opens, to_open=False)
    if shuts is not None and shuts - opens <= CLOSING_MARGIN:
        return Held(Reason.NO_SAFE_HOURS)
    if plan.expires_at is not None and plan.expires_at <= opens:
        return Held(Reason.PLAN_EXPIRED)
    return NotBefore(at=opens)


def _standing_obstacle(plan, channel, at, wording) -> Reason | None:
    """What stands in the way at any hour."""
    if plan is None:
        return Reason.NO_PLAN
    if plan.contactable == Contactable.NO_CONTACT:
        return Reason.DO_NOT_CONTACT
    if plan.contactable != Contactable.AS_BELOW:
        return Reason.NOT_ASKED
    if plan.expires_at is not None and plan.expires_at <= at:
        return Reason.PLAN_EXPIRED
    safety = plan.channels.get(channel, Safety.UNKNOWN)
    if safety == Safety.UNSAFE:
        return Reason.CHANNEL_UNSAFE
    if safety != Safety.SAFE:
        return Reason.CHANNEL_UNKNOWN
    if plan.phone_watched and channel in ON_THE_PHONE:
        return Reason.PHONE_WATCHED
    if wording == Wording.NAMED and (plan.phone_watched or plan.wording != Wording.NAMED):
        return Reason.WORDING_NOT_AGREED
    return None


def _is_open(windows: Iterable[Window], at: datetime) -> bool:
    local = at.astimezone(LONDON)
    minute = local.hour * 60 + local.minute
    return any(window.holds(local.weekday(), minute) for window in windows)


def _next_change(windows: Iterable[Window], at: datetime, *, to_open: bool) -> datetime | None:
    """The first moment from ``at`` on that is open (or shut), looking eight days ahead."""
    windows = tuple(windows)
    if _is_open(windows, at) == to_open:
        return at.astimezone(UTC)
    moments = sorted(moment for moment in _edges(windows, at) if moment > at)
    return next((moment for moment in moments if _is_open(windows, moment) == to_open), None)


def _edges(windows: Iterable[Window], at: datetime) -> Iterator[datetime]:
    """Every moment near ``at`` at which a window could open or shut, in UTC."""
    today = at.astimezone(LONDON).date()
    minutes = {edge % MINUTES_IN_DAY for window in windows for edge in (window.start, window.end)}
    for days in range(-1, 9):
        day = today + timedelta(days=days)
        # British clocks change at 01:00 UTC: the wall clock can jump over an edge, or back to it.
        yield datetime.combine(day, time(1), UTC)
        for minute in minutes:
            yield from _moments(day, minute)


def _moments(day: date, minute: int) -> tuple[datetime, datetime]:
    """The local minute of a day in UTC; two moments where the hour is doubled."""
    local = datetime.combine(day, time(minute // 60, minute % 60), LONDON)
    return local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)


def _minute(text: str) -> int:
    """ "09:30" as minutes after midnight; "24:00" is the day's end. Raises ValueError."""
    hours, _, minutes = text.partition(":")
    if not (hours.isdigit() and len(minutes) == 2 and minutes.isdigit() and int(minutes) < 60):
        raise ValueError("hours are written 09:30")
    return int(hours) * 60 + int(minutes)
