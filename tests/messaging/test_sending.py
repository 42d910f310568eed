"""The one way out, against a server that really answers, refuses, hangs and hangs up."""

import ast
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from messaging import doubts, jobs, sending, settling
from messaging.models import Notification, Receipt, Sender, StaffTask
from messaging.signals import notification_settled
from messaging.transports import HANDSET_PREFIX
from messaging.transports import twilio as transport
from tests import factories
from tests.messaging.twilio_server import TwilioServer
from victimcontact.audit.models import Entry
from victimcontact.people.models import ContactPlan

Status = Notification.Status
HOUSE = Path(django_settings.BASE_DIR)


def reload(notification):
    return Notification.objects.get(pk=notification.pk)


def age(notification, **columns):
    """Move moments of a row into the past, as if time had gone by."""
    Notification.objects.filter(pk=notification.pk).update(**columns)


def pass_over(notification, minutes):
    """Let that many minutes go by for a row, and for the pace of who sends it."""
    row = reload(notification)
    earlier = timedelta(minutes=minutes)
    Sender.objects.update(next_free_at=F("next_free_at") - earlier)
    age(
        notification,
        next_attempt_at=row.next_attempt_at - earlier,
        claimed_at=row.claimed_at and row.claimed_at - earlier,
        sent_at=row.sent_at and row.sent_at - earlier,
        look_at=row.look_at and row.look_at - earlier,
    )


def bodies(twilio):
    return [message["body"] for message in twilio.journal]


def test_a_due_text_leaves_once_and_is_settled(queue, contact, twilio):
    notification = queue()

    sent, more = sending.send_next(), sending.send_next()

    row, message = reload(notification), twilio.journal[0]
    assert (sent, more, len(twilio.journal)) == (True, False, 1)
    assert (row.status, row.attempts, row.provider_id) == (Status.SENT, 1, message["sid"])
    assert (message["to"], message["body"], row.sent_to) == (contact.phone, row.body, contact.phone)
    assert message["status_callback"] == (
        f"https://appointments.example.org/webhooks/twilio/status/{row.pk}/"
    )
    assert Entry.objects.get(type="notification.sent").about_id == str(row.pk)


def test_it_refuses_to_run_inside_a_transaction(transactional_db, queue, twilio):
    queue()
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        sending.send_next()


def test_the_plan_is_asked_when_sending_and_not_when_queueing(queue, contact, twilio, now):
    notification = queue()
    ContactPlan.objects.filter(contact=contact).update(channels={"sms": "unsafe"})

    sending.send_next()

    row = reload(notification)
    assert (row.status, row.held_reason, twilio.journal) == (Status.HELD, "channel_unsafe", [])
    assert StaffTask.objects.get().notification == row


def test_a_new_plan_decides_and_not_the_one_that_was_replaced(queue, contact, twilio, now):
    queue()
    ContactPlan.objects.filter(contact=contact).update(replaced_at=now)
    factories.plan(contact, at=now, safe=ContactPlan.Safe.NO_CONTACT)

    sending.send_next()

    assert twilio.journal == []
    assert StaffTask.objects.get().kind == StaffTask.Kind.TEXT_HELD


