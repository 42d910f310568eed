"""A file of shifts is applied and officers fall ill while people book: nobody is lost between."""

import uuid
from collections import Counter
from datetime import timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.timezone import now

from appointments import booking, selectors
from appointments.models import Appointment, Shift
from appointments.rosters import importing, losses, shifts, sickness
from appointments.rosters.models import Outcome
from messaging.models import Notification, StaffTask
from tests import factories
from tests.appointments import factories as diary
from tests.at_once import at_once, broken
from tests.faults.test_diary_at_once import check_officers
from victimcontact.accounts.roles import Role
from victimcontact.audit import ledger
from victimcontact.lib.local_time import local

pytestmark = pytest.mark.django_db(transaction=True)

OFFICERS, BOOKERS, DAYS = 4, 6, 20


class Rush:
    """What each was told who booked while the roster changed."""

    def __init__(self):
        self.told = Counter()

    def run(self, *works):
        found = at_once(*works)
        assert broken(found) == []

    def book(self, incidents, desk, by):
        """Book each incident at the earliest time that is free when it is asked."""
        for incident in incidents:
            while True:
                slot = next(iter(selectors.free_slots(desk, at=now(), every=30)), None)
                if slot is None:
                    self.told["nothing free"] += 1
                    break
                try:
                    held = booking.hold(
                        incident_id=incident.pk,
                        officer_id=slot.officer_id,
                        starts_at=slot.starts_at,
                        idempotency_key=uuid.uuid4(),
                        by=by,
                        at=now(),
                    )
                    booking.book(appointment_id=held.pk, by=by, at=now())
                except (booking.SlotTaken, booking.HoldLapsed):
                    self.told["taken"] += 1
                    continue
                self.told["booked"] += 1
                break


@pytest.fixture
def world():
    desk = diary.desk()
    people = [
        factories.user(Role.VIDEO_OFFICER, collar_number=f"77{number:02d}")
        for number in range(OFFICERS)
    ]
    for person in people:
        diary.shift(desk, person, hours=4)
    return desk, people, factories.user(Role.SUPERVISOR)


def test_a_file_is_applied_while_people_book(world):
    desk, people, sergeant = world
    first = local(diary.next_hour()).date() + timedelta(days=2)
    lines = [
        f"{person.collar_number};video;{first + timedelta(days=day):%d/%m/%Y};07:00;15:00"
        for person in reversed(people)
        for day in range(DAYS)
    ]
    data = "\n".join(["officer;desk;date;start;end", *lines]).encode()
    file = importing.read(force=desk.force, name="x", data=data, by=sergeant, at=now())
    incidents = [diary.video_incident() for _ in range(12)]
    rush = Rush()

    rush.run(
        *[
            lambda part=part: rush.book(incidents[part::BOOKERS], desk, sergeant)
            for part in range(BOOKERS)
        ],
        *[lambda: importing.apply(file.pk, by=sergeant, at=now())] * 2,
    )

    assert rush.told["booked"] == 12
    assert Shift.objects.count() == OFFICERS + OFFICERS * DAYS
    file.refresh_from_db()
    assert file.added == OFFICERS * DAYS
    check_officers()
    assert ledger.verify() == []


def test_officers_fall_ill_while_people_book(world):
    """Whoever was booked with them is with another, at another time, or a person's task."""
    desk, people, sergeant = world
    during = DateTimeTZRange(diary.next_hour(), diary.next_hour() + timedelta(hours=4))
    incidents = [diary.video_incident() for _ in range(12)]
    rush = Rush()

    def falls_ill(person):
        sickness.record(officer=person, during=during, by=sergeant, at=now())

    def goes_home(person):
        shift = Shift.objects.get(officer=person)
        shifts.remove(shift.pk, by=sergeant, at=now())
        losses.settle_waiting(at=now())

    rush.run(
        *[
            lambda part=part: rush.book(incidents[part::BOOKERS], desk, sergeant)
            for part in range(BOOKERS)
        ],
        lambda: falls_ill(people[0]),
        lambda: falls_ill(people[1]),
        lambda: goes_home(people[2]),
        lambda: losses.settle_waiting(at=now()),
    )
    losses.settle_waiting(at=now())

    check_officers()
    assert not Outcome.objects.filter(result="").exists()
    tasks = set(StaffTask.objects.filter(kind="call_back").values_list("about_id", flat=True))
    uncovered = {one.pk for one in losses.uncovered(at=now())}
    assert uncovered <= tasks
    for one in Appointment.objects.filter(status="booked"):
        assert Notification.objects.filter(about_id=one.pk).exists()
    live = Appointment.objects.filter(status="booked").values_list("incident_id", flat=True)
    assert len(live) == len(set(live)) == rush.told["booked"] > 0
    assert ledger.verify() == []


def test_more_want_the_earliest_time_than_there_are():
    """All settled, nobody twice, and whoever comes too late is told that nothing is free."""
    desk = diary.desk(slot_minutes=20, buffer_minutes=0)
    by = factories.user(Role.SUPERVISOR)
    for _ in range(OFFICERS):
        diary.shift(desk, hours=2)
    incidents = [diary.video_incident() for _ in range(24)]
    rush = Rush()

    rush.run(
        *[lambda part=part: rush.book(incidents[part::8], desk, by) for part in range(8)],
    )

    # Each half hour of each of the four is taken, and not one more.
    assert (rush.told["booked"], rush.told["nothing free"]) == (OFFICERS * 4, 8)
    check_officers()
