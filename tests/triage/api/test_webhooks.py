"""News to other systems: once each, signed, without people, past servers that hang, fail, drop."""

import hashlib
import hmac
import json
import socket
import threading
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils.timezone import now

from messaging.models import StaffTask
from tests import factories
from tests.at_once import at_once, broken
from tests.triage.api.conftest import AT_THE_DOOR, system
from tests.triage.api.listener import Listener
from triage import assessing, offers, signals
from triage.api import delivering, outside, tasks
from triage.api.models import Event, Scope, WebhookDelivery, WebhookSubscription
from triage.control import dispatching
from triage.models import Incident
from victimcontact.accounts.roles import Role
from victimcontact.audit.models import Entry

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "a secret of theirs"
Status = WebhookDelivery.Status


@pytest.fixture
def listener(settings):
    settings.ENVIRONMENT = "development"  # the only one where this machine may be called
    made = Listener()
    yield made
    made.stop()


def subscription(address="https://control.example/news", events=tuple(Event), **fields):
    return WebhookSubscription.objects.create(
        **{
            "force": factories.force(),
            "name": "Command and control",
            "address": address,
            "events": list(events),
            "secret": SECRET,
            **fields,
        }
    )


def happened(incident=None, grade=2):
    """An incident that a person assesses now."""
    incident = incident or factories.incident(at=now())
    assessing.assess(
        incident,
        known=assessing.Known("101", incident.narrative, {}),
        decision=assessing.Decision(grade, "As heard"),
        by=factories.user(Role.TEAM_LEADER),
        at=now(),
    )
    incident.refresh_from_db()
    return incident


def again():
    """Let what waits for its next try be due now."""
    WebhookSubscription.objects.update(rests_until=now() - timedelta(seconds=1))
    WebhookDelivery.objects.filter(status=Status.QUEUED).update(
        next_attempt_at=now() - timedelta(seconds=1)
    )


