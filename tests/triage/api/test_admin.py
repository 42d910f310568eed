"""Systems and subscriptions in admin: a secret is shown once, and what cannot work is refused."""

from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils.timezone import now

from tests import factories
from tests.triage.api.conftest import System, system
from triage.api.models import ApiClient, Event, Scope, WebhookSubscription
from victimcontact.accounts.roles import Role
from victimcontact.audit.models import Entry

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(client):
    person = factories.user(Role.ADMINISTRATOR)
    factories.sign_in(client, person)
    return person


def add(browser, model, **form):
    return browser.post(reverse(f"admin:api_{model}_add"), form)


def new_client(client, **changes):
    ends = now() + timedelta(days=90)
    form = {
        "force": factories.force().pk,
        "system": "Command and control",
        "scopes": [Scope.READ_ALL],
        "expires_at_0": ends.strftime("%Y-%m-%d"),
        "expires_at_1": "12:00:00",
        "requests_a_minute": 60,
        "allowed_addresses": "127.0.0.1, 192.0.2.0/24",
        "is_active": "on",
    }
    return add(client, "apiclient", **form | changes)


def shown(page):
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    return page.context_data["secret"]


def test_a_new_system_gets_a_token_that_is_shown_once(client, administrator):
    token = shown(new_client(client))

    row = ApiClient.objects.get()
    assert row.allowed_addresses == ["127.0.0.1", "192.0.2.0/24"]
    assert System(row, token).get("/api/v1/incidents/").status_code == 200
    change = client.get(reverse("admin:api_apiclient_change", args=[row.pk])).content.decode()
    assert token not in change
    assert f"…{token[-4:]}" in change
    assert {"admin.added", "api.token_made"} <= set(Entry.objects.values_list("type", flat=True))


def test_a_token_is_renewed_and_withdrawn(client, administrator):
    old = system(name="Control")

    def act(action):
        return client.post(
            reverse("admin:api_apiclient_changelist"),
            {"action": action, "_selected_action": [old.row.pk]},
        )

    new = System(old.row, shown(act("new_token")))
    works = [each.get("/api/v1/incidents/").status_code for each in (old, new)]
    act("withdraw_tokens")

    assert works == [200, 200]
    assert [each.get("/api/v1/incidents/").status_code for each in (old, new)] == [401, 401]


def test_a_system_is_never_deleted(client, administrator):
    row = system(name="Control").row

    assert client.post(reverse("admin:api_apiclient_delete", args=[row.pk])).status_code == 403


def test_addresses_that_are_none_are_refused(client, administrator):
    answer = new_client(client, allowed_addresses="127.0.0.1, somewhere")

    assert "somewhere is not an address or a network" in answer.content.decode()
    assert not ApiClient.objects.exists()


def new_subscription(browser, **changes):
    form = {
        "force": factories.force().pk,
        "name": "Control",
        "address": "https://control.example/news",
        "events": [Event.GRADED, Event.CLOSED],
        "is_active": "on",
    }
    return add(browser, "webhooksubscription", **form | changes)


def test_a_subscription_has_a_secret_that_is_shown_once(client, administrator):
    secret = shown(new_subscription(client))

    row = WebhookSubscription.objects.get()
    assert (row.secret, row.events) == (secret, ["graded", "closed"])
    address = reverse("admin:api_webhooksubscription_change", args=[row.pk])
    assert secret not in client.get(address).content.decode()
    again = client.post(
        reverse("admin:api_webhooksubscription_changelist"),
        {"action": "new_secret", "_selected_action": [row.pk]},
    )
    row.refresh_from_db()
    assert shown(again) == row.secret != secret


@pytest.mark.parametrize(
    "address", ["http://control.example/", "https://127.0.0.1/", "https://10.0.0.5/news"]
)
def test_a_subscription_inside_or_in_the_clear_is_refused(client, administrator, address):
    answer = new_subscription(client, address=address)

    assert answer.context_data["adminform"].form.errors["address"]
    assert not WebhookSubscription.objects.exists()


def test_a_subscription_of_another_forces_system_is_refused(client, administrator):
    other = system(at_force=factories.force("southmoor")).row

    answer = new_subscription(client, client=other.pk)

    assert "another force" in answer.content.decode()


def test_a_secret_is_unreadable_in_the_database(client, administrator):
    secret = shown(new_subscription(client))

    with connection.cursor() as cursor:
        cursor.execute("select t::text from api_webhooksubscription t")
        assert secret not in cursor.fetchone()[0]
