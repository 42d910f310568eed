"""Whoever is shown somebody's data stands in the ledger, or is shown nothing."""

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories
from tests.matrix.test_urls import ARGUMENTS, STAFF, address, world  # noqa: F401  a fixture
from victimcontact.accounts.roles import Role
from victimcontact.audit.models import Entry

pytestmark = pytest.mark.django_db

# Pages that show no victim's data: a form's token, an empty form, counts, callers who are invented,
# and the hours of officers.
NOBODYS = {
    "messaging:traffic",
    *{name for name in STAFF if name.startswith("rosters:")} - {"rosters:absence"},
    "triage:token",
    "triage:new_report",
    "quality:trend",
    "quality:fairness",
    "quality:callers",
    "quality:attempt",
    "quality:outcome",
}


@pytest.fixture
def everyone():
    return factories.user(list(Role))


def shown(client, world, *, headers=None):  # noqa: F811
    """Name and answer of every staff page that shows itself and is not one of NOBODYS."""
    for name in sorted(set(STAFF) - NOBODYS):
        answer = client.get(address(name, world), headers=headers or {})
        if answer.status_code == 200:
            yield name, answer


def test_no_page_is_shown_without_an_entry(world, everyone):  # noqa: F811
    client = factories.sign_in(Client(), everyone)
    by = f"user:{everyone.pk}"
    seen, unsaid, before = set(), [], 0

    for name, _ in shown(client, world):
        mine = Entry.objects.filter(actor=by)
        count = mine.count()
        latest = mine.order_by("-at", "-id").first()
        # About that very row, where the address has a key.
        row = "pk" in ARGUMENTS[name] and (latest is None or not latest.about_id)
        if count == before or row:
            unsaid.append(name)
        before = count
        seen.add(name)

    assert unsaid == []
    assert {"triage:incident", "partners:refer", "control:told", "portal:update"} <= seen


def test_what_a_page_asks_by_itself_is_one_reading_and_not_none(world, everyone):  # noqa: F811
    client = factories.sign_in(Client(), everyone)
    by_itself = {"HX-Request": "true", "X-Background": "1"}

    for _ in range(3):
        client.get(reverse("triage:queue_rows"), headers=by_itself)

    rows = Entry.objects.filter(actor=f"user:{everyone.pk}", type="list.viewed")
    assert [each.detail for each in rows] == [{"page": "triage:queue_rows"}]


def test_no_entry_no_data(world, everyone, monkeypatch):  # noqa: F811
    def refuse(*args, **kwargs):
        raise RuntimeError("the ledger is away")

    client = factories.sign_in(Client(raise_request_exception=False), everyone)
    monkeypatch.setattr(Entry, "save", refuse)
    contact, incident = world["appointment"].contact, world["incident"]

    told = [name for name, _ in shown(client, world)]
    assert told == []
    for name in ("triage:incident", "control:advice", "portal:update", "triage:queue"):
        body = client.get(address(name, world)).content.decode()
        for secret in (contact.name, contact.phone, incident.reference, incident.narrative):
            assert secret not in body
