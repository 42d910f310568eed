from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from victimcontact.lib import working_days

DAYS = st.dates(date(2025, 1, 1), date(2028, 10, 31))


@pytest.mark.parametrize(
    ("day", "number", "expected"),
    [
        (date(2026, 4, 2), 1, date(2026, 4, 7)),  # Maundy Thursday: Good Friday to Monday are off
        (date(2026, 4, 2), 5, date(2026, 4, 13)),
        (date(2026, 12, 24), 1, date(2026, 12, 29)),  # Boxing Day is kept on Monday
        (date(2026, 12, 24), 5, date(2027, 1, 5)),
        (date(2027, 12, 24), 1, date(2027, 12, 29)),  # both kept after the weekend
        (date(2027, 12, 31), 1, date(2028, 1, 4)),  # New Year's Day is kept on Monday
        (date(2026, 7, 10), 1, date(2026, 7, 13)),  # Friday
        (date(2026, 7, 11), 1, date(2026, 7, 13)),  # Saturday
        (date(2026, 7, 13), 5, date(2026, 7, 20)),
    ],
)
def test_add_skips_weekends_and_bank_holidays(day, number, expected):
    assert working_days.add(day, number) == expected


@given(DAYS, st.integers(1, 30))
def test_add_counts_exactly_that_many_working_days(day, number):
    last = working_days.add(day, number)

    between = [day + timedelta(days=n) for n in range(1, (last - day).days + 1)]
    assert sum(map(working_days.is_working_day, between)) == number
    assert working_days.is_working_day(last)


def test_every_holiday_is_a_weekday_and_every_year_has_eight():
    years = [day.year for day in working_days.BANK_HOLIDAYS]

    assert all(day.weekday() < 5 for day in working_days.BANK_HOLIDAYS)
    assert {year: years.count(year) for year in years} == dict.fromkeys(range(2025, 2029), 8)


@pytest.mark.parametrize(
    ("moment", "number", "expected"),
    [
        # Friday 23:50 in summer is 22:50 UTC; the end of Monday likewise.
        (
            datetime(2026, 7, 10, 22, 50, tzinfo=UTC),
            1,
            datetime(2026, 7, 13, 22, 59, 59, tzinfo=UTC),
        ),
        # 23:30 UTC on Sunday is already Monday in London: day 1 is Tuesday.
        (
            datetime(2026, 7, 12, 23, 30, tzinfo=UTC),
            1,
            datetime(2026, 7, 14, 22, 59, 59, tzinfo=UTC),
        ),
        # Over the night the clocks go forward, and over the one they go back.
        (datetime(2027, 3, 25, 9, 0, tzinfo=UTC), 1, datetime(2027, 3, 30, 22, 59, 59, tzinfo=UTC)),
        (
            datetime(2026, 10, 23, 9, 0, tzinfo=UTC),
            1,
            datetime(2026, 10, 26, 23, 59, 59, tzinfo=UTC),
        ),
    ],
)
def test_due_is_the_end_of_a_london_day(moment, number, expected):
    assert working_days.due(moment, number) == expected


def test_beyond_the_table_what_is_owed_falls_due_early_never_late():
    assert working_days.add(date(2028, 12, 29), 1) == date(2029, 1, 1)


@pytest.mark.parametrize("number", [0, -1])
def test_add_refuses_to_count_nothing(number):
    with pytest.raises(ValueError, match="1 or more"):
        working_days.add(date(2026, 7, 1), number)