def test_at_an_unsafe_hour_it_waits_for_a_safe_one_and_no_try_is_counted(queue, contact, twilio):
    tomorrow = timezone.localtime() + timedelta(days=1)
    window = {"days": [tomorrow.weekday()], "from": "10:00", "to": "11:00"}
    ContactPlan.objects.filter(contact=contact).update(windows=[window])
    notification = queue()

    sending.send_next()

    row = reload(notification)
    opens = tomorrow.replace(hour=10, minute=0, second=0, microsecond=0)
    assert (row.status, row.next_attempt_at, row.attempts) == (Status.QUEUED, opens, 0)
    assert twilio.journal == []


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        (
            "2027-03-27T20:30",
            "2027-03-28T08:00",
        ),  # nine o'clock, an hour earlier than the day before
        ("2027-03-28T00:30", "2027-03-28T08:00"),
        ("2027-10-30T20:30", "2027-10-31T09:00"),
        ("2027-10-31T00:30", "2027-10-31T09:00"),  # the first of two half past ones
        ("2027-10-31T01:30", "2027-10-31T09:00"),  # the second
    ],
)
def test_over_a_clock_change_it_waits_for_the_hour_on_the_wall(queue, contact, at, opens):
    window = {"days": [6], "from": "09:00", "to": "10:00"}
    later = datetime(2028, 1, 1, tzinfo=UTC)
    ContactPlan.objects.filter(contact=contact).update(windows=[window], expires_at=later)
    row = queue()
    at, opens = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (at, opens))

    assert sending._ask(row, "claim", at, 0) is None

    assert (reload(row).next_attempt_at, reload(row).status) == (opens, Status.QUEUED)
    [claimed] = [sending._ask(reload(row), "claim", opens, 0)]
    assert claimed.parcel.valid_seconds <= 3600


def test_if_the_safe_hour_comes_too_late_a_person_is_told_at_once(queue, contact, twilio, now):
    tomorrow = timezone.localtime() + timedelta(days=1)
    window = {"days": [tomorrow.weekday()], "from": "10:00", "to": "11:00"}
    ContactPlan.objects.filter(contact=contact).update(windows=[window])
    notification = queue(useful_until=now + timedelta(minutes=5))

    sending.send_next()

    assert reload(notification).status == Status.DROPPED
    assert StaffTask.objects.get().kind == StaffTask.Kind.TEXT_DROPPED


def test_a_text_too_late_to_be_useful_is_dropped_and_a_person_told(queue, twilio, now):
    notification = queue(useful_until=now)

    sending.send_next()

    assert (reload(notification).status, twilio.journal) == (Status.DROPPED, [])
    assert StaffTask.objects.get().kind == StaffTask.Kind.TEXT_DROPPED


def test_the_provider_is_told_until_when_to_try(queue, twilio, now):
    queue(useful_until=now + timedelta(minutes=10))
    queue(useful_until=now + timedelta(days=3))

    sending.send_next(), sending.send_next()

    first, second = sorted(int(message["validity_period"]) for message in twilio.journal)
    assert 590 <= first <= 600
    assert second == 36_000


def test_the_person_a_merge_kept_is_the_one_who_is_asked_and_texted(queue, contact, twilio, now):
    kept = factories.contact()
    factories.plan(kept, at=now)
    queue()
    contact.merged_into = kept
    contact.save()

    sending.send_next()

    assert [message["to"] for message in twilio.journal] == [kept.phone]


@pytest.mark.parametrize("mode", ["429:20429", "503:20503", "401:20003"])
def test_a_passing_refusal_is_tried_again_later(queue, twilio, mode):
    notification = queue()
    twilio.once(mode)

    sending.send_next()
    waiting = reload(notification)
    too_soon = sending.send_next()
    pass_over(notification, 1)
    sending.send_next()

    assert (waiting.status, waiting.error_code) == (Status.QUEUED, mode.split(":")[1])
    assert too_soon is False
    assert (reload(notification).status, reload(notification).attempts) == (Status.SENT, 2)
    assert len(twilio.journal) == 1


def test_retries_back_off_and_come_to_a_known_end(queue, twilio):
    notification = queue()
    twilio.mode = "429:20429"
    waits = []
    while reload(notification).status == Status.QUEUED:
        sending.send_next()
        row = reload(notification)
        if row.status == Status.QUEUED:
            waits.append((row.next_attempt_at - row.claimed_at).total_seconds())
            pass_over(notification, 30)

    assert reload(notification).status == Status.FAILED
    assert StaffTask.objects.get().reason == settling.ARRIVAL_REASONS["attempts"]
    assert len(waits) == settling.MOST_ATTEMPTS - 1
    expected = [15 * 2**n for n in range(6)] + [900] * 3
    assert all(0.75 * e <= w <= 1.25 * e + 5 for w, e in zip(waits, expected, strict=True)), waits


