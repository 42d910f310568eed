"""The staff door: two factors, each code once, guesses slowed down, nothing told to guessers."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.urls import reverse
from django_otp.oath import totp

from tests import factories
from tests.at_once import at_once, broken
from victimcontact.accounts import devices, throttle
from victimcontact.accounts.models import SignInTries, TOTPDevice
from victimcontact.accounts.roles import Role
from victimcontact.audit.models import Entry

pytestmark = pytest.mark.django_db

SEED = "3132333435363738393031323334353637383930"


@pytest.fixture
def handler():
    person = factories.user(Role.CALL_HANDLER, username="sam")
    person.set_password(factories.PASSWORD)
    person.save()
    TOTPDevice.objects.create(user=person, name="authenticator", seed=SEED, confirmed=True)
    return person


def code(offset=0):
    return f"{totp(bytes.fromhex(SEED), drift=offset):06d}"


def give_password(client, password=factories.PASSWORD, username="sam"):
    return client.post(reverse("accounts:sign_in"), {"username": username, "password": password})


def give_code(client, text):
    return client.post(reverse("accounts:sign_in_code"), {"code": text})


def test_password_and_code_let_in(client, handler):
    asked = give_password(client)
    answer = give_code(client, code())

    assert asked.url == reverse("accounts:sign_in_code")
    assert answer.url == reverse("accounts:home")
    assert client.get(reverse("accounts:home")).url == reverse("triage:queue")
    assert Entry.objects.filter(type="staff.signed_in", actor=f"user:{handler.pk}").count() == 1


def test_password_alone_opens_nothing(client, handler):
    give_password(client)

    answer = client.get(reverse("accounts:home"))

    assert answer.url == f"{reverse('accounts:sign_in')}?next=%2F"


@pytest.mark.parametrize(
    ("username", "password"), [("sam", "wrong"), ("nobody", factories.PASSWORD), ("nobody", "x")]
)
def test_errors_are_alike(client, handler, username, password):
    answer = give_password(client, password, username)

    problems = answer.context["form"].non_field_errors()
    assert list(problems) == [
        "The user name or password is not right, or there were too many tries. Wait a minute"
    ]


@pytest.mark.parametrize("spoil", [str.strip, " {} ".format, "0{}".format, "{}\n".format])
def test_code_works_once_also_padded(client, handler, spoil):
    used = code()
    give_password(client)
    give_code(client, used)
    client.logout()

    give_password(client)
    answer = give_code(client, spoil(used))

    assert answer.status_code == 200
    assert "code" in answer.context["form"].errors


@pytest.mark.django_db(transaction=True)
def test_code_in_parallel_works_once(handler):
    right = code()

    found = at_once(*[lambda: devices.check(handler, right)] * 10)

    assert broken(found) == []
    assert len([device for device in found if device]) == 1


def test_guessing_must_wait_even_with_the_right_password(client, handler):
    for _ in range(5):
        give_password(client, "wrong")

    soon = give_password(client)
    SignInTries.objects.update(next_at=F("next_at") - timedelta(seconds=4))
    later = give_password(client)

    assert soon.status_code == 200
    assert later.status_code == 302


def test_wrong_tries_of_others_at_the_station_do_not_shut_it(client, handler):
    for number in range(5):
        client.post(
            reverse("accounts:sign_in"), {"username": f"colleague{number}", "password": "wrong"}
        )

    assert give_password(client).status_code == 302


def test_addresses_are_told_apart_behind_our_proxy(client, handler, settings, monkeypatch):
    monkeypatch.setattr(throttle, "FREE_TRIES_OF_AN_ADDRESS", 2)
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    client.defaults["HTTP_X_FORWARDED_FOR"] = "198.51.100.1, 203.0.113.9"
    for number in range(3):
        client.post(
            reverse("accounts:sign_in"), {"username": f"guess{number}", "password": "wrong"}
        )

    assert give_password(client).status_code == 200  # must wait
    client.defaults["HTTP_X_FORWARDED_FOR"] = "203.0.113.9, 198.51.100.1"
    assert give_password(client).status_code == 302  # the same proxy, somebody else


def test_first_sign_in_sets_up_an_authenticator(client):
    person = factories.user(Role.CALL_HANDLER, username="new")
    person.set_password(factories.PASSWORD)
    person.save()
    give_password(client, username="new")

    page = client.get(reverse("accounts:sign_in_code"))
    seed = bytes.fromhex(TOTPDevice.objects.get(user=person).seed)
    codes = give_code(client, f"{totp(seed):06d}").context["codes"]
    client.logout()
    give_password(client, username="new")
    answer = give_code(client, codes[0])
    client.logout()
    give_password(client, username="new")
    again = give_code(client, codes[0])

    assert "data:image/svg+xml" in page.content.decode()
    assert answer.url == reverse("accounts:home")
    assert again.status_code == 200


def test_seed_and_codes_are_not_in_clear(handler):
    codes = devices.new_recovery_codes(handler)

    with connection.cursor() as cursor:
        cursor.execute("select seed from accounts_totpdevice")
        seed = bytes(cursor.fetchone()[0])
        cursor.execute("select hashes from accounts_recoverycode")
        hashes = " ".join(cursor.fetchone()[0])

    assert SEED.encode() not in seed
    assert not any(code in hashes for code in codes)


def test_role_taken_away_shuts_the_next_request(client, handler):
    give_password(client)
    give_code(client, code())
    handler.is_active = False
    handler.save()

    answer = client.get(reverse("accounts:home"))

    assert answer.url.startswith(reverse("accounts:sign_in"))


def test_next_never_leaves_the_house(client, handler):
    give_password(client)

    answer = client.post(
        reverse("accounts:sign_in_code"), {"code": code(), "next": "https://example.org/"}
    )

    assert answer.url == reverse("accounts:home")


def test_demo_sign_in_enters_as_the_role(client):
    factories.user(Role.VIDEO_OFFICER, is_demonstration=True)

    client.post(reverse("accounts:demo_sign_in", args=["video_officer"]))

    assert client.get(reverse("accounts:home")).url == reverse("appointments:my_day")


def test_demo_sign_in_never_as_a_real_person(client):
    factories.user(Role.VIDEO_OFFICER)

    answer = client.post(reverse("accounts:demo_sign_in", args=["video_officer"]))

    assert answer.status_code == 404


def test_demo_sign_in_refused_without_demonstration(client, settings):
    factories.user(Role.VIDEO_OFFICER, is_demonstration=True)
    settings.DEMONSTRATION = False

    answer = client.post("/sign-in/demo/video_officer/")

    assert answer.status_code == 404
