"""The same request twice, at once, changed, and after its time."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from tests.at_once import at_once
from tests.triage.api.conftest import REPORT, system
from triage.api import idempotency
from triage.api.models import Answered, Scope
from triage.models import Incident

pytestmark = pytest.mark.django_db
INCIDENTS = "/api/v1/incidents/"


def test_sent_again_it_is_answered_the_same_and_done_once(online):
    first = online.post(INCIDENTS, REPORT, key="one")
    again = online.post(INCIDENTS, dict(reversed(REPORT.items())), key="one")

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert [one.headers.get("Idempotency-Replayed") for one in (first, again)] == [None, "true"]
    assert Incident.objects.count() == 1


def test_with_another_body_or_address_the_key_is_refused(online):
    reference = online.post(INCIDENTS, REPORT, key="one").json()["reference"]

    other = online.post(INCIDENTS, {**REPORT, "words": "Something else."}, key="one")
    elsewhere = online.post(f"{INCIDENTS}{reference}/updates/", REPORT, key="one")

    assert (other.status_code, elsewhere.status_code) == (422, 422)
    assert other["Content-Type"] == "application/problem+json"
    assert Incident.objects.count() == 1


def test_a_refused_request_may_be_mended_under_the_same_key(online):
    refused = online.post(INCIDENTS, {**REPORT, "channel": "fax"}, key="one")
    mended = online.post(INCIDENTS, REPORT, key="one")

    assert (refused.status_code, mended.status_code) == (400, 201)


@pytest.mark.parametrize("key", ["", "x" * 101, "schl\u00fcssel"])
def test_without_a_sound_key_nothing_is_done(online, key):
    headers = {"Authorization": f"Bearer {online.token}"}
    if key:
        headers["Idempotency-Key"] = key
    answer = online.client.post(INCIDENTS, REPORT, content_type="application/json", headers=headers)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["path"] == "Idempotency-Key"
    assert not Incident.objects.exists()


def test_one_systems_key_is_not_anothers(online):
    other = system(Scope.REPORT, name="Another")

    one, two = (each.post(INCIDENTS, REPORT, key="one").json() for each in (online, other))

    assert one["reference"] != two["reference"]


def test_a_key_is_forgotten_after_its_time(online):
    online.post(INCIDENTS, REPORT, key="one")
    Answered.objects.update(forgotten_at=now() - timedelta(seconds=1))
    new = {**REPORT, "their_reference": "CC-2"}

    again = online.post(INCIDENTS, new, key="one")

    assert again.status_code == 201
    assert Incident.objects.count() == 2
    assert idempotency.forget(now()) == 0
    assert idempotency.forget(now() + timedelta(hours=25)) == 1


@pytest.mark.django_db(transaction=True)
def test_two_at_once_are_one_incident():
    asking = system(Scope.REPORT)

    answers = at_once(*[lambda: asking.post(INCIDENTS, REPORT, key="one")] * 6)

    assert [one.status_code for one in answers] == [201] * 6
    assert len({one.json()["reference"] for one in answers}) == 1
    assert sum("Idempotency-Replayed" in one.headers for one in answers) == 5
    assert Incident.objects.count() == 1