@pytest.mark.parametrize("mode", ["400:21211", "400:21408", "404:20404", "422:99999"])
def test_a_final_refusal_is_not_tried_again_and_a_person_is_told(queue, twilio, mode):
    notification = queue()
    twilio.once(mode)

    sending.send_next()
    pass_over(notification, 60)
    jobs.sweep()

    row = reload(notification)
    assert (row.status, row.error_code) == (Status.FAILED, mode.split(":")[1])
    assert StaffTask.objects.get().kind == StaffTask.Kind.TEXT_FAILED
    assert twilio.journal == []


def test_who_opted_out_at_the_provider_is_marked_unsafe(queue, contact, twilio):
    queue()
    twilio.once("400:21610")

    sending.send_next()

    assert contact.plan.channels == {"sms": "unsafe"}
    assert set(StaffTask.objects.values_list("kind", flat=True)) == {"text_failed", "stop_received"}


def test_nothing_listens_where_the_provider_was(queue, settings, twilio):
    with TwilioServer() as gone:
        settings.TWILIO_API_BASE_URL = gone.url
    notification = queue()

    sending.send_next()

    row = reload(notification)
    assert (row.status, row.error_code) == (Status.QUEUED, "no-connection")


@pytest.mark.parametrize("mode", ["accept_then_drop", "garbled"])
def test_an_answer_that_was_lost_is_looked_up_and_never_sent_again(queue, twilio, mode):
    notification = queue()
    twilio.once(mode)

    sending.send_next()
    doubtful = reload(notification)
    pass_over(notification, 1)
    jobs.sweep()

    row = reload(notification)
    assert doubtful.status == Status.UNCERTAIN
    assert (row.status, row.provider_id) == (Status.SENT, twilio.journal[0]["sid"])
    assert (len(twilio.journal), row.attempts) == (1, 1)


@pytest.mark.parametrize("mode", ["drop", "500", "502"])
def test_what_the_list_does_not_show_is_sent_again_only_after_a_safe_delay(queue, twilio, mode):
    notification = queue()
    twilio.once(mode)

    sending.send_next()
    pass_over(notification, 1)
    jobs.sweep()
    too_soon = reload(notification)
    pass_over(notification, 2)
    jobs.sweep()

    assert (too_soon.status, twilio.lookups) == (Status.UNCERTAIN, 2)
    row = reload(notification)
    assert (row.status, row.attempts, len(twilio.journal)) == (Status.SENT, 2, 1)


def test_a_hung_provider_costs_the_time_limit_and_then_is_doubt(queue, twilio, monkeypatch):
    monkeypatch.setattr(transport, "TIMEOUT_SECONDS", 0.3)
    notification = queue()
    twilio.once("accept_then_hang")

    sending.send_next()
    doubtful = reload(notification)
    pass_over(notification, 1)
    jobs.sweep()

    assert (doubtful.status, doubtful.error_code) == (Status.UNCERTAIN, "timeout")
    assert (reload(notification).status, len(twilio.journal)) == (Status.SENT, 1)


def test_the_client_waits_ten_seconds_and_no_longer(twilio):
    assert transport.client().http_client.timeout == 10


def test_while_the_list_cannot_be_asked_nothing_is_sent(queue, twilio, settings):
    notification = queue()
    twilio.once("accept_then_drop")
    sending.send_next()
    settings.TWILIO_ACCOUNT_SID = "AC" + "1" * 32  # its list is not ours to read

    for _ in range(5):
        pass_over(notification, 10)
        jobs.sweep()

    assert (reload(notification).status, len(twilio.journal)) == (Status.UNCERTAIN, 1)

    pass_over(notification, 120)
    jobs.sweep()

    assert (reload(notification).status, reload(notification).error_code) == ("failed", "no-answer")
    assert StaffTask.objects.get().reason == settling.ARRIVAL_REASONS["no-answer"]
    assert len(twilio.journal) == 1


