"""When a desk is open on a day, by London's clock: what ``Desk.hours`` says."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from appointments.models.desk import HOLIDAY, WEEKDAYS
from victimcontact.lib.local_time import LONDON, instants
from victimcontact.lib.working_days import BANK_HOLIDAYS

DAY = timedelta(days=1)
_CLOCK = re.compile(r"(?P<hour>[01]?\d|2[0-4])[:.](?P<minute>[0-5]\d)")


class NoSuchHour(ValueError):
    """Not a time of day between 00:00 and 24:00."""


@dataclass(frozen=True)
class Opening:
    """One day of a desk: ``begins`` and ``ends`` in UTC, equal where it is closed."""

    on: date
    begins: datetime
    ends: datetime

    @property
    def is_closed(self):
        return self.begins >= self.ends


def minutes(text: str) -> int:
    """ "08:30" as minutes after midnight; "24:00" is 1440. Raises NoSuchHour."""
    found = _CLOCK.fullmatch(text.strip())
    if not found or (found["hour"] == "24" and found["minute"] != "00"):
        raise NoSuchHour(text)
    return int(found["hour"]) * 60 + int(found["minute"])


def moment(on: date, after_midnight: int) -> datetime:
    """The moment (UTC) of so many minutes of the wall clock after midnight of ``on``.

    What the clocks jump over is the moment at which they jump; of an hour shown twice it is the
    first. Minutes past 1440 are on the next day.
    """
    days, rest = divmod(after_midnight, 24 * 60)
    day = on + days * DAY
    found = instants(day, time(*divmod(rest, 60)))
    # Source of the hour: Summer Time Act 1972 and the Order of 2002: one o'clock, Greenwich.
    return found[0] if found else datetime.combine(day, time(1), tzinfo=UTC)


def said(desk, on: date) -> tuple[int, int] | None:
    """(opens, closes) in minutes after midnight of ``on``, or None where the desk is closed.

    The end is past 1440 where it is on the next day. A DeskDay of that date comes before this.
    """
    key = HOLIDAY if on in BANK_HOLIDAYS and HOLIDAY in desk.hours else WEEKDAYS[on.weekday()]
    if key in desk.hours:
        if not desk.hours[key]:
            return None
        opens, closes = (minutes(text) for text in desk.hours[key])
    else:
        opens, closes = (one.hour * 60 + one.minute for one in (desk.opens, desk.closes))
    return opens, closes if closes > opens else closes + 24 * 60


def openings(desk, since: datetime, until: datetime) -> list[Opening]:
    """Each day of London's calendar from the one before ``since`` to the one after ``until``."""
    day, last = (each.astimezone(LONDON).date() for each in (since, until))
    day, last, found = day - DAY, last + DAY, []
    while day <= last:
        hours = said(desk, day) or (0, 0)
        found.append(Opening(day, *(moment(day, each) for each in hours)))
        day += DAY
    return found
