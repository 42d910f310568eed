"""What leaves the house, or changes who may do what, waits for a code of the last five minutes."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils.timezone import now
from django_otp.oath import totp

from tests import factories
from triage.api.models import ApiClient
from victimcontact.accounts.fresh import FIELD
from victimcontact.accounts.models import TOTPDevice
from victimcontact.accounts.roles import Role
from victimcontact.audit.models import Entry
from victimcontact.people.models import ContactPlan

pytestmark = pytest.mark.django_db

SEED = "3132333435363738393031323334353637383930"


@pytest.fixture
def person():
    someone = factories.user([Role.ADMINISTRATOR, Role.TEAM_LEADER])
    TOTPDevice.objects.create(user=someone, name="authenticator", seed=SEED, confirmed=True)
    return someone


@pytest.fixture
def late(person):
    """Signed in, with a code given five minutes and a second ago."""
    client = factories.sign_in(Client(), person)
    session = client.session
    session["proven"] -= 301
    session.save()
    return client


def code():
    return f"{totp(bytes.fromhex(SEED)):06d}"


def is_question(answer):
    return answer.status_code == 401 and b"Confirm that it is you" in answer.content


def test_an_export_waits_for_a_code_and_goes_on_with_it(late):
    address = reverse("control:officers_csv")

    asked = late.get(address)
    assert is_question(asked)
    assert not Entry.objects.filter(type="officers.exported").exists()
    right = late.post(reverse("accounts:prove"), {"next": address, FIELD: code()})

    assert right.url == address
    assert late.get(address)["Content-Type"].startswith("text/csv")
    assert Entry.objects.filter(type="staff.proven_again").count() == 1


def test_a_code_within_five_minutes_is_not_asked_again(person):
    client = factories.sign_in(Client(), person)

    assert client.get(reverse("control:officers_csv")).status_code == 200


def test_a_wrong_code_opens_nothing(late):
    address = reverse("control:officers_csv")

    assert is_question(late.post(reverse("accounts:prove"), {"next": address, FIELD: "000000"}))
    assert is_question(late.get(address))


@pytest.mark.parametrize("name", ["control:officers_csv", "control:officers_json"])
def test_exports_say_that_they_ask(name):
    (view,) = [
        each.callback
        for part in get_resolver().url_patterns
        if getattr(part, "namespace", "") == "control"
        for each in part.url_patterns
        if f"control:{each.name}" == name
    ]
    assert view.fresh == "always"


def test_what_was_typed_goes_on_with_the_code(late):
    incident = factories.incident(grade=3)
    factories.plan(incident.victim)
    typed = {"safe": "no_contact", "reason": "He reads\nher “phone”", "opening_word": ["a", "b"]}

    asked = late.post(reverse("triage:plan", args=[incident.pk]), typed)

    assert is_question(asked)
    kept = asked.context["kept"]
    assert kept == [
        ("safe", "no_contact"),
        ("reason", "He reads\nher “phone”"),
        ("opening_word", "a"),
        ("opening_word", "b"),
    ]
    page = asked.content.decode()
    assert 'value="He reads\nher “phone”"' in page
    assert f'action="{reverse("triage:plan", args=[incident.pk])}"' in page
    assert ContactPlan.objects.count() == 1
    # With the code it is the view's own answer to what was typed.
    answer = late.post(reverse("triage:plan", args=[incident.pk]), {**typed, FIELD: code()})
    assert not is_question(answer)
    assert b"Safe contact" in answer.content or answer.status_code == 302


def test_a_first_agreement_is_not_held_up(late):
    incident = factories.incident(grade=3)

    assert not is_question(late.post(reverse("triage:plan", args=[incident.pk]), {}))


def staff_form(of, **changes):
    return {
        "username": of.username,
        "rank": of.rank,
        "first_name": of.first_name,
        "last_name": of.last_name,
        "collar_number": of.collar_number,
        "is_active": "on",
        "forces": [str(force.pk) for force in of.forces.all()],
        "roles": of.roles,
        **changes,
    }


def test_a_role_is_granted_with_a_code_alone(late):
    other = factories.user(Role.CALL_HANDLER)
    address = reverse("admin:accounts_user_change", args=[other.pk])
    wanted = staff_form(other, roles=["call_handler", "supervisor"])

    assert is_question(late.post(address, wanted))
    other.refresh_from_db()
    assert other.roles == ["call_handler"]
    answer = late.post(address, {**wanted, FIELD: code()})

    assert answer.status_code == 302
    other.refresh_from_db()
    assert other.roles == ["call_handler", "supervisor"]


def test_whoever_loses_a_force_in_admin_is_signed_out(person):
    admin = factories.sign_in(Client(), person)
    other = factories.user(Role.CALL_HANDLER)
    other.forces.add(factories.force("southmoor"))
    theirs = factories.sign_in(Client(), other)
    south = factories.force("southmoor")

    admin.post(
        reverse("admin:accounts_user_change", args=[other.pk]),
        staff_form(other, forces=[str(south.pk)]),
    )

    assert list(other.forces.all()) == [south]
    assert theirs.get(reverse("triage:queue")).status_code == 302


@pytest.mark.parametrize("action", ["new_token", "delete_selected"])
def test_a_token_is_made_and_rows_are_deleted_with_a_code_alone(late, action):
    system = ApiClient.objects.create(
        force=factories.force(), system="CAD", scopes=[], expires_at=now() + timedelta(days=9)
    )

    asked = late.post(
        reverse("admin:api_apiclient_changelist"),
        {"action": action, "_selected_action": [str(system.pk)]},
    )

    assert is_question(asked)
    system.refresh_from_db()
    assert not system.token_hash


def test_the_codes_are_throttled_here_too(late):
    address = reverse("accounts:prove")
    for _ in range(6):
        late.post(address, {"next": "/", FIELD: "000000"})

    assert is_question(late.post(address, {"next": "/", FIELD: code()}))


def test_somebody_invented_confirms_by_one_click_and_nobody_else_does(person, late, settings):
    address = reverse("accounts:prove")

    assert is_question(late.post(address, {"next": "/", FIELD: "invented"}))
    type(person).objects.filter(pk=person.pk).update(is_demonstration=True)
    settings.DEMONSTRATION = False
    assert is_question(late.post(address, {"next": "/", FIELD: "invented"}))
    settings.DEMONSTRATION = True
    assert late.post(address, {"next": "/", FIELD: "invented"}).status_code == 302
