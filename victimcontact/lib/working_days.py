"""Working days of England and Wales: what "within five working days" means on a calendar.

Counted on London's dates, so a clock change adds or takes nothing. The day of the event is day 0.

Source of the holidays: Banking and Financial Dealings Act 1971 and the proclamations under it; a
holiday at a weekend is kept on the next working day. A day proclaimed later is added to the table.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")

BANK_HOLIDAYS = {  # every one from 2025 to 2028
    date(2025, 1, 1): "New Year's Day",
    date(2025, 4, 18): "Good Friday",
    date(2025, 4, 21): "Easter Monday",
    date(2025, 5, 5): "Early May bank holiday",
    date(2025, 5, 26): "Spring bank holiday",
    date(2025, 8, 25): "Summer bank holiday",
    date(2025, 12, 25): "Christmas Day",
    date(2025, 12, 26): "Boxing Day",
    date(2026, 1, 1): "New Year's Day",
    date(2026, 4, 3): "Good Friday",
    date(2026, 4, 6): "Easter Monday",
    date(2026, 5, 4): "Early May bank holiday",
    date(2026, 5, 25): "Spring bank holiday",
    date(2026, 8, 31): "Summer bank holiday",
    date(2026, 12, 25): "Christmas Day",
    date(2026, 12, 28): "Boxing Day (for Saturday 26 December)",
    date(2027, 1, 1): "New Year's Day",
    date(2027, 3, 26): "Good Friday",
    date(2027, 3, 29): "Easter Monday",
    date(2027, 5, 3): "Early May bank holiday",
    date(2027, 5, 31): "Spring bank holiday",
    date(2027, 8, 30): "Summer bank holiday",
    date(2027, 12, 27): "Christmas Day (for Saturday 25 December)",
    date(2027, 12, 28): "Boxing Day (for Sunday 26 December)",
    date(2028, 1, 3): "New Year's Day (for Saturday 1 January)",
    date(2028, 4, 14): "Good Friday",
    date(2028, 4, 17): "Easter Monday",
    date(2028, 5, 1): "Early May bank holiday",
    date(2028, 5, 29): "Spring bank holiday",
    date(2028, 8, 28): "Summer bank holiday",
    date(2028, 12, 25): "Christmas Day",
    date(2028, 12, 26): "Boxing Day",
}


def is_working_day(day: date) -> bool:
    """Whether offices work on ``day``.

    Outside the years of the table only weekends are known: what is owed then falls due a little
    early, never late.
    """
    return day.weekday() < 5 and day not in BANK_HOLIDAYS


def add(day: date, number: int) -> date:
    """The ``number``-th working day after ``day``, which itself is never counted.

    ``number`` is 1 or more; anything less is a ValueError.
    """
    if number < 1:
        raise ValueError("number counts working days after the day: 1 or more")
    while number:
        day += timedelta(days=1)
        number -= is_working_day(day)
    return day


def due(moment: datetime, number: int) -> datetime:
    """When something owed within ``number`` working days of ``moment`` (aware) is late.

    The last second, in UTC, of the last day on London's calendar.
    """
    last = add(moment.astimezone(LONDON).date(), number)
    return datetime.combine(last, time(23, 59, 59), tzinfo=LONDON).astimezone(UTC)
