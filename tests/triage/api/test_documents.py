"""The description that programs read, and the page that people read."""

import pytest
from django.core.management import call_command
from django.test import Client

from tests import factories
from triage.api import documents
from victimcontact.accounts.roles import Role


def test_the_description_is_valid_and_whole(tmp_path):
    file = tmp_path / "schema.yml"

    call_command("spectacular", validate=True, fail_on_warn=True, file=str(file))

    assert "openapi: 3" in file.read_text()


def test_every_operation_asks_for_the_token_and_names_its_refusals():
    paths = documents.description()["paths"]

    assert sorted(paths) == [
        "/api/v1/dispatches/",
        "/api/v1/incidents/",
        "/api/v1/incidents/{reference}/",
        "/api/v1/incidents/{reference}/dispatch-states/",
        "/api/v1/incidents/{reference}/updates/",
    ]
    for methods in paths.values():
        for method, one in methods.items():
            assert one["security"] == [{"token": []}]
            assert {"400", "401", "403", "429"} <= set(one["responses"])
            headers = {each["name"] for each in one["parameters"] if each["in"] == "header"}
            assert headers == ({"Idempotency-Key"} if method == "post" else set())


@pytest.mark.django_db
def test_a_system_and_staff_may_read_it_and_nobody_else(online):
    address = "/api/v1/schema/"
    staff = factories.sign_in(Client(), factories.user(Role.CALL_HANDLER))
    one_factor = Client()
    one_factor.force_login(factories.user(list(Role)))

    assert online.get(address).json()["info"]["title"] == "Victim Contact"
    assert staff.get(address).status_code == 200
    assert [each.get(address).status_code for each in (Client(), one_factor)] == [401, 401]


@pytest.mark.django_db
def test_the_page_says_each_field_of_a_report():
    staff = factories.sign_in(Client(), factories.user(Role.ADMINISTRATOR))

    page = staff.get("/api/v1/guide/")

    text = page.content.decode()
    assert page.status_code == 200
    for path in ("their_reference", "answers.injuries", "caller.safe_contact.phone_watched"):
        assert f"<code>{path}</code>" in text
    assert "none | minor | serious" in text
    assert [one.anchor for one in page.context_data["operations"]] == [
        "send_report",
        "send_dispatch_state",
        "send_update",
        "list_incidents",
        "read_incident",
        "export_dispatches",
    ]