def test_a_grade_is_told_signed_and_once(listener):
    subscription(listener.address)
    incident = happened()

    assert delivering.deliver_next()
    assert not delivering.deliver_next()

    ((headers, body),) = listener.taken
    told = json.loads(body)
    assert (told["event"], told["reference"], told["grade"]) == ("graded", incident.reference, 2)
    assert (told["graded_by"], told["grade_before"]) == ("person", None)
    seconds, signed = (part.partition("=")[2] for part in headers[delivering.SIGNATURE].split(","))
    right = hmac.new(SECRET.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    assert signed == right
    assert abs(int(seconds) - now().timestamp()) < 60
    row = WebhookDelivery.objects.get()
    assert (row.status, row.attempts, row.last_result) == (Status.DELIVERED, 1, "204")
    assert told["id"] == str(row.pk)


def test_every_kind_of_news_is_told():
    subscription()
    incident = happened(grade=3)
    leader = factories.user(Role.TEAM_LEADER)
    offers.make(incident, chosen="visit", by=leader, at=now())
    signals.closed.send(sender=Incident, incident=incident, by=leader, at=now())
    dispatching.send_now(incident, reason="He is back", told="call", by=leader, at=now())

    told = list(WebhookDelivery.objects.order_by("id").values_list("event", flat=True))
    assert sorted(set(told)) == ["closed", "graded", "officers_sent", "response_chosen"]


def test_the_body_says_nothing_of_people():
    subscription()
    control = system(Scope.REPORT, name="Control")
    control.report(
        words=AT_THE_DOOR,
        caller={"name": "Wilhelmina Quill", "phone": "07700900123"},
        location="12 Oak Lane",
    )

    (row,) = WebhookDelivery.objects.all()
    assert sorted(row.body) == [
        *("at", "due_at", "event", "grade", "grade_before", "graded_by", "id"),
        *("reference", "their_reference"),
    ]
    for personal in ("Wilhelmina", "900123", "Oak", "knife"):
        assert personal not in json.dumps(row.body)


def test_a_system_is_told_of_what_it_sent_alone_under_its_own_reference():
    control = system(Scope.REPORT, name="Control")
    subscription(client=control.row)

    happened()
    control.report(their_reference="CC-7")

    (row,) = WebhookDelivery.objects.all()
    assert row.body["their_reference"] == "CC-7"


def test_another_force_and_what_was_not_asked_for_are_not_told():
    subscription(force=factories.force("southmoor"))
    subscription(name="Closures", events=[Event.CLOSED])
    subscription(name="Off", is_active=False)

    happened()

    assert not WebhookDelivery.objects.exists()


def test_what_did_not_happen_is_not_told():
    subscription()

    class Undone(Exception):
        pass

    with pytest.raises(Undone), transaction.atomic():
        happened()
        raise Undone

    assert not WebhookDelivery.objects.exists()


@pytest.mark.parametrize(
    ("mode", "result"),
    [("500", "500"), ("redirect", "307"), ("drop", "dropped"), ("hang", "timeout")],
)
def test_what_was_not_taken_is_tried_again_later(listener, mode, result, monkeypatch):
    monkeypatch.setattr(outside, "CONNECT_SECONDS", 0.3)
    subscription(listener.address)
    happened()
    listener.mode = mode

    assert delivering.deliver_next()

    row = WebhookDelivery.objects.get()
    assert (row.status, row.last_result, row.attempts) == (Status.QUEUED, result, 1)
    assert timedelta(seconds=5) < row.next_attempt_at - now() < timedelta(seconds=15)
    assert listener.asked == ["/news"]  # a redirect is an answer like another: not followed
    assert not delivering.deliver_next()
    listener.mode = "ok"
    again()
    assert delivering.deliver_next()
    row.refresh_from_db()
    assert (row.status, row.attempts, len(listener.taken)) == (Status.DELIVERED, 2, 1)


def test_a_server_that_speaks_slowly_for_ever_is_cut_off(listener, monkeypatch):
    monkeypatch.setattr(outside, "CALL_SECONDS", 1)
    subscription(listener.address)
    happened()
    listener.mode = "drip"
    began = now()

    delivering.deliver_next()

    assert now() - began < timedelta(seconds=4)
    assert WebhookDelivery.objects.get().last_result == "timeout"


def test_a_name_that_is_never_found_ends_with_the_call(monkeypatch):
    monkeypatch.setattr(outside, "LOOK_UP_SECONDS", 0.2)
    monkeypatch.setattr(outside, "_looking_up", threading.BoundedSemaphore(1))
    over = threading.Event()
    monkeypatch.setattr(outside.socket, "getaddrinfo", lambda *_, **__: over.wait(30))
    subscription()
    happened()
    began = now()

    delivering.deliver_next()
    with pytest.raises(outside.NoAnswer, match="timeout"):  # no second thread waits beside it
        outside._look_up("control.example", 443)

    assert now() - began < timedelta(seconds=3)
    assert [t.name for t in threading.enumerate()].count("look-up") == 1
    assert WebhookDelivery.objects.get().last_result == "timeout"
    over.set()


def test_looking_up_counts_in_the_time_of_the_call(listener, monkeypatch):
    monkeypatch.setattr(outside, "CALL_SECONDS", 1.5)
    subscription(listener.address)
    happened()
    listener.mode = "drip"
    ask, asked = socket.getaddrinfo, []

    def slowly(*args, **more):
        if not asked:
            asked.append(args)
            threading.Event().wait(1.3)
        return ask(*args, **more)

    monkeypatch.setattr(outside.socket, "getaddrinfo", slowly)
    began = now()

    delivering.deliver_next()

    assert now() - began < timedelta(seconds=2.5)


def test_a_run_ends_after_its_time_and_another_goes_on(listener, monkeypatch):
    monkeypatch.setattr(tasks, "wake", lambda: None)  # its bell would ring in the midst of it
    subscription(listener.address)
    happened()
    happened()
    begun = []
    monkeypatch.setattr(tasks, "LONGEST_RUN", 0.0)
    monkeypatch.setattr(tasks.deliver_due, "delay", lambda: begun.append("again"))

    tasks.deliver_due()

    assert (len(listener.taken), begun) == (1, ["again"])


def test_what_each_worker_dies_of_is_given_up_and_told():
    subscription()
    happened()
    WebhookDelivery.objects.update(
        status=Status.SENDING,
        claimed_at=now() - timedelta(minutes=2),
        claimed_by="dead",
        attempts=delivering.MOST_ATTEMPTS,
    )

    assert not delivering.deliver_next()
    assert delivering.give_up_old(now()) == 1

    assert WebhookDelivery.objects.get().status == Status.FAILED
    assert StaffTask.objects.filter(kind="system_silent").count() == 1


def test_nobody_listening_is_refused(listener):
    subscription(listener.address)
    happened()
    listener.stop()

    delivering.deliver_next()

    assert WebhookDelivery.objects.get().last_result == "refused"


def test_one_silent_server_holds_up_no_other(listener):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        subscription(f"http://127.0.0.1:{nobody.getsockname()[1]}/", name="Silent")
        subscription(listener.address, name="Listening")
        for _ in range(3):
            happened()

        tries = 0
        while delivering.deliver_next():
            tries += 1

    assert len(listener.taken) == 3
    assert tries == 4  # the silent one was tried once and rests


def test_a_system_silent_for_minutes_is_a_persons_task_once(listener):
    made = subscription(listener.address)
    happened()
    happened()
    listener.mode = "500"

    for _ in range(delivering.SILENT_AFTER - 1):
        delivering.deliver_next()
        again()
    assert not StaffTask.objects.filter(kind="system_silent").exists()
    for _ in range(4):
        delivering.deliver_next()
        again()

    task = StaffTask.objects.get(kind="system_silent")
    assert (task.about_id, task.force) == (made.pk, made.force)
    assert made.name in task.reason


def test_there_is_a_known_end_and_a_way_back(listener):
    made = subscription(listener.address)
    happened()
    listener.mode = "500"
    WebhookDelivery.objects.update(attempts=delivering.MOST_ATTEMPTS - 1)

    delivering.deliver_next()
    again()

    row = WebhookDelivery.objects.get()
    assert (row.status, row.last_result) == (Status.FAILED, "500")
    assert row.settled_at
    assert not delivering.deliver_next()
    assert StaffTask.objects.filter(kind="system_silent").count() == 1
    assert Entry.objects.filter(type="webhook.failed").count() == 1
    listener.mode = "ok"
    assert delivering.send_again(made, by=factories.user(Role.ADMINISTRATOR), at=now()) == 1
    assert delivering.deliver_next()
    assert len(listener.taken) == 1


def test_what_is_too_old_to_be_of_use_is_given_up_and_told():
    subscription()
    happened()
    happened()
    WebhookDelivery.objects.update(queued_at=now() - delivering.OF_USE_FOR - timedelta(minutes=1))

    assert delivering.give_up_old(now()) == 2
    assert delivering.give_up_old(now()) == 0
    assert set(WebhookDelivery.objects.values_list("status", flat=True)) == {Status.FAILED}
    assert StaffTask.objects.filter(kind="system_silent").count() == 1


def test_workers_side_by_side_tell_each_thing_once(listener):
    for number in range(4):
        subscription(listener.address, name=str(number))
    for _ in range(5):
        happened()

    def waiting():
        return WebhookDelivery.objects.filter(status=Status.QUEUED).exists()

    def work():
        while delivering.deliver_next() or waiting():
            pass

    found = at_once(*[work] * 4)

    assert broken(found) == []
    told = [json.loads(body)["id"] for _, body in listener.taken]
    assert (len(told), len(set(told))) == (20, 20)
    assert set(WebhookDelivery.objects.values_list("status", "attempts")) == {("delivered", 1)}


def test_what_a_dead_worker_left_is_taken_up_again(listener):
    subscription(listener.address)
    happened()
    WebhookDelivery.objects.update(
        status=Status.SENDING, claimed_at=now(), claimed_by="dead", attempts=1
    )

    assert not delivering.deliver_next()
    WebhookDelivery.objects.update(claimed_at=now() - timedelta(minutes=2))
    assert delivering.deliver_next()
    assert WebhookDelivery.objects.get().status == Status.DELIVERED


def test_a_worker_that_lost_its_claim_settles_nothing():
    subscription()
    happened()
    WebhookDelivery.objects.update(
        status=Status.SENDING, claimed_at=now(), claimed_by="the new one", attempts=2
    )
    row = WebhookDelivery.objects.get()

    delivering._settle(row.pk, "the old one", "timeout", at=now())

    row.refresh_from_db()
    assert (row.status, row.claimed_by, row.last_result) == (Status.SENDING, "the new one", "")


# Where news may go


@pytest.mark.parametrize(
    "address",
    [
        "http://control.example/news",
        "https://127.0.0.1/news",
        "https://10.1.2.3/",
        "https://192.168.0.9/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://[fd00::1]/",
        "https://0.0.0.0/",
        "https://100.64.0.1/",
        "https://224.0.0.1/",
        "https://user:word@control.example/",
        "https://control.example:99999/",
        "https:///news",
        "ftp://control.example/",
        "file:///etc/passwd",
    ],
)
def test_no_address_inside_and_no_plain_one(address):
    with pytest.raises(outside.NotAllowed):
        outside.check(address)


def test_a_name_that_leads_inside_is_refused_when_it_is_called(monkeypatch):
    asked = []

    def look_up(host, port, **_):
        asked.append(host)
        return [(2, 1, 6, "", ("93.184.216.34", port)), (2, 1, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr("triage.api.outside.socket.getaddrinfo", look_up)
    subscription("https://control.example/news")
    happened()

    delivering.deliver_next()

    assert asked == ["control.example"]
    assert WebhookDelivery.objects.get().last_result == "not allowed"


def test_the_connection_goes_to_what_was_looked_up(listener, monkeypatch):
    """Not to what the same name would mean a moment later."""
    port = listener.server.server_port
    real = socket.getaddrinfo
    answers = iter(["127.0.0.1"])

    def look_up(host, *rest, **more):
        if host == "control.example":
            return [(2, 1, 6, "", (next(answers), port))]
        return real(host, *rest, **more)

    monkeypatch.setattr("triage.api.outside.socket.getaddrinfo", look_up)

    assert (
        outside.call(f"http://control.example:{port}/news", b"{}", {"Content-Length": "2"}) == 204
    )
    ((headers, _),) = listener.taken
    assert headers["Host"] == f"control.example:{port}"


def test_with_a_list_of_hosts_no_other_is_called(settings):
    settings.WEBHOOK_HOSTS = ["control.example"]

    outside.check("https://Control.example/news")
    with pytest.raises(outside.NotAllowed):
        outside.check("https://other.example/news")


def test_in_production_only_hosts_of_the_list_are_called(settings):
    settings.PRODUCTION = True

    with pytest.raises(outside.NotAllowed):
        outside.check("https://control.example/news")