def test_an_uncertain_text_past_its_use_is_dropped_and_not_sent(queue, twilio, now):
    notification = queue(useful_until=now + timedelta(minutes=30))
    twilio.once("drop")
    sending.send_next()
    age(notification, useful_until=now - timedelta(seconds=1))
    pass_over(notification, 3)

    jobs.sweep()

    assert (reload(notification).status, twilio.journal) == (Status.DROPPED, [])


def test_of_two_that_read_alike_each_finds_its_own(queue, twilio):
    first, second = queue("portal_message"), queue("portal_message")
    twilio.once("ok", "accept_then_drop")
    sending.send_next(), sending.send_next()
    pass_over(first, 1), pass_over(second, 1)

    jobs.sweep()

    ids = {reload(first).provider_id, reload(second).provider_id}
    assert ids == {message["sid"] for message in twilio.journal}
    assert len(twilio.journal) == 2


@pytest.fixture
def alike(queue, contact, now):
    """The same words to two people who have one number."""
    other = factories.contact(phone=contact.phone, created_at=now)
    factories.plan(other, at=now)
    return queue("portal_message"), queue("portal_message", to=other)


@pytest.mark.parametrize("second_try", ["accept_then_drop", "drop"])
def test_one_message_at_the_provider_answers_for_one_text(alike, twilio, second_try):
    twilio.once("accept_then_drop", second_try)
    sending.send_next(), sending.send_next()

    for _ in range(2):
        [pass_over(each, 3) for each in alike]
        jobs.sweep()
        sending.send_next()

    assert [reload(each).status for each in alike] == [Status.SENT, Status.SENT]
    ids = {reload(each).provider_id for each in alike}
    assert ids == {message["sid"] for message in twilio.journal}
    assert len(twilio.journal) == 2


def test_what_two_workers_found_at_once_goes_to_the_first(alike, twilio, monkeypatch):
    twilio.once("accept_then_drop", "drop")
    sending.send_next(), sending.send_next()
    # The list as both read it before either had written.
    monkeypatch.setattr(doubts._Others, "__contains__", lambda self, provider_id: False)

    for each in alike:
        pass_over(each, 3)
        assert doubts.reconcile_next()

    (message,) = twilio.journal
    assert {(reload(each).status, reload(each).provider_id) for each in alike} == {
        (Status.SENT, message["sid"]),
        (Status.UNCERTAIN, ""),
    }


def test_a_message_waits_for_whoever_is_just_told_that_it_is_theirs(alike, twilio):
    doubted, going = alike
    age(going, next_attempt_at=timezone.now() + timedelta(minutes=5))
    twilio.once("drop")
    sending.send_next()
    age(going, next_attempt_at=timezone.now())
    [claimed] = sending.claim(1).claimed
    outcome = sending.call(claimed)
    pass_over(doubted, 3)

    assert doubts.reconcile_next()

    (message,) = twilio.journal
    assert (reload(doubted).status, reload(doubted).provider_id) == (Status.UNCERTAIN, "")
    sending.settle([outcome])
    assert reload(going).provider_id == message["sid"]


def test_an_id_is_given_away_by_one_worker_at_a_time(transactional_db, alike):
    first, second = alike
    answers, began = [], threading.Event()

    def ask():
        with transaction.atomic():
            began.set()
            answers.append(settling.is_anothers(second, "SM-one"))
        connection.close()

    other = threading.Thread(target=ask)
    with transaction.atomic():
        assert not settling.is_anothers(first, "SM-one")
        other.start()
        began.wait()
        other.join(0.2)
        assert answers == []
        age(first, provider_id="SM-one")
    other.join()

    assert answers == [True]


