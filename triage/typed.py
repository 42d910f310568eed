"""Dates and times as people type them while somebody talks."""

import re
from datetime import date, time, timedelta

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_DATE = re.compile(r"^(\d{1,2})[\s/.\-]+(\d{1,2}|[a-z]{3,9})[\s/.\-]+(\d{4}|\d{2})$")
_ISO = re.compile(r"^(\d{4})-(\d{1,2})-(\d{1,2})$")
_TIME = re.compile(r"^(\d{1,2})(?:[:.h]?(\d{2}))?\s*(am|pm)?$")


def read_date(text: str, *, today: date) -> date:
    """ "27/3/1985", "27 march 1985", "1985-03-27", "today" or "yesterday". Raises ValueError.

    A year of two digits is the last such year that is not in the future.
    """
    plain = " ".join(text.strip().lower().split())
    if plain in ("today", "yesterday"):
        return today - timedelta(days=plain == "yesterday")
    if found := _ISO.match(plain):
        return date(*map(int, found.groups()))
    found = _DATE.match(plain)
    if not found:
        raise ValueError("not a date")
    day, month, year = found.groups()
    if not month.isdigit():
        if month[:3] not in _MONTHS:
            raise ValueError("not a month")
        month = _MONTHS.index(month[:3]) + 1
    number = int(year)
    if len(year) == 2:
        century = today.year - today.year % 100
        number += century if century + number <= today.year else century - 100
    return date(number, int(month), int(day))


def read_time(text: str) -> time:
    """ "14:30", "1430", "2.30pm" or "2pm". Raises ValueError."""
    found = _TIME.match(text.strip().lower().replace(" ", ""))
    if not found:
        raise ValueError("not a time")
    hour, minute, half = int(found[1]), int(found[2] or 0), found[3]
    if half:
        if not 1 <= hour <= 12:
            raise ValueError("not an hour")
        hour = hour % 12 + (12 if half == "pm" else 0)
    elif found[2] is None:
        raise ValueError("say morning or afternoon, or the minutes too")
    return time(hour, minute)


def age_on(born: date, day: date) -> int:
    """Whole years on ``day``."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
