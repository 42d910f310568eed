"""Who gets in, what they see, how often, and how each refusal reads."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from tests import factories
from tests.triage.api.conftest import REPORT, System, system
from triage.api import tokens
from triage.api.models import Allowance, ApiClient, Scope
from triage.models import Incident
from victimcontact.accounts.roles import Role
from victimcontact.audit.models import Entry

pytestmark = pytest.mark.django_db
INCIDENTS = "/api/v1/incidents/"
PROBLEM = "application/problem+json"


def addresses():
    made = {"reference": "NO-4CK7TQ-H"}
    yield "get", reverse("api:incidents")
    yield "post", reverse("api:incidents")
    yield "get", reverse("api:incident", kwargs=made)
    yield "post", reverse("api:updates", kwargs=made)
    yield "post", reverse("api:dispatch_states", kwargs=made)
    yield "get", reverse("api:dispatches")
    yield "get", reverse("api:nothing", kwargs={"rest": "v1/else/"})


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer nonsense",
        "Basic c3R1ZmY6c3R1ZmY=",
        "Bearer " + "x" * 5000,
        "Bearer \u00e4\u00f6",
        "Token abc",
    ],
)
def test_nobody_enters_without_a_token(db, header):
    client = Client()
    headers = {} if header is None else {"Authorization": header}

    for method, address in addresses():
        answer = getattr(client, method)(address, headers=headers)
        assert (answer.status_code, answer["Content-Type"]) == (401, PROBLEM), address
        assert answer["WWW-Authenticate"] == "Bearer"
        assert answer.json()["detail"]


def test_a_signed_in_browser_is_nobody_here():
    client = factories.sign_in(Client(), factories.user(list(Role)))

    for method, address in addresses():
        assert getattr(client, method)(address).status_code == 401, address


def test_each_address_asks_for_its_scope():
    incident = factories.incident(grade=3)
    made = {"reference": incident.reference}
    wanted = {
        ("get", reverse("api:incidents")): {Scope.READ, Scope.READ_ALL},
        ("head", reverse("api:incidents")): {Scope.READ, Scope.READ_ALL},
        ("post", reverse("api:incidents")): {Scope.REPORT},
        ("get", reverse("api:incident", kwargs=made)): {Scope.READ, Scope.READ_ALL},
        ("post", reverse("api:updates", kwargs=made)): {Scope.REPORT},
        ("post", reverse("api:dispatch_states", kwargs=made)): {Scope.DISPATCH_STATES},
        ("get", reverse("api:dispatches")): {Scope.DISPATCH_EXPORT},
        ("head", reverse("api:dispatches")): {Scope.DISPATCH_EXPORT},
    }
    wrong = []

    for scope in Scope:
        asking = system(scope, name=f"Only {scope.value}")
        for (method, address), scopes in wanted.items():
            headers = {"Authorization": f"Bearer {asking.token}"}
            status = getattr(asking.client, method)(address, headers=headers).status_code
            if (status == 403) == (scope in scopes):
                wrong.append((scope, method, address, status))

    assert wrong == []


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_nothing_is_changed_by_other_methods(online, method):
    reference = online.report().json()["reference"]

    answer = getattr(online.client, method)(
        f"{INCIDENTS}{reference}/", headers={"Authorization": f"Bearer {online.token}"}
    )

    assert (answer.status_code, answer["Content-Type"]) == (405, PROBLEM)


def test_switching_off_running_out_and_withdrawing_work_on_the_next_request(online):
    def status():
        return online.get(INCIDENTS).status_code

    assert status() == 200
    ApiClient.objects.update(is_active=False)
    assert status() == 401
    ApiClient.objects.update(is_active=True)
    assert status() == 200
    ApiClient.objects.update(expires_at=now() - timedelta(seconds=1))
    assert status() == 401
    ApiClient.objects.update(expires_at=now() + timedelta(days=1))
    tokens.withdraw(online.row, by=None, at=now())
    assert status() == 401


def test_a_new_token_lets_the_old_one_work_for_an_hour(online):
    newer = System(online.row, tokens.renew(online.row, by=None, at=now()))

    assert (online.get(INCIDENTS).status_code, newer.get(INCIDENTS).status_code) == (200, 200)
    assert tokens.owner_of(online.token, at=now() + timedelta(minutes=61)) is None
    newest = System(online.row, tokens.renew(online.row, by=None, at=now()))
    assert (online.get(INCIDENTS).status_code, newest.get(INCIDENTS).status_code) == (401, 200)


def test_the_token_is_nowhere_in_the_database(online):
    row = ApiClient.objects.values().get()

    assert online.token not in str(row)
    assert row["token_ends_in"] == online.token[-4:]


@pytest.mark.parametrize(
    ("allowed", "status"),
    [
        (["127.0.0.1"], 200),
        (["192.0.2.0/24", "127.0.0.0/8"], 200),
        (["192.0.2.7"], 401),
        (["2001:db8::/32"], 401),
    ],
)
def test_a_token_may_be_bound_to_addresses(db, allowed, status):
    asking = system(allowed_addresses=allowed)

    assert asking.get(INCIDENTS).status_code == status


# What each sees


def test_a_system_sees_what_it_sent_and_nothing_else(online):
    other = system(Scope.REPORT, Scope.READ, name="Another")
    mine = online.report(their_reference="1").json()["reference"]
    theirs = other.report(their_reference="2").json()["reference"]
    ours = factories.incident(grade=2).reference

    for foreign in (theirs, ours, "2", "NO-FFFFFF-F"):
        answer = online.get(f"{INCIDENTS}{foreign}/")
        assert (answer.status_code, answer["Content-Type"]) == (404, PROBLEM)
        refused = online.post(f"{INCIDENTS}{foreign}/updates/", {"words": "x"})
        assert refused.status_code == 404
    assert [one["reference"] for one in online.get(INCIDENTS).json()["results"]] == [mine]
    assert online.get(f"{INCIDENTS}1/").json()["reference"] == mine
    assert online.get(f"{INCIDENTS}{mine.lower()}/").json()["their_reference"] == "1"


def test_the_wider_scope_ends_at_the_force():
    ours = factories.incident(grade=2).reference
    elsewhere = factories.incident(factories.force("southmoor"), grade=2).reference
    control = system(Scope.READ_ALL)

    assert control.get(f"{INCIDENTS}{ours}/").json()["their_reference"] is None
    assert control.get(f"{INCIDENTS}{elsewhere}/").status_code == 404
    assert [one["reference"] for one in control.get(INCIDENTS).json()["results"]] == [ours]


def test_an_answer_says_nothing_of_people(online):
    online.report(
        their_reference="CC-1",
        caller={"name": "Wilhelmina Quill", "phone": "07700900123", "address": "7 Elm Row"},
        location="12 Oak Lane",
        suspect="Bert",
    )

    for answer in (online.get(f"{INCIDENTS}CC-1/"), online.get(INCIDENTS)):
        text = answer.content.decode()
        for personal in ("Wilhelmina", "900123", "Elm", "Oak", "Bert", "hit me"):
            assert personal not in text


# How often


def test_more_than_the_rate_must_wait_as_long_as_it_is_told():
    asking = system(Scope.READ, requests_a_minute=3)

    statuses = [asking.get(INCIDENTS).status_code for _ in range(4)]
    refused = asking.get(INCIDENTS)

    assert statuses == [200, 200, 200, 429]
    assert refused["Content-Type"] == PROBLEM
    assert 15 <= int(refused["Retry-After"]) <= 20
    Allowance.objects.update(counted_at=now() - timedelta(seconds=int(refused["Retry-After"])))
    assert asking.get(INCIDENTS).status_code == 200
    assert asking.get(INCIDENTS).status_code == 429


def test_one_system_does_not_use_up_anothers_rate():
    busy = system(Scope.READ, name="Busy", requests_a_minute=1)
    calm = system(Scope.READ, name="Calm", requests_a_minute=1)

    assert [busy.get(INCIDENTS).status_code for _ in range(2)] == [200, 429]
    assert calm.get(INCIDENTS).status_code == 200


def test_a_flood_is_one_entry_in_the_ledger():
    asking = system(Scope.READ, requests_a_minute=1)

    for _ in range(5):
        asking.get(INCIDENTS)

    statuses = [entry.detail["status"] for entry in Entry.objects.filter(type="api.called")]
    assert sorted(statuses) == [200, 429]


# What is sent


def paths(answer):
    assert (answer.status_code, answer["Content-Type"]) == (400, PROBLEM)
    problem = answer.json()
    assert problem["status"] == 400
    assert problem["detail"]
    return sorted(one["path"] for one in problem["errors"])


def test_a_field_that_is_not_known_is_refused_by_name(online):
    answer = online.report(narative="x", caller={"phones": "1"}, answers={"weapons": True})

    assert paths(answer) == ["narative"]
    assert paths(online.report(caller={"phones": "1"}, answers={"weapons": True})) == [
        "answers.weapons",
        "caller.phones",
    ]


def test_each_fault_is_named_by_its_path(online):
    answer = online.report(
        channel="fax",
        words=" ",
        answers={"victim_age": "84", "weapon": 1, "injuries": "bad", "caller_age": -1},
        caller={"phone": "12", "email": "x", "date_of_birth": "31/2/2026"},
    )

    assert paths(answer) == [
        "answers.caller_age",
        "answers.injuries",
        "answers.victim_age",
        "answers.weapon",
        "caller.date_of_birth",
        "caller.email",
        "caller.phone",
        "channel",
        "words",
    ]
    assert not Incident.objects.exists()


@pytest.mark.parametrize(
    "value",
    [None, 7, 1.5, True, [], {}, [[]], "\x00", "\ud800", "a\x00b", 10**400],
    ids=str,
)
@pytest.mark.parametrize("name", [*REPORT, "location", "victim", "reported_at", "suspect"])
def test_nothing_odd_is_a_fault_of_ours(online, name, value):
    answer = online.report(**{name: value})

    assert answer.status_code in (201, 400)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"x"',
        b"null",
        b"\xff\xfe{}",
        b'{"words": NaN}',
        b'{"words": ' + b"9" * 6000 + b"}",
        b"[" * 100_000,
        b'{"a":' * 50_000,
    ],
    ids=lambda body: repr(body[:12]),
)
def test_what_is_no_object_of_json_is_refused(online, body):
    answer = online.client.post(
        INCIDENTS,
        body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {online.token}", "Idempotency-Key": "1"},
    )

    assert (answer.status_code, answer["Content-Type"]) == (400, PROBLEM)


def test_a_large_body_and_another_kind_are_refused(online):
    large = online.report(words="x" * 600_000)
    headers = {"Authorization": f"Bearer {online.token}", "Idempotency-Key": "1"}
    form = online.client.post(INCIDENTS, REPORT, headers=headers)
    html = online.client.get(
        INCIDENTS, headers={"Authorization": f"Bearer {online.token}", "Accept": "text/html"}
    )

    assert [one.status_code for one in (large, form, html)] == [413, 415, 406]
    assert {one["Content-Type"] for one in (large, form, html)} == {PROBLEM}


def test_a_fault_of_ours_is_a_problem_that_tells_nothing(online, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("Wilhelmina Quill")

    monkeypatch.setattr("triage.intake.receive", broken)

    answer = online.report()

    assert (answer.status_code, answer["Content-Type"]) == (500, PROBLEM)
    assert "Wilhelmina" not in answer.content.decode()
    assert Entry.objects.filter(type="api.called", detail__status=500).count() == 1
    assert not Incident.objects.exists()
