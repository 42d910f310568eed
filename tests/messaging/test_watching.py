"""Nobody is silently uninformed: on clocks that stand where the test puts them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from messaging import jobs, outbox, sending, settling, watching
from messaging.models import Notification, StaffTask
from tests import factories
from victimcontact.people.models import ContactPlan, Link, Visit

Status = Notification.Status
MINUTES = timedelta(minutes=1)


@pytest.fixture
def both(contact):
    """Texts and e-mail are safe for this person."""
    ContactPlan.objects.filter(contact=contact).update(channels={"sms": "safe", "email": "safe"})
    return contact


def sent(queue, **changes):
    notification = queue(**changes)
    sending.send_next()
    notification.refresh_from_db()
    return notification


def receipt(notification, status, at, code=""):
    settling.receive_receipt(
        notification.pk,
        provider_id=notification.provider_id,
        provider_status=status,
        error_code=code,
        at=at,
    )


def story():
    """(channel, status) of everything written, in order; and the reasons of the open tasks."""
    rows = Notification.objects.order_by("queued_at", "pk").values_list("channel", "status")
    return list(rows), list(StaffTask.objects.values_list("reason", flat=True))


def test_silence_of_five_minutes_means_the_next_safe_channel_and_then_a_person(
    queue, both, twilio, mailoutbox, now
):
    when = now + timedelta(hours=5)
    text = sent(queue, context={"when": when, "link": "L"}, useful_until=when)

    too_soon = watching.look(at=text.sent_at + 5 * MINUTES - timedelta(seconds=1))
    looked = watching.look(at=text.sent_at + 5 * MINUTES + timedelta(seconds=1))
    Notification.objects.filter(status="queued").update(next_attempt_at=now)
    sending.send_next()
    again = watching.look(at=when - 31 * MINUTES)

    assert (too_soon, looked, again) == (0, 1, 0)
    assert story() == ([("sms", "sent"), ("email", "sent")], [])
    email = Notification.objects.get(channel="email")
    assert (email.instead_of, email.about_id) == (text, text.about_id)
    assert "L" in mailoutbox[0].body

    watching.look(at=when - 30 * MINUTES)
    watching.look(at=when)

    assert story()[1] == [settling.ARRIVAL_REASONS["needed"]]
    assert (len(twilio.journal), len(mailoutbox)) == (1, 1)  # nobody twice by one channel


def test_without_another_safe_channel_a_person_is_told_at_once(queue, contact, twilio):
    text = sent(queue)

    watching.look(at=text.sent_at + 6 * MINUTES)
    watching.look(at=text.sent_at + 60 * MINUTES)

    assert story() == ([("sms", "sent")], [settling.ARRIVAL_REASONS["no-receipt"]])


@pytest.mark.parametrize(
    "receipts",
    [["delivered"], ["sent", "delivered", "sent"], ["delivered", "queued", "delivered"]],
    ids=["one", "reordered", "repeated"],
)
def test_who_was_reached_is_left_alone(queue, both, twilio, receipts):
    text = sent(queue)
    for minute, status in enumerate(receipts):
        receipt(text, status, text.sent_at + minute * MINUTES)

    assert watching.look(at=text.sent_at + timedelta(days=2)) == 0
    assert story() == ([("sms", "delivered")], [])


def test_a_receipt_that_comes_after_the_other_way_was_taken_takes_nothing_back(
    queue, both, twilio, now
):
    text = sent(queue)
    watching.look(at=text.sent_at + 6 * MINUTES)

    receipt(text, "delivered", text.sent_at + 7 * MINUTES)
    receipt(text, "undelivered", text.sent_at + 8 * MINUTES, "30003")
    watching.look(at=text.sent_at + 9 * MINUTES)

    assert story() == ([("sms", "delivered"), ("email", "queued")], [])


def test_the_provider_is_asked_before_anything_is_done(queue, both, twilio):
    text = sent(queue)
    twilio.set_status(text.provider_id, "delivered")

    watching.look(at=text.sent_at + 6 * MINUTES)

    assert story() == ([("sms", "delivered")], [])


@pytest.mark.parametrize("failure", ["undelivered", "400:21614"])
def test_what_failed_goes_by_the_next_channel_at_once(queue, both, twilio, failure, now):
    if failure == "undelivered":
        text = sent(queue)
        receipt(text, "undelivered", now, "30005")
        receipt(text, "failed", now, "30005")
    else:
        twilio.once(failure)
        sent(queue)

    rows, reasons = story()
    assert [channel for channel, _ in rows] == ["sms", "email"]
    assert (rows[1][1], reasons) == ("queued", [])


def test_when_the_other_channel_fails_too_a_person_is_told(queue, both, twilio, monkeypatch):
    from messaging.transports import Refused, email

    def refuse(parcel, way):
        raise Refused("smtp-550")

    monkeypatch.setattr(email, "send", refuse)
    twilio.once("400:21614")
    sent(queue)
    sending.send_next()

    rows, reasons = story()
    assert rows == [("sms", "failed"), ("email", "failed")]
    assert reasons == [settling.arrival_reason("smtp-550")]


def test_who_answered_stop_gets_no_text_but_may_get_the_email(queue, both, twilio):
    twilio.once("400:21610")
    sent(queue)
    jobs.sweep()

    assert both.plan.channels == {"sms": "unsafe", "email": "safe"}
    assert story()[0] == [("sms", "failed"), ("email", "sent")]


def test_what_could_not_be_sent_for_five_minutes_goes_another_way_and_is_still_tried(
    queue, both, twilio
):
    twilio.mode = "503:20503"
    text = sent(queue)

    watching.look(at=text.queued_at + 6 * MINUTES)

    assert story()[0] == [("sms", "queued"), ("email", "queued")]


def test_what_waits_for_a_safe_hour_is_looked_at_half_an_hour_before(queue, contact, twilio, now):
    """Its hour would open after it is needed: a person has time to ring by another safe way."""
    opens = (timezone.localtime(now) + timedelta(days=1)).replace(second=0, microsecond=0)
    ends = opens + 20 * MINUTES
    window = {"days": [opens.weekday()], "from": f"{opens:%H:%M}", "to": f"{ends:%H:%M}"}
    ContactPlan.objects.filter(contact=contact).update(windows=[window])
    when = opens + 10 * MINUTES
    text = sent(queue, context={"when": when, "link": "L"}, useful_until=when)

    assert text.status == Status.QUEUED
    assert watching.look(at=when - 31 * MINUTES) == 0
    watching.look(at=when - 29 * MINUTES)

    assert story()[1] == [settling.ARRIVAL_REASONS["needed"]]


def test_an_opened_link_has_arrived_whatever_the_receipts_say(queue, both, twilio, now):
    text = sent(queue)
    link = Link.objects.create(
        contact=both,
        purpose="appointment",
        about_id=text.about_id,
        token_hash="a" * 64,
        issued_at=now,
        expires_at=now + timedelta(days=1),
    )
    opened = text.sent_at + MINUTES
    Visit.objects.create(
        link=link, key_hash="b" * 64, opened_at=opened, last_seen_at=opened, ends_at=opened
    )

    watching.look(at=text.sent_at + 6 * MINUTES)

    assert story() == ([("sms", "sent")], [])


def test_the_watch_stops_at_its_number_and_goes_on_next_time(queue, contact, twilio, monkeypatch):
    monkeypatch.setattr(watching, "MOST_AT_ONCE", 3)
    for _ in range(5):
        queue()
    at = Notification.objects.latest("look_at").look_at + MINUTES

    assert [watching.look(at=at), watching.look(at=at), watching.look(at=at)] == [3, 2, 0]


def test_a_held_text_is_looked_at_again_once_it_is_let_go(queue, contact, twilio, now):
    ContactPlan.objects.filter(contact=contact).update(channels={"sms": "unsafe"})
    text = queue()
    ContactPlan.objects.filter(contact=contact).update(channels={"sms": "safe"})

    outbox.release(text.pk, by=factories.user("call_handler"), at=now)

    text.refresh_from_db()
    assert text.look_at == now + 5 * MINUTES
