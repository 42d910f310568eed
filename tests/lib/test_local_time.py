"""Times as people say them, right across both clock changes."""

from datetime import UTC, date, datetime, time

import pytest
from django.utils import translation

from victimcontact.lib import local_time


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (at(2026, 5, 6, 13, 30), "Wednesday 6 May at 2:30pm"),
        (at(2026, 1, 6, 13, 30), "Tuesday 6 January at 1:30pm"),
        (at(2026, 5, 6, 11, 0), "Wednesday 6 May at midday"),
        (at(2026, 5, 5, 23, 0), "Tuesday 5 May at midnight (end of the day)"),
        (at(2026, 5, 6, 8, 0), "Wednesday 6 May at 9am"),
        (at(2026, 10, 25, 0, 30), "Sunday 25 October at 1:30am (BST)"),
        (at(2026, 10, 25, 1, 30), "Sunday 25 October at 1:30am (GMT)"),
        (at(2027, 3, 28, 1, 30), "Sunday 28 March at 2:30am"),
    ],
)
def test_say_when(moment, said):
    assert local_time.say_when(moment) == said


def test_say_when_in_welsh():
    with translation.override("cy"):
        assert local_time.say_when(at(2026, 5, 5, 13, 30)) == "Dydd Mawrth 5 Mai am 2:30pm"
        midnight = "Dydd Mawrth 5 Mai am canol nos (diwedd y dydd)"
        assert local_time.say_when(at(2026, 5, 5, 23, 0)) == midnight


def test_midnight_is_said_of_the_day_that_ends():
    assert local_time.say_short(at(2026, 12, 1, 0, 0)) == "Mon 30 Nov at midnight (end of the day)"
    # Where times are offered under their days, too: what is chosen is what is then read back.
    apart = ("Monday 30 November", "midnight (end of the day)")
    assert local_time.say_apart(at(2026, 12, 1, 0, 0)) == apart
    assert local_time.say_short(at(2026, 12, 1, 0, 1)) == "Tue 1 Dec at 12:01am"


def test_instants_of_the_doubled_hour_are_two():
    found = local_time.instants(date(2026, 10, 25), time(1, 30))

    assert found == [at(2026, 10, 25, 0, 30), at(2026, 10, 25, 1, 30)]


def test_instants_of_the_missing_hour_are_none():
    assert local_time.instants(date(2027, 3, 28), time(1, 30)) == []
    with pytest.raises(local_time.NoSuchTime):
        local_time.from_local(date(2027, 3, 28), time(1, 30))


@pytest.mark.parametrize(
    ("day", "hours"), [((2027, 3, 28), 23), ((2026, 10, 25), 25), ((2026, 5, 6), 24)]
)
def test_day_bounds_are_a_london_day(day, hours):
    start, end = local_time.day_bounds(date(*day))

    assert (end - start).total_seconds() == hours * 3600
