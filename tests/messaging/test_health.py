"""The health of the way out, for a machine and for an administrator."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from messaging import health, proofs, sending
from messaging.models import Notification, Proof, Sender, StaffTask
from tests import factories
from victimcontact.accounts.roles import Role


@pytest.fixture
def monitor(client, db):
    return lambda: client.get("/health/texts/")


def test_all_is_well_where_nothing_waits(monitor, queue, twilio):
    queue()
    sending.send_next()

    answer = monitor()

    assert answer.status_code == 200
    assert answer.json()["senders"] == {"first": "open", "mail": "unused"}
    assert (answer.json()["oldest_seconds"], answer.json()["problems"]) == (0, [])


def test_the_handset_is_in_use_once_something_went_by_it(client, queue, now):
    page = factories.sign_in(client, factories.user(Role.ADMINISTRATOR))

    def row():
        found = page.get("/traffic/").content.decode().partition('id="senders"')[2]
        cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", found.partition("<tbody>")[2], re.DOTALL)
        return [re.sub(r"<[^>]+>", "", cell).strip() for cell in cells[:4]]

    before = row()
    sent = queue()
    sending.send_next()
    sent.refresh_from_db()

    not_counted = "Not counted: nothing leaves the house"
    assert before == ["Handset", "Not used yet", not_counted, "–"]
    assert row() == [
        "Handset",
        "In use",
        not_counted,
        f"{timezone.localtime(sent.sent_at):%-d %b %H:%M}",
    ]


def test_a_stopped_worker_is_told_of_within_two_minutes(monitor, queue, now):
    queue()
    Notification.objects.update(next_attempt_at=now - timedelta(seconds=110))
    not_yet = monitor().status_code
    Notification.objects.update(next_attempt_at=now - timedelta(seconds=130))

    answer = monitor()

    assert (not_yet, answer.status_code) == (200, 503)
    assert answer.json()["oldest_seconds"] >= 130
    assert "Is a worker running?" in answer.json()["problems"][0]


def test_a_stopped_beat_is_told_of(monitor, queue, twilio, now):
    queue()
    sending.send_next()
    Notification.objects.update(look_at=now - timedelta(minutes=3))

    assert "Is beat running?" in monitor().json()["problems"][0]


def test_a_sender_that_is_left_alone_is_told_of(monitor, twilio, now):
    Sender.objects.create(name="first", failures=4, shut_until=now + timedelta(minutes=1))

    answer = monitor()

    assert answer.status_code == 503
    assert answer.json()["senders"]["first"] == "shut"


@pytest.mark.parametrize(
    ("hours", "differences", "says"),
    [(1, 0, None), (27, 0, "last compared"), (1, 2, "differ in 2 places")],
)
def test_a_comparison_that_is_old_or_found_something_is_told_of(
    monitor, now, hours, differences, says
):
    Proof.objects.create(
        name=health.BOOKINGS,
        ran_at=now - timedelta(hours=hours),
        looked_at={"bookings": 5, "notices": 9},
        difference_count=differences,
    )

    problems = monitor().json()["problems"]

    assert len(problems) == (says is not None)
    assert says is None or says in problems[0]


def test_the_page_draws_how_long_texts_waited_and_is_for_administrators(
    client, queue, twilio, now, django_assert_max_num_queries
):
    for seconds in (3, 200):
        notification = queue()
        sending.send_next()
        Notification.objects.filter(pk=notification.pk).update(
            sent_at=now - timedelta(minutes=20),
            next_attempt_at=now - timedelta(minutes=20, seconds=seconds),
        )
    factories.sign_in(client, factories.user(Role.ADMINISTRATOR))

    with django_assert_max_num_queries(20):
        page = client.get("/traffic/").content.decode()

    assert len(re.findall(r"<rect [^>]*vc-chart__column--late", page)) == 1
    assert "2 sent, the slowest after 3 min" in page
    factories.sign_in(client, factories.user(Role.CALL_HANDLER))
    assert client.get("/traffic/").status_code == 403


# What proves it


def test_a_text_that_came_to_nothing_and_nobody_heard_of_is_found(queue, twilio, now):
    well, forgotten = queue(), queue()
    Notification.objects.filter(pk=forgotten.pk).update(status="failed", error_code="30005")
    sending.send_next()

    looked_at, found = proofs.of_notifications(timezone.now())

    assert looked_at == 2
    assert [each.notification for each in found] == [forgotten]
    for _ in range(2):
        proofs.record("notices", {"notices": 2}, found, at=now)
    task = StaffTask.objects.get()  # once, however often it is found
    assert (task.kind, task.notification) == ("books_differ", forgotten)
    assert well.pk != forgotten.pk
