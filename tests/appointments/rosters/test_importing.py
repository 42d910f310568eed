"""Shifts from a file: every error before any change, then all of it or nothing."""

import time as clock
from datetime import UTC, date, datetime, time, timedelta

import pytest

from appointments.models import Shift
from appointments.rosters import importing
from appointments.rosters.importing import NotATable, NotReady
from tests import factories
from tests.appointments import factories as diary
from victimcontact.accounts.roles import Role
from victimcontact.lib.local_time import from_local

pytestmark = pytest.mark.django_db

AT = datetime(2026, 9, 1, 9, tzinfo=UTC)
HEAD = "Collar number;Desk;Date;Start;End\n"


@pytest.fixture
def desk():
    return diary.desk()


@pytest.fixture
def officers(desk):
    return [
        factories.user(Role.VIDEO_OFFICER, collar_number=number, username=f"zoë.{number}")
        for number in ("4417", "5102")
    ]


@pytest.fixture
def sergeant():
    return factories.user(Role.SUPERVISOR, collar_number="1106")


def read(sergeant, text, *, encoding="utf-8", head=HEAD, at=AT):
    data = text if isinstance(text, bytes) else (head + text).encode(encoding)
    return importing.read(force=factories.force(), name="march.csv", data=data, by=sergeant, at=at)


