"""An officer in charge sees statements and exhibits of their own crimes, and of no other."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from portal import cases
from tests import factories
from tests.appointments import interview
from victimcontact.accounts.roles import Role

pytestmark = pytest.mark.django_db

PAGES = ("appointment", "statement", "exhibits")


@pytest.fixture
def appointment():
    made, visit = interview.begun()
    interview.sealed(made, visit)
    return made


def statuses(person, appointment):
    client = factories.sign_in(Client(), person)
    return {
        client.get(reverse(f"appointments:{name}", args=[appointment.pk])).status_code
        for name in PAGES
    }


def test_only_who_is_in_charge_opens_it_and_after_a_change_only_the_next(appointment):
    mine, other = (factories.user(Role.OFFICER_IN_CHARGE) for _ in range(2))
    supervisor = factories.user(Role.SUPERVISOR)
    crime = factories.crime(appointment.incident, officer=mine)
    case = cases.open_case(crime=crime, by=mine, at=now())

    assert (statuses(mine, appointment), statuses(other, appointment)) == ({200}, {404})

    cases.assign(case, officer=other, by=supervisor, at=now())

    assert (statuses(mine, appointment), statuses(other, appointment)) == ({404}, {200})


@pytest.mark.parametrize("role", [Role.VIDEO_OFFICER, Role.SUPERVISOR, Role.AUDITOR])
def test_who_works_in_the_diary_or_audits_it_sees_all_of_the_force(appointment, role):
    assert statuses(factories.user(role), appointment) == {200}