def test_a_receipt_for_a_message_that_answers_for_another_text_changes_nothing(alike, twilio, now):
    first, second = alike
    twilio.once("accept_then_drop", "drop")
    sending.send_next(), sending.send_next()
    (message,) = twilio.journal
    age(first, status=Status.SENT, provider_id=message["sid"], sent_at=now)

    changed = settling.receive_receipt(
        second.pk, provider_id=message["sid"], provider_status="delivered", error_code="", at=now
    )

    assert (changed, reload(second).status, reload(second).provider_id) == (
        False,
        Status.UNCERTAIN,
        "",
    )


def test_a_text_of_long_ago_that_reads_alike_is_not_taken_for_this_one(queue, twilio):
    old = queue("portal_message")
    sending.send_next()
    twilio.journal[0]["date_created"] = "Tue, 05 May 2026 12:00:00 +0000"
    age(old, provider_id="SM-forgotten")
    notification = queue("portal_message")
    twilio.once("drop")
    sending.send_next()
    pass_over(notification, 3)

    jobs.sweep()

    assert reload(notification).status == Status.SENT
    assert len(twilio.journal) == 2


def test_a_claim_is_lost_to_a_worker_that_slept_through_its_lease(queue, twilio):
    """It wakes between the claim and the call, after the text was given to another worker."""
    notification = queue()
    [claimed] = sending.claim(1).claimed
    pass_over(notification, 5)
    claimed.taken_at -= 300

    jobs.sweep()  # finds nothing at the provider, sends it
    sending.settle([sending.call(claimed)])

    assert (len(twilio.journal), reload(notification).status) == (1, Status.SENT)


def test_what_waited_in_a_worker_asks_the_plan_again(queue, contact, twilio):
    notification = queue()
    [claimed] = sending.claim(1).claimed
    ContactPlan.objects.filter(contact=contact).update(channels={"sms": "unsafe"})
    claimed.taken_at -= 6

    sending.settle([sending.call(claimed)])
    waiting = reload(notification)
    sending.send_next()

    assert (waiting.status, waiting.attempts) == (Status.QUEUED, 0)
    assert (reload(notification).status, twilio.journal) == (Status.HELD, [])


def test_an_answer_that_comes_after_the_lease_still_counts(queue, twilio, monkeypatch):
    notification = queue()
    send = transport.send

    def slowly(parcel, way):
        accepted = send(parcel, way)
        pass_over(notification, 5)
        doubts.expire_claims()
        return accepted

    monkeypatch.setattr(transport, "send", slowly)
    sending.send_next()

    assert reload(notification).provider_id == twilio.journal[0]["sid"]
    assert reload(notification).status == Status.SENT


def test_whatever_breaks_while_sending_is_doubt_and_its_words_are_not_logged(
    queue, twilio, monkeypatch, caplog
):
    notification = queue()

    def burst(parcel, way):
        raise OverflowError(parcel.body + parcel.to)

    monkeypatch.setattr(transport, "send", burst)
    sending.send_next()

    row = reload(notification)
    assert (row.status, row.error_code) == (Status.UNCERTAIN, "broke")
    assert "OverflowError" in caplog.text
    assert row.sent_to not in caplog.text
    assert "Your call" not in caplog.text


def test_no_log_holds_a_number_or_a_word_at_any_level(queue, contact, twilio, caplog):
    caplog.set_level("DEBUG")
    for mode in ("ok", "400:21211", "accept_then_drop", "500"):
        queue()
        twilio.once(mode)
        sending.send_next()
    jobs.sweep()

    assert len(twilio.journal) >= 2
    assert contact.phone not in caplog.text
    assert contact.phone.removeprefix("+") not in caplog.text
    assert "appointments.example.org" not in caplog.text


