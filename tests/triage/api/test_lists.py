"""Lists by keyset: in order, whole, each once, and no change missed whoever commits first."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils.timezone import now

from tests import factories
from tests.triage.api.conftest import system
from triage.api.models import Scope
from triage.control import dispatching
from triage.models import Incident
from victimcontact.accounts.roles import Role

pytestmark = pytest.mark.django_db(transaction=True)
INCIDENTS = "/api/v1/incidents/"
DISPATCHES = "/api/v1/dispatches/"


@pytest.fixture
def control(db):
    return system(name="Command and control")


def settle():
    """Wait until whatever else this server is asked, by tests beside these, is over.

    A list by change stops at the oldest transaction that is still open, in any of its databases.
    """
    with connection.cursor() as cursor:
        cursor.execute("select pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        (begun,) = cursor.fetchone()
        until = time.monotonic() + 60
        while time.monotonic() < until:
            cursor.execute("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
            if cursor.fetchone()[0] >= begun:
                return
            time.sleep(0.05)


def page(asking, address=INCIDENTS, *, wait=True, **query):
    if wait:
        settle()
    answer = asking.get(address, **query)
    assert answer.status_code == 200, answer.content
    body = answer.json()
    return [one["reference"] for one in body["results"]], body["next"]


def test_by_creation_each_stands_once_in_order_and_the_list_ends(control):
    made = [factories.incident(grade=3).reference for _ in range(5)]

    first, cursor = page(control, limit=2)
    second, cursor = page(control, limit=2, cursor=cursor)
    third, end = page(control, limit=2, cursor=cursor)

    assert [first, second, third, end] == [made[:2], made[2:4], made[4:], None]


def test_by_creation_from_a_moment_on(control):
    factories.incident(grade=3)
    moment = now() + timedelta(milliseconds=2)
    while now() < moment:
        pass
    after = factories.incident(grade=3).reference

    assert page(control, created_since=moment.isoformat())[0] == [after]


def test_whoever_goes_on_hears_of_each_change(control):
    one, two = (factories.incident(grade=3) for _ in range(2))
    heard, cursor = page(control, changed_since="2020-01-01T00:00:00Z")
    assert heard == [one.reference, two.reference]
    assert page(control, cursor=cursor) == ([], cursor)

    factories.assessment(one, grade=1)
    heard, cursor = page(control, cursor=cursor)
    assert heard == [one.reference]
    Incident.objects.filter(pk=two.pk).update(safety_note="x")  # nothing that others see
    assert page(control, cursor=cursor)[0] == []
    Incident.objects.filter(pk=two.pk).update(response="visit")
    assert page(control, cursor=cursor)[0] == [two.reference]


def test_from_a_moment_on_nothing_is_missed_afterwards(control):
    factories.incident(grade=3)

    heard, cursor = page(control, changed_since=(now() + timedelta(days=1)).isoformat())
    after = factories.incident(grade=3).reference

    assert heard == []
    assert page(control, cursor=cursor)[0] == [after]


def test_a_change_that_commits_late_is_not_passed_over(control):
    """It began first, another was committed meanwhile, and both are heard of."""
    slow, quick = (factories.incident(grade=3) for _ in range(2))
    _, cursor = page(control, changed_since="2020-01-01T00:00:00Z")
    has_written, may_commit = threading.Event(), threading.Event()

    def write_slowly():
        try:
            with transaction.atomic():
                Incident.objects.filter(pk=slow.pk).update(response="visit")
                has_written.set()
                may_commit.wait(20)
        finally:
            connection.close()

    thread = threading.Thread(target=write_slowly)
    thread.start()
    has_written.wait(20)
    Incident.objects.filter(pk=quick.pk).update(response="station")
    heard = []
    for _ in range(2):
        some, cursor = page(control, wait=False, cursor=cursor)
        heard += some
    may_commit.set()
    thread.join()
    some, cursor = page(control, cursor=cursor)
    heard += some

    assert sorted(heard) == sorted([slow.reference, quick.reference])


def test_a_list_of_ones_own_holds_no_others():
    mine = system(Scope.REPORT, Scope.READ, name="Mine")
    factories.incident(grade=3)
    reference = mine.report(their_reference="CC 1/22NOV26").json()["reference"]

    assert page(mine, changed_since="2020-01-01T00:00:00Z")[0] == [reference]
    assert page(mine, their_reference="CC 1/22NOV26")[0] == [reference]
    assert page(mine, their_reference="CC 2")[0] == []


@pytest.mark.parametrize(
    "query",
    [
        {"cursor": "nonsense"},
        {"cursor": "e30"},
        {"cursor": "WyJjcmVhdGVkIl0"},
        {"cursor": "WyJjaGFuZ2VkIiwiOTk5OTk5OTk5OTk5OTk5OTk5OTk5OTkiLCJ4Il0"},
        {"cursor": "\x00"},
        {"limit": 0},
        {"limit": 201},
        {"limit": "many"},
        {"created_since": "yesterday"},
        {"created_since": "2026-01-01T00:00:00Z", "changed_since": "2026-01-01T00:00:00Z"},
        {"status": "open"},
    ],
    ids=str,
)
def test_what_cannot_be_asked_is_said_by_name(control, query):
    for address in (INCIDENTS, DISPATCHES):
        answer = control.get(address, **query)
        assert answer.status_code == 400
        assert answer.json()["errors"]


def test_a_list_takes_as_many_queries_for_three_as_for_one(control, django_assert_num_queries):
    from django.test.utils import CaptureQueriesContext

    def queries():
        settle()
        with CaptureQueriesContext(connection) as found:
            page(control, wait=False, changed_since="2020-01-01T00:00:00Z")
        return len(found)

    factories.incident(grade=3)
    one = queries()
    for _ in range(2):
        factories.incident(grade=3)

    assert queries() == one


# Dispatches


def sent(reason="He is at the door", **more):
    incident = factories.incident(
        grade=3, location="12 Oak Lane", safety_note="A dog", at=now(), **more
    )
    by = factories.user(Role.CALL_HANDLER, at_force=incident.force)
    return dispatching.send_now(incident, reason=reason, told="call", by=by, at=now())


def states(control, of, **body):
    return control.post(f"{INCIDENTS}{of.incident.reference}/dispatch-states/", body)


def test_the_export_says_where_and_why(control):
    dispatch = sent()
    settle()

    (row,) = control.get(DISPATCHES).json()["results"]

    assert (row["reference"], row["state"], row["grade"]) == (
        dispatch.incident.reference,
        "asked",
        1,
    )
    assert (row["location"], row["reason"], row["safety_note"]) == (
        "12 Oak Lane",
        "He is at the door",
        "A dog",
    )
    assert row["id"] == str(dispatch.pk)


def test_the_export_gives_a_dispatch_again_when_it_moves(control):
    first, second = sent(), sent()
    heard, cursor = page(control, DISPATCHES, since="2020-01-01T00:00:00Z")
    assert heard == [first.incident.reference, second.incident.reference]

    answer = states(control, first, state="acknowledged", note="NM21")

    assert (answer.status_code, answer.json()["state"]) == (201, "acknowledged")
    heard, cursor = page(control, DISPATCHES, cursor=cursor)
    assert heard == [first.incident.reference]
    assert page(control, DISPATCHES, cursor=cursor)[0] == []


def test_the_export_of_another_force_holds_nothing(control):
    sent(at_force=factories.force("southmoor"))

    assert page(control, DISPATCHES)[0] == []


def test_a_dispatch_goes_on_to_the_victim_and_no_further(control):
    dispatch = sent()

    said = [
        states(control, dispatch, state=state).status_code
        for state in ("acknowledged", "acknowledged", "arrived", "acknowledged")
    ]
    stood_down = states(control, dispatch, state="stood_down", note="Not needed")

    assert (said, stood_down.status_code) == ([201, 201, 201, 201], 409)
    assert dispatch.state == "arrived"
    assert [step.by for step in dispatch.steps.exclude(state="asked")] == [None, None]


def test_standing_down_needs_a_reason(control):
    dispatch = sent()

    refused = states(control, dispatch, state="stood_down")

    assert refused.status_code == 400
    assert refused.json()["errors"][0]["path"] == "note"
    assert states(control, dispatch, state="stood_down", note="Called off").status_code == 201


def test_a_clock_that_lags_turns_no_order_round(control):
    dispatch = sent()

    states(control, dispatch, state="arrived", at=(now() - timedelta(minutes=20)).isoformat())

    assert dispatch.state == "arrived"


def test_a_state_of_what_was_never_asked_for_is_refused(control):
    dispatch = sent()
    elsewhere = sent(at_force=factories.force("southmoor"))
    without = factories.incident(grade=3)
    address = f"{INCIDENTS}{without.reference}/dispatch-states/"

    assert control.post(address, {"state": "arrived"}).status_code == 404
    assert states(control, elsewhere, state="arrived").status_code == 404
    assert states(control, dispatch, state="arrived", dispatch=str(elsewhere.pk)).status_code == 409
    assert states(control, dispatch, state="flown").status_code == 400
