"""Whether the chat is open, and when it opens next."""

from datetime import timedelta

from triage.chat.models import ChatHours
from victimcontact.lib import local_time
from victimcontact.lib.prepared import Prepared


def is_open(force, at) -> bool:
    """Whether somebody sits at the desk of ``force`` at ``at``."""
    return any(start <= at < end for start, end in _near(force, at, days=range(-1, 1)))


def next_opening(force, at):
    """The first moment after ``at`` at which the chat opens, within eight days; else None."""
    starts = [start for start, _ in _near(force, at, days=range(9)) if start > at]
    return min(starts, default=None)


def _near(force, at, *, days):
    """(opens, closes) of the days around ``at``. A closing at or before the opening is next day."""
    hours = next(iter(_hours(force=force.pk)), None)
    if hours is None:
        return
    today = local_time.local(at).date()
    for number in days:
        day = today + timedelta(days=number)
        if day.weekday() not in hours.days:
            continue
        closing_day = day if hours.closes > hours.opens else day + timedelta(days=1)
        # Where the clocks jump over the time, the desk opens or closes as they have jumped.
        yield _moment(day, hours.opens), _moment(closing_day, hours.closes)


@Prepared
def _hours(force):
    return ChatHours.objects.filter(force=force).order_by("pk")[:1]


def _moment(day, at):
    try:
        return local_time.from_local(day, at)
    except local_time.NoSuchTime:
        return local_time.from_local(day, at.replace(hour=at.hour + 1))