def test_five_minutes_of_silence_are_asked_about_and_then_told(queue, twilio):
    delivered, lost, unknown, fresh = (queue() for _ in range(4))
    for _ in range(4):
        sending.send_next()
    sid = {reload(n).pk: reload(n).provider_id for n in (delivered, lost, unknown, fresh)}
    twilio.set_status(sid[delivered.pk], "delivered")
    twilio.set_status(sid[lost.pk], "undelivered", 30003)
    for notification in (delivered, lost, unknown):
        pass_over(notification, 6)

    jobs.sweep()
    jobs.sweep()

    assert reload(delivered).status == Status.DELIVERED
    assert (reload(lost).status, reload(lost).error_code) == (Status.UNDELIVERED, "30003")
    assert (reload(unknown).status, reload(fresh).status) == (Status.SENT, Status.SENT)
    reasons = {task.notification_id: task.reason for task in StaffTask.objects.all()}
    assert reasons == {
        lost.pk: settling.ARRIVAL_REASONS["30003"],
        unknown.pk: settling.ARRIVAL_REASONS["no-receipt"],
    }


def test_settling_is_announced_in_its_transaction(queue, twilio):
    heard = []

    def listen(notification, **_):
        heard.append((notification.status, transaction.get_connection().in_atomic_block))

    notification_settled.connect(listen)
    try:
        queue()
        sending.send_next()
    finally:
        notification_settled.disconnect(listen)

    assert heard == [(Status.SENT, True)]


def test_without_a_provider_the_handset_shows_it(queue):
    notification = queue()

    sending.send_next()

    row = reload(notification)
    assert (row.status, row.provider_id) == (Status.DELIVERED, f"{HANDSET_PREFIX}{row.pk}")


def test_production_without_a_provider_tells_a_person(queue, settings):
    settings.PRODUCTION, settings.DEMONSTRATION = True, True
    notification = queue()

    sending.send_next()

    assert (reload(notification).status, reload(notification).error_code) == (
        Status.FAILED,
        "no-provider",
    )
    assert StaffTask.objects.get().reason == settling.ARRIVAL_REASONS["no-provider"]


def test_email_leaves_by_mail_with_a_message_id_of_its_own(queue, contact, mailoutbox, now):
    ContactPlan.objects.filter(contact=contact).update(channels={"email": "safe"})
    notification = queue()

    sending.send_next()

    [message] = mailoutbox
    assert (message.to, message.subject) == ([contact.email], "Your call")
    assert message.extra_headers["Message-ID"] == f"<{notification.pk}@example.org>"
    assert reload(notification).status == Status.SENT


def test_the_poll_reads_the_index_of_open_work_only(queue, twilio):
    """A million sent rows cost the empty poll nothing, because it never looks at them."""
    queue()
    asked = []

    def remember(execute, sql, params, many, context):
        asked.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(remember):
        sending.send_next(), doubts.reconcile_next()

    polls = [asked for asked in asked if "skip locked" in asked[0] or "exists" in asked[0]]
    assert len(polls) == 3
    with connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        for sql, params in polls:
            cursor.execute("explain " + sql, params)
            assert "notification_due" in " ".join(line for (line,) in cursor.fetchall())


# Receipts


def receipt(notification, status, code="", sid="SM1"):
    return settling.receive_receipt(
        notification.pk,
        provider_id=sid,
        provider_status=status,
        error_code=code,
        at=timezone.now(),
    )


def test_receipts_move_a_status_forward_only(queue, twilio):
    notification = queue()
    sending.send_next()
    sid = twilio.journal[0]["sid"]

    moves = [receipt(notification, s, sid=sid) for s in ("sent", "delivered", "sent", "delivered")]

    assert moves == [False, True, False, False]
    assert reload(notification).status == Status.DELIVERED
    assert Receipt.objects.count() == 2


