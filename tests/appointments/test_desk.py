"""The supervisor's view of a desk: what it counts, and who may put an appointment elsewhere."""

import re
import uuid
from datetime import datetime, time, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape
from django.utils.timezone import now

from appointments import capacity
from appointments.models import Appointment
from tests import factories as people
from tests.appointments import factories
from victimcontact.accounts.roles import Role
from victimcontact.lib import local_time

pytestmark = pytest.mark.django_db


@pytest.fixture
def tomorrow():
    return local_time.local(now()).date() + timedelta(days=1)


def at(day, hour, minute=0):
    return local_time.from_local(day, time(hour, minute))


@pytest.fixture
def shifts(tomorrow):
    """Two officers at one desk tomorrow, from nine to five."""
    return [factories.shift(starts_at=at(tomorrow, 9)) for _ in range(2)]


@pytest.fixture
def booked(shifts, tomorrow):
    made = factories.appointment(at_shift=shifts[0], starts_at=at(tomorrow, 10))
    made.contact.name = "Edith Marlow"
    made.contact.save()
    return made


@pytest.fixture
def sergeant(booked):
    person = people.user(Role.SUPERVISOR, at_force=booked.incident.force)
    return people.sign_in(Client(), person)


def place(client, appointment, officer, starts_at, key=None):
    local = local_time.local(starts_at)
    address = f"/diary/desk/place/?desk={appointment.desk_id}&day={local.date()}"
    values = {
        "appointment": appointment.pk,
        "officer": officer.pk,
        "on": local.date(),
        "time": f"{local:%H:%M}",
        "key": key or uuid.uuid4(),
    }
    return client.post(address, values)


def test_slots_are_counted_and_the_day_is_drawn(booked, shifts, tomorrow):
    board = capacity.day(booked.desk, tomorrow, at=now())

    # Eight hours each, an hour a slot with its gap.
    assert board.figures == capacity.Figures(tomorrow, rostered=16, booked=1, free=15)
    assert len({sum(cell.span for cell in line.cells) for line in board.lines}) == 1
    line = next(line for line in board.lines if line.cards)
    assert [(cell.at, cell.span) for cell in line.cards] == [(at(tomorrow, 10), 3)]
    assert [cell.kind for cell in line.cells].count("gap") == 1
    assert capacity.week(booked.desk, tomorrow, at=now())[0] == board.figures


def test_nobody_has_more_hours_than_the_clock(booked):
    spring = datetime(2027, 3, 28).date()
    shift = factories.shift(starts_at=local_time.from_local(spring, time(0)), hours=23)

    board = capacity.day(shift.desk, spring, at=now())

    assert board.figures.rostered == 23
    assert sum(hour.span for hour in board.hours) == 23 * 4


def test_who_chose_and_has_no_time_is_demand(booked):
    waits = factories.video_incident(booked.incident.force)
    waits.response = "video"
    waits.save()
    booked.incident.response = "video"
    booked.incident.save()

    assert [want.incident for want in capacity.demand(booked.desk, at=now())] == [waits]

    Appointment.objects.filter(pk=booked.pk).update(status="missed")
    assert {want.incident for want in capacity.demand(booked.desk, at=now())} == {
        waits,
        booked.incident,
    }


def test_put_to_another_officer_and_to_another_time(booked, shifts, sergeant, tomorrow):
    other = shifts[1].officer
    assert place(sergeant, booked, other, booked.starts_at).status_code == 302
    booked.refresh_from_db()
    assert (booked.officer, booked.status) == (other, "booked")

    key = uuid.uuid4()
    for _ in range(2):
        place(sergeant, booked, shifts[0].officer, at(tomorrow, 13, 15), key)
    moved = Appointment.objects.get(moved_from=booked)
    assert (moved.officer, moved.starts_at) == (shifts[0].officer, at(tomorrow, 13, 15))


def test_a_conflict_changes_nothing_and_offers_others(booked, shifts, sergeant, tomorrow):
    taken = factories.appointment(
        factories.video_incident(booked.incident.force),
        at_shift=shifts[1],
        starts_at=at(tomorrow, 10),
    )

    response = place(sergeant, booked, taken.officer, booked.starts_at)

    assert response.status_code == 409
    page = response.content.decode()
    assert "has just been taken" in page
    assert len(re.findall(r"<form[^>]*place", page)) >= 2  # the page's own, and the others
    booked.refresh_from_db()
    assert (booked.officer, booked.status) == (shifts[0].officer, "booked")


def test_the_wall_names_nobody(booked, sergeant, tomorrow):
    address = f"/diary/desk/?desk={booked.desk_id}&day={tomorrow}"
    assert "Edith Marlow" in sergeant.get(address).content.decode()

    wall = sergeant.get(f"{address}&wall=1").content.decode()

    assert booked.incident.reference in wall
    for name in ("Edith", "Marlow", booked.officer.last_name):
        assert name not in wall


def test_whose_desk_it_is(booked, tomorrow):
    elsewhere = people.user(Role.SUPERVISOR, at_force=people.force("elsewhere"))
    client = people.sign_in(Client(), elsewhere)
    assert client.get(f"/diary/desk/?desk={booked.desk_id}").status_code == 404
    assert place(client, booked, booked.officer, booked.starts_at).status_code == 404
    officer = people.sign_in(Client(), booked.officer)
    assert officer.get("/diary/desk/").status_code == 403


def test_the_number_of_queries_does_not_grow(booked, shifts, tomorrow):
    def asked():
        with CaptureQueriesContext(connection) as queries:
            capacity.day(booked.desk, tomorrow, at=now())
            capacity.demand(booked.desk, at=now())
            capacity.wishes(booked.desk)
        return len(queries)

    one = asked()
    for hour in (11, 12, 14):
        factories.appointment(
            factories.video_incident(booked.incident.force),
            at_shift=factories.shift(starts_at=at(tomorrow, 9)),
            starts_at=at(tomorrow, hour),
        )

    assert asked() == one <= 11


def test_a_name_stays_a_name(booked, sergeant, tomorrow):
    evil = "\"'><script>alert(1)</script>"
    booked.contact.name = booked.officer.last_name = evil
    booked.contact.save()
    booked.officer.save()

    page = sergeant.get(f"/diary/desk/?desk={booked.desk_id}&day={tomorrow}").content.decode()

    officer = escape(booked.officer.styled_name)
    assert "<script>alert" not in page
    # In the table and in the list; on the button to carry it; on the row.
    assert page.count(f">{escape(evil)}</a>") == 2
    assert f", {escape(evil)}, of {officer}</span></button>" in page
    assert f'data-name="{officer}"' in page
