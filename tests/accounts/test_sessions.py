"""A sign-in ends: when nobody uses it, with the shift, and everywhere at once."""

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories
from victimcontact.accounts.models import User
from victimcontact.accounts.roles import Role
from victimcontact.accounts.sockets import signed_out_since

pytestmark = pytest.mark.django_db

HOUR = 3600
BY_ITSELF = {"HX-Request": "true", "X-Background": "1"}


@pytest.fixture
def handler():
    return factories.user(Role.CALL_HANDLER)


@pytest.fixture
def signed_in(handler):
    client = factories.sign_in(Client(), handler)
    client.get(reverse("triage:token"))
    return client


def later(client, seconds, *, used=False):
    """As if ``seconds`` had gone by; with ``used``, pages were asked for all the time."""
    session = client.session
    session["began"] -= seconds
    session["proven"] -= seconds
    session["seen"] -= 0 if used else seconds
    session.save()


def is_in(client):
    return client.get(reverse("triage:token")).status_code == 200


def why(client):
    return client.get(reverse("accounts:sign_in")).context["over"]


def test_a_sign_in_ends_with_the_shift_however_much_it_is_used(signed_in):
    later(signed_in, 12 * HOUR - 5, used=True)
    assert is_in(signed_in)
    later(signed_in, 10, used=True)

    assert not is_in(signed_in)
    assert why(signed_in) == "shift"


def test_what_a_page_asks_by_itself_keeps_nobody_signed_in(signed_in):
    later(signed_in, 14 * 60 + 50)
    assert signed_in.get(reverse("triage:token"), headers=BY_ITSELF).status_code == 200
    later(signed_in, 20)

    # The page's own question comes first, and does not eat the reason.
    assert signed_in.get(reverse("triage:token"), headers=BY_ITSELF).status_code == 401
    assert why(signed_in) == "idle"


def test_signing_out_ends_the_same_persons_other_sessions_and_nobody_elses(handler, signed_in):
    elsewhere = factories.sign_in(Client(), handler)
    colleague = factories.sign_in(Client(), factories.user(Role.CALL_HANDLER))
    in_a_call = User.objects.get(pk=handler.pk)

    signed_in.post(reverse("accounts:sign_out"))

    assert not is_in(elsewhere)
    assert why(elsewhere) == "elsewhere"
    assert is_in(colleague)
    assert signed_out_since([in_a_call]) == {handler.pk}


@pytest.mark.parametrize(
    "change", [{"roles": ["call_handler", "auditor"]}, {"roles": []}, {"is_active": False}]
)
def test_other_rights_are_a_new_sign_in_even_past_the_model(handler, signed_in, change):
    User.objects.filter(pk=handler.pk).update(**change)
    User.objects.filter(pk=handler.pk).update(is_active=True, roles=[Role.CALL_HANDLER])

    assert not is_in(signed_in)


def test_a_row_written_back_late_lets_no_old_session_in(handler, signed_in):
    stale = User.objects.get(pk=handler.pk)
    handler.end_sessions()

    stale.save()

    assert not is_in(signed_in)


def test_a_name_or_a_team_that_changes_ends_nothing(handler, signed_in):
    handler.last_name = "Newname"
    handler.save()

    assert is_in(signed_in)