def times():
    return [
        (shift.officer.collar_number, shift.during.lower, shift.during.upper)
        for shift in Shift.objects.select_related("officer").order_by("officer", "during")
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_what_excel_saves_is_read(desk, officers, sergeant, encoding, delimiter):
    line = "zoë.4417;Video desk;07/09/2026;07:00;15.00\r\n".replace(";", delimiter)

    found = read(sergeant, line, encoding=encoding, head=HEAD.replace(";", delimiter))

    assert (found.problems, found.lines) == ([], 1)
    assert Shift.objects.count() == 0
    applied = importing.apply(found.pk, by=sergeant, at=AT)
    assert applied.added == 1
    day = date(2026, 9, 7)
    assert times() == [("4417", from_local(day, time(7)), from_local(day, time(15)))]


def test_excels_separator_hint_and_quotes(desk, officers, sergeant):
    text = '"sep=;"\r\nOfficer;Desk;Date;From;Until\r\n"4417";"video";2026-09-07;8.30;24:00\r\n'

    found = read(sergeant, text.encode())

    assert found.problems == []
    importing.apply(found.pk, by=sergeant, at=AT)
    assert times()[0][2] == from_local(date(2026, 9, 8), time(0))


def test_over_midnight_and_to_midnight(desk, officers, sergeant):
    found = read(sergeant, "4417;video;07/09/2026;22:00;07:00\n5102;video;7/9/2026;16:00;00:00\n")

    importing.apply(found.pk, by=sergeant, at=AT)

    night, late = ((lower, upper) for _, lower, upper in times())
    assert night[1] == from_local(date(2026, 9, 8), time(7))
    assert late[1] == from_local(date(2026, 9, 8), time(0))


def test_the_hour_that_comes_twice_is_worked_twice(desk, officers, sergeant):
    found = read(sergeant, "4417;video;24/10/2026;22:00;01:30\n5102;video;25/10/2026;01:30;09:00\n")

    importing.apply(found.pk, by=sergeant, at=AT)

    (_, _, ends), (_, begins, _) = times()
    assert (ends, begins) == (
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
    )


def test_every_error_by_line_and_column_and_nothing_changes(desk, officers, sergeant):
    other = factories.user(Role.VIDEO_OFFICER, at_force=factories.force("elsewhere"))
    factories.user(Role.CALL_HANDLER, collar_number="7031")
    diary.shift(desk, officers[1], starts_at=from_local(date(2026, 9, 10), time(8)), hours=4)
    text = "\n".join(
        (
            "9999;video;07/09/2026;07:00;15:00",
            "4417;video room;31/02/2026;7am;15:00",
            "4417;video;28/03/2027;01:30;09:00",
            "4417;video;01/08/2026;07:00;15:00",
            "",
            "4417;video;08/09/2026;07:00;15:00",
            "4417;video;08/09/2026;14:00;22:00",
            "4417;video;08/09/2026;07:00;15:00",
            "5102;video;10/09/2026;07:00;15:00",
            "4417;video;11/09/2026;07:00;06:00",
            "7031;video;11/09/2026;07:00;15:00",
            f"{other.collar_number};video;11/09/2026;07:00;15:00",
            "4417;video;12/09/2026;24:00;06:00",
            "4417;video;;07:00",
            "4417;video;12/09/2099;07:00;15:00",
        )
    )

    found = read(sergeant, text)

    assert [(line, column) for line, column, _ in found.problems] == [
        (2, "officer"),
        (3, "date"),
        (3, "desk"),
        (3, "start"),
        (4, "start"),
        (5, "date"),
        (8, "start"),
        (9, "start"),
        (10, "start"),
        (11, "end"),
        (12, "officer"),
        (13, "officer"),
        (14, "start"),
        (15, "date"),
        (15, "end"),
        (16, "date"),
    ]
    words = {line: text for line, _, text in found.problems}
    assert "no such time on 28/03/2027" in words[4]
    assert words[9] == "The same shift as line 7"
    assert "Works at Video desk from Thu 10 Sep 08:00 to 12:00 already" in words[10]
    with pytest.raises(NotReady):
        importing.apply(found.pk, by=sergeant, at=AT)
    assert Shift.objects.count() == 1


def test_the_same_file_twice_changes_nothing(desk, officers, sergeant):
    text = "4417;video;07/09/2026;07:00;15:00\n5102;video;07/09/2026;15:00;23:00\n"
    first = importing.apply(read(sergeant, text).pk, by=sergeant, at=AT)
    before = times()

    assert importing.apply(first.pk, by=sergeant, at=AT).added == 2
    again = read(sergeant, text)

    assert (again.problems, again.unchanged) == ([], 2)
    assert importing.apply(again.pk, by=sergeant, at=AT).added == 0
    assert times() == before


def test_a_roster_that_changed_meanwhile_is_looked_at_again(desk, officers, sergeant):
    text = "4417;video;07/09/2026;07:00;15:00\n5102;video;07/09/2026;07:00;15:00\n"
    found = read(sergeant, text)
    diary.shift(desk, officers[1], starts_at=from_local(date(2026, 9, 7), time(14)))

    with pytest.raises(NotReady) as refused:
        importing.apply(found.pk, by=sergeant, at=AT)

    assert [line for line, *_ in refused.value.found.problems] == [3]
    assert Shift.objects.count() == 1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        b"Officer;Desk;Date\n4417;video;07/09/2026\n",
        b"PK\x03\x04\x00\x00",
        b"\xff\xfe\x00",
        b"x" * (importing.MOST_BYTES + 1),
    ],
    ids=["empty", "blank", "columns", "spreadsheet", "broken", "huge"],
)
def test_what_is_no_table_is_refused(desk, sergeant, data):
    with pytest.raises(NotATable):
        read(sergeant, data)


def test_five_thousand_lines(desk, sergeant):
    people = [
        factories.user(Role.VIDEO_OFFICER, collar_number=f"6{number:03d}") for number in range(50)
    ]
    days = [f"{date(2026, 9, 2) + timedelta(days=number):%d/%m/%Y}" for number in range(100)]
    lines = [f"{person.collar_number};video;{day};07:00;15:00" for person in people for day in days]

    started = clock.process_time()
    found = read(sergeant, "\n".join(lines))
    importing.apply(found.pk, by=sergeant, at=AT)

    assert (found.problems, Shift.objects.count()) == ([], 5000)
    # Of this process alone: minutes would mean that something is done line by line.
    assert clock.process_time() - started < 30
