"""Aware UTC inside, Europe/London outside. One place writes a time for every channel."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils import translation

LONDON = ZoneInfo("Europe/London")

# Welsh sentences are written whole, never joined from English parts.
DAYS = {
    "en": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    "cy": [
        "Dydd Llun",
        "Dydd Mawrth",
        "Dydd Mercher",
        "Dydd Iau",
        "Dydd Gwener",
        "Dydd Sadwrn",
        "Dydd Sul",
    ],
}
MONTHS = {
    "en": [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    "cy": [
        "Ionawr",
        "Chwefror",
        "Mawrth",
        "Ebrill",
        "Mai",
        "Mehefin",
        "Gorffennaf",
        "Awst",
        "Medi",
        "Hydref",
        "Tachwedd",
        "Rhagfyr",
    ],
}


class NoSuchTime(ValueError):
    """The clocks jump over this local time: it does not exist on that day."""


def local(moment: datetime) -> datetime:
    """``moment`` on London's clock."""
    return moment.astimezone(LONDON)


def instants(day: date, at: time) -> list[datetime]:
    """The moments (UTC) that London's clock shows ``at`` on ``day``: usually one.

    Two when the clocks go back over it, none when they jump over it.
    """
    found = []
    for fold in (0, 1):
        wall = datetime.combine(day, at, tzinfo=LONDON).replace(fold=fold)
        moment = wall.astimezone(UTC)
        if moment.astimezone(LONDON).replace(tzinfo=None) == wall.replace(tzinfo=None):
            if moment not in found:
                found.append(moment)
    return found


def from_local(day: date, at: time) -> datetime:
    """The first moment (UTC) of that local time. Raises NoSuchTime."""
    found = instants(day, at)
    if not found:
        raise NoSuchTime(f"The clocks go forward over {at:%H:%M} on {day:%d %B %Y}.")
    return found[0]


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """Start and end (UTC, end exclusive) of a London day: 23, 24 or 25 hours."""
    return from_local(day, time(0)), from_local(day + timedelta(days=1), time(0))


def say_time(moment: datetime) -> str:
    """ "2:30pm", "2pm", "midday" or "midnight"; on the doubled hour also which of the two."""
    wall = local(moment)
    welsh = _language() == "cy"
    if wall.minute == 0 and wall.hour in (0, 12):
        names = ("canol nos", "canol dydd") if welsh else ("midnight", "midday")
        said = names[wall.hour // 12]
    else:
        minutes = f":{wall:%M}" if wall.minute else ""
        said = f"{wall.hour % 12 or 12}{minutes}{'am' if wall.hour < 12 else 'pm'}"
    if len(instants(wall.date(), wall.time().replace(tzinfo=None))) == 2:
        said += f" ({wall.tzname()})"
    return said


def say_day(moment: datetime) -> str:
    """ "Tuesday 6 May", or in Welsh "Dydd Mawrth 6 Mai"."""
    wall, language = local(moment), _language()
    return f"{DAYS[language][wall.weekday()]} {wall.day} {MONTHS[language][wall.month - 1]}"


def say_when(moment: datetime) -> str:
    """ "Tuesday 6 May at 2:30pm": for a victim, on every channel alike.

    At midnight "Tuesday 6 May at midnight (end of the day)": said of the day that ends, since who
    reads "Wednesday at midnight" may come a day late.
    """
    joiner = "am" if _language() == "cy" else "at"
    day, time_of_day = say_apart(moment)
    return f"{day} {joiner} {time_of_day}"


def say_apart(moment: datetime) -> tuple[str, str]:
    """("Tuesday 6 May", "2:30pm"): the two parts of ``say_when``, for times under their days."""
    return say_day(_before_midnight(moment)), say_time(moment) + _end_of_day(moment)


def _is_midnight(moment):
    wall = local(moment)
    return wall.hour == wall.minute == 0


def _before_midnight(moment):
    return moment - timedelta(minutes=1) if _is_midnight(moment) else moment


def _end_of_day(moment):
    if not _is_midnight(moment):
        return ""
    return " (diwedd y dydd)" if _language() == "cy" else " (end of the day)"


def say_short(moment: datetime) -> str:
    """ "Tue 6 May at 2:30pm", for a text."""
    wall, language = local(_before_midnight(moment)), _language()
    if language == "cy":
        return say_when(moment)
    day = f"{DAYS['en'][wall.weekday()][:3]} {wall.day} {MONTHS['en'][wall.month - 1][:3]}"
    return f"{day} at {say_time(moment)}{_end_of_day(moment)}"


def staff_time(moment: datetime) -> str:
    """ "Tue 6 May 14:30", for staff screens."""
    return f"{local(moment):%a %-d %b %H:%M}"


def _language():
    return "cy" if (translation.get_language() or "").startswith("cy") else "en"