def test_a_receipt_settles_what_was_in_doubt(queue, twilio):
    notification = queue()
    twilio.once("accept_then_drop")
    sending.send_next()

    receipt(notification, "delivered", sid=twilio.journal[0]["sid"])
    pass_over(notification, 10)
    jobs.sweep()

    assert (reload(notification).status, len(twilio.journal)) == (Status.DELIVERED, 1)


def test_a_receipt_for_what_went_back_to_the_queue_stops_a_second_sending(queue, twilio):
    notification = queue()
    age(notification, attempts=1)

    receipt(notification, "sent", sid="SM-late")

    assert reload(notification).status == Status.SENT
    assert sending.send_next() is False


def test_a_receipt_with_anothers_id_changes_nothing(queue, twilio):
    notification = queue()
    sending.send_next()

    assert receipt(notification, "undelivered", "30003", sid="SM-foreign") is False
    assert reload(notification).status == Status.SENT


def test_an_undelivered_text_becomes_a_persons_task(queue, twilio):
    notification = queue()
    sending.send_next()

    receipt(notification, "undelivered", "30005", sid=twilio.journal[0]["sid"])

    task = StaffTask.objects.get()
    assert (task.kind, task.reason) == ("text_failed", settling.ARRIVAL_REASONS["30005"])


@pytest.mark.parametrize("status", ["", "partially_delivered", "receiving", "ok"])
def test_a_status_nobody_knows_changes_nothing(queue, twilio, status):
    notification = queue()
    sending.send_next()

    assert receipt(notification, status, sid=twilio.journal[0]["sid"]) is False
    assert reload(notification).status == Status.SENT


RANK = {Status.SENDING: 0, Status.SENT: 1, Status.UNDELIVERED: 2, Status.DELIVERED: 3}


@given(
    st.lists(
        st.sampled_from(["queued", "sending", "sent", "undelivered", "failed", "delivered"]),
        max_size=8,
    )
)
def test_receipts_in_any_order_with_any_repeats_end_alike(statuses):
    """The end depends on which receipts came, never on their order."""
    row = Notification(status=Status.SENDING)
    for provider_status in statuses:
        status = Status(transport.TWILIO_STATUS[provider_status])
        before = row.status
        if status in Notification.TRANSITIONS[row.status]:
            row.status = status
        assert RANK[row.status] >= RANK[before]

    came = [RANK[Status(transport.TWILIO_STATUS[status])] for status in statuses]
    assert RANK[row.status] == max(came, default=0)


# The one way out


def test_only_sending_calls_the_transports():
    """Nothing else in the house imports a transport, a provider's client or Django's mail."""
    forbidden = ("messaging.transports", "twilio.rest", "django.core.mail", "smtplib")
    allowed = {"messaging/sending.py"}
    names = ("HANDSET_PREFIX", "is_handset_allowed", "Accepted", "TryLater", "Way", "twilio_words")
    harmless = {f"messaging.transports.{name}" for name in names}
    callers = set()
    for folder in ("victimcontact", "messaging", "triage", "appointments", "portal"):
        for path in (HOUSE / folder).rglob("*.py"):
            name = str(path.relative_to(HOUSE))
            if name.startswith("messaging/transports/"):
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ImportFrom):
                    imported = [f"{node.module}.{alias.name}" for alias in node.names]
                elif isinstance(node, ast.Import):
                    imported = [alias.name for alias in node.names]
                else:
                    continue
                if any(m.startswith(forbidden) for m in imported if m not in harmless):
                    callers.add(name)

    assert callers == allowed


def test_one_that_cannot_be_read_is_set_aside_and_stops_no_other(queue):
    broken, well = queue(), queue()
    with connection.cursor() as cursor:
        cursor.execute(
            "update messaging_notification set body = 'no cipher' where id = %s", [broken.pk]
        )

    batch = sending.claim(50)

    assert [each.row.pk for each in batch.claimed] == [well.pk]
    assert StaffTask.objects.get().reason == settling.ARRIVAL_REASONS["broken"]
    assert sending.claim(50).found == 0
