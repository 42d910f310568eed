"""Django admin: two factors and the role to enter, saves in the ledger, kept rows read-only."""

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils.timezone import now

from appointments.models import Desk
from tests import factories
from triage import policies
from triage.models import Policy
from victimcontact.accounts.models import User
from victimcontact.accounts.roles import Role
from victimcontact.audit.models import Entry

pytestmark = pytest.mark.django_db

KEPT = ["appointment", "statementversion", "exhibit", "notification", "assessment", "entry"]
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


@pytest.fixture
def administrator(client):
    person = factories.user(Role.ADMINISTRATOR)
    factories.sign_in(client, person)
    return person


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.model_name)
def test_every_list_opens(client, administrator, model):
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")

    assert client.get(address).status_code == 200


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.model_name)
@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMINISTRATOR])
def test_no_other_role_enters(client, model, role):
    factories.sign_in(client, factories.user(role))

    answer = client.get(
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"), follow=True
    )

    assert answer.status_code == 403


def test_one_factor_is_not_enough(client):
    client.force_login(factories.user(Role.ADMINISTRATOR))

    assert client.get(reverse("admin:index")).status_code == 302


@pytest.mark.parametrize("name", KEPT)
def test_kept_rows_offer_no_change(client, administrator, name):
    model = next(model for model in MODELS if model._meta.model_name == name)
    page = admin.site._registry[model]
    request = client.get("/admin/").wsgi_request

    assert not page.has_add_permission(request)
    assert not page.has_change_permission(request)
    assert not page.has_delete_permission(request)


def test_save_is_an_entry_without_values(client, administrator):
    client.post(
        reverse("admin:appointments_desk_add"),
        {
            "force": factories.force().pk,
            "name": "Video desk",
            "slug": "video",
            "opens": "08:30",
            "closes": "21:30",
            "slot_minutes": 45,
            "buffer_minutes": 15,
            "takes_flags": "",
            "hours": "{}",
            "kinds": "video",
        },
    )

    entry = Entry.objects.get(type="admin.added")
    assert entry.actor == f"user:{administrator.pk}"
    assert entry.about_id == str(Desk.objects.get().pk)
    assert "name" in entry.detail["fields"]


def test_staff_are_added_with_roles(client, administrator):
    answer = client.post(
        reverse("admin:accounts_user_add"),
        {
            "username": "casey",
            "usable_password": "true",
            "password1": factories.PASSWORD,
            "password2": factories.PASSWORD,
            "first_name": "Casey",
            "last_name": "Example",
            "roles": ["call_handler", "team_leader"],
        },
    )

    assert answer.status_code == 302
    assert User.objects.get(username="casey").roles == ["call_handler", "team_leader"]


def test_policy_goes_from_draft_to_published_and_back(administrator):
    shipped = policies.ensure_shipped_policy(now())

    draft = policies.draft_from(shipped, by=administrator, at=now())
    policies.publish(draft, by=administrator, at=now())
    after = {policy.version: policy.status for policy in Policy.objects.all()}
    policies.publish(Policy.objects.get(pk=shipped.pk), by=administrator, at=now())

    assert after == {1: "retired", 2: "published"}
    assert {policy.version: policy.status for policy in Policy.objects.all()} == {
        1: "published",
        2: "retired",
    }
