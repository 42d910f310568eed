"""Shifts by pattern, weeks ahead and each once; single shifts; what they take with them."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from appointments.models import Shift
from appointments.rosters import shifts
from appointments.rosters.models import ShiftPattern
from appointments.rosters.shifts import BadDay, Overlaps
from tests import factories
from tests.appointments import factories as diary
from victimcontact.accounts.roles import Role
from victimcontact.lib.local_time import from_local, local

pytestmark = pytest.mark.django_db

AT = datetime(2026, 10, 19, 9, tzinfo=UTC)  # a Monday; the clocks go back on the 25th
TODAY = date(2026, 10, 19)
# Two earlies, two lates, two nights, four rest days.
CYCLE = [
    *["07:00-15:00"] * 2,
    *["14:00-22:00"] * 2,
    *["22:00-07:00"] * 2,
    *[""] * 4,
]


@pytest.fixture
def sergeant():
    return factories.user(Role.SUPERVISOR)


@pytest.fixture
def pattern():
    return ShiftPattern.objects.create(desk=diary.desk(), name="2-2-2-4", days=CYCLE)


@pytest.fixture
def officer():
    return factories.user(Role.VIDEO_OFFICER)


def join(pattern, officer, sergeant, on=TODAY):
    return shifts.join(pattern=pattern, officer=officer, begins_on=on, by=sergeant, at=AT)


def test_a_pattern_makes_its_shifts_weeks_ahead(pattern, officer, sergeant):
    _, made = join(pattern, officer, sergeant)

    found = list(Shift.objects.order_by("during"))
    # 43 days: four whole cycles of six shifts, and the first three days of a fifth.
    assert (made.added, len(found)) == (27, 27)
    walls = [f"{local(shift.during.lower):%d %H:%M}" for shift in found[:7]]
    assert walls == [
        "19 07:00",
        "20 07:00",
        "21 14:00",
        "22 14:00",
        "23 22:00",
        "24 22:00",
        "29 07:00",
    ]
    # The night of the change is an hour longer, and ends at seven by the clock all the same.
    night = found[5].during
    assert night.upper - night.lower == timedelta(hours=10)
    assert f"{local(night.upper):%H:%M}" == "07:00"


def test_expanding_again_adds_only_what_is_new(pattern, officer, sergeant):
    member, _ = join(pattern, officer, sergeant)
    shift = Shift.objects.order_by("during").first()
    shifts.remove(shift.pk, by=sergeant, at=AT)

    assert shifts.expand_all(at=AT) == 0
    assert shifts.expand_all(at=AT + timedelta(days=10)) == 6

    # Taken away by hand, it does not come back.
    assert not Shift.objects.filter(during=shift.during).exists()
    assert shifts.expand(member.pk, until=TODAY, at=AT).added == 0


def test_what_a_person_entered_stands(pattern, officer, sergeant):
    start = from_local(TODAY + timedelta(days=1), time(9))
    entered = diary.shift(pattern.desk, officer, starts_at=start, hours=3)

    _, made = join(pattern, officer, sergeant)

    assert made.left_out == [TODAY + timedelta(days=1)]
    assert Shift.objects.filter(pk=entered.pk, during=entered.during).exists()


def test_leaving_takes_the_later_shifts_of_the_pattern_only(pattern, officer, sergeant):
    member, _ = join(pattern, officer, sergeant)
    own = diary.shift(pattern.desk, officer, starts_at=from_local(date(2026, 10, 26), time(9)))

    gone = shifts.leave(member.pk, last_on=TODAY + timedelta(days=1), by=sergeant, at=AT)

    assert gone == 25
    assert list(Shift.objects.order_by("during").values_list("pk", flat=True))[-1] == own.pk
    assert shifts.expand_all(at=AT + timedelta(days=20)) == 0


@pytest.mark.parametrize(
    "text", ["7am-3pm", "07:00", "07:00-", "24:00-06:00", "07:00-06:00", "25:00-26:00", "🦊"]
)
def test_a_day_that_is_no_shift(text):
    with pytest.raises(BadDay):
        shifts.read_day(text)


def test_one_officer_one_place(officer, sergeant):
    desk, other = diary.desk(), diary.desk(slug="abuse", name="Abuse desk")
    during = DateTimeTZRange(from_local(TODAY, time(9)), from_local(TODAY, time(17)))
    first = shifts.add(desk=desk, officer=officer, during=during, by=sergeant, at=AT)
    assert shifts.add(desk=desk, officer=officer, during=during, by=sergeant, at=AT) == first

    with pytest.raises(Overlaps) as refused:
        shifts.add(desk=other, officer=officer, during=during, by=sergeant, at=AT)

    assert refused.value.shift == first
    late = DateTimeTZRange(during.upper, during.upper + timedelta(hours=2))
    second = shifts.add(desk=other, officer=officer, during=late, by=sergeant, at=AT)
    with pytest.raises(Overlaps):
        shifts.change(second.pk, desk=other, during=during, by=sergeant, at=AT)
    assert shifts.change(second.pk, desk=desk, during=late, by=sergeant, at=AT).desk == desk
