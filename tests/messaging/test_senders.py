"""Two senders, one pace for all workers, and many texts on their way at once."""

import threading
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from messaging import jobs, pump, senders, sending
from messaging.models import Notification, Sender
from messaging.transports import Way
from messaging.transports import twilio as transport
from tests.at_once import at_once, broken
from tests.messaging import twilio_server

Status = Notification.Status
SECOND_NUMBER = "+447700900998"


@pytest.fixture
def second(twilio, settings):
    """A second account at a provider of its own."""
    with twilio_server.TwilioServer() as server:
        settings.TWILIO_SECOND_ACCOUNT_SID = twilio_server.SECOND_ACCOUNT_SID
        settings.TWILIO_SECOND_AUTH_TOKEN = twilio_server.AUTH_TOKEN
        settings.TWILIO_SECOND_FROM = SECOND_NUMBER
        settings.TWILIO_SECOND_API_BASE_URL = server.url
        transport._client.cache_clear()
        yield server


@pytest.fixture
def nobody(twilio, settings):
    """Nothing listens where the first provider was."""
    with twilio_server.TwilioServer() as gone:
        settings.TWILIO_API_BASE_URL = gone.url


def reload(notification):
    return Notification.objects.get(pk=notification.pk)


def pass_over(minutes):
    earlier = timedelta(minutes=minutes)
    for row in Notification.objects.all():
        row.next_attempt_at -= earlier
        row.claimed_at = row.claimed_at and row.claimed_at - earlier
        row.save()


def test_a_sender_that_is_down_is_left_for_the_other_at_once(queue, nobody, second):
    notification = queue()

    sending.send_next(), sending.send_next()

    row = reload(notification)
    assert (row.status, row.sender, row.attempts) == (Status.SENT, "second", 2)
    assert [message["from"] for message in second.journal] == [SECOND_NUMBER]
    assert Sender.objects.get(name="first").last_error == "no-connection"


def test_after_three_failures_everything_goes_by_the_other_until_one_tries_again(
    queue, nobody, second, twilio, settings
):
    for _ in range(3):
        queue()
        sending.send_next(), sending.send_next()
    shut = Sender.objects.get(name="first")
    queue()
    sending.send_next()

    assert shut.shut_until > timezone.now()
    assert len(second.journal) == 4
    assert Notification.objects.filter(attempts=1, sender="second").count() == 1

    settings.TWILIO_API_BASE_URL = twilio.url
    Sender.objects.filter(name="first").update(shut_until=timezone.now())
    queue(), queue()
    sending.send_next()
    tried = len(twilio.journal)
    sending.send_next()

    assert (tried, len(second.journal), len(twilio.journal)) == (1, 4, 2)
    first = Sender.objects.get(name="first")
    assert (first.failures, first.shut_until) == (0, None)


@pytest.mark.parametrize("mode", ["500", "drop"])
def test_an_uncertain_try_is_looked_up_before_the_other_sender_has_it(queue, twilio, second, mode):
    notification = queue()
    twilio.once(mode)

    sending.send_next()
    pass_over(1)
    jobs.sweep()
    too_soon = len(second.journal)
    pass_over(2)
    jobs.sweep()

    assert (too_soon, len(twilio.journal), len(second.journal)) == (0, 0, 1)
    assert (reload(notification).sender, twilio.lookups, second.lookups) == ("second", 2, 2)


def test_what_the_first_took_after_all_never_goes_by_the_second(queue, twilio, second):
    notification = queue()
    twilio.once("accept_then_drop")

    sending.send_next()
    pass_over(3)
    jobs.sweep()

    assert (len(twilio.journal), len(second.journal)) == (1, 0)
    assert reload(notification).provider_id == twilio.journal[0]["sid"]


def test_with_both_down_it_comes_to_a_known_end(queue, twilio, second):
    notification = queue()
    twilio.mode = second.mode = "503:20503"

    for _ in range(40):
        sending.send_next()
        pass_over(30)

    assert reload(notification).status == Status.FAILED


def test_receipts_are_believed_of_either_account(queue, nobody, second, client, settings):
    notification = queue()
    sending.send_next(), sending.send_next()
    settings.TWILIO_SECOND_AUTH_TOKEN = "another-token"
    url, params = second.receipt(reload(notification).provider_id, "delivered")

    def told(token):
        return client.post(
            url.removeprefix(settings.PUBLIC_URL),
            params,
            headers={"X-Twilio-Signature": twilio_server.sign(url, params, token)},
        ).status_code

    assert (told("a-third"), told("another-token")) == (403, 204)
    assert reload(notification).status == Status.DELIVERED


# Pace


def test_workers_share_one_pace(queue, twilio, settings):
    settings.TWILIO_PER_SECOND = 4
    twilio.pace = 5  # the provider's clock and ours may cut a second differently
    way = transport.ways()[0]
    reserved = senders.reserve(way, 2)  # another worker took these
    for _ in range(6):
        queue()

    started = time.monotonic()
    assert pump.run() is True
    took = time.monotonic() - started

    assert reserved.wait == 0
    assert Notification.objects.filter(status="sent", attempts=1).count() == 6
    assert took >= 1.5  # the eighth at four a second


def test_what_would_wait_long_goes_back_and_no_try_is_counted(queue, twilio):
    now = timezone.now()
    Sender.objects.create(name="first", next_free_at=now + timedelta(seconds=60))
    notification = queue()

    sending.send_next()

    row = reload(notification)
    assert (row.status, row.attempts, twilio.journal) == (Status.QUEUED, 0, [])
    assert timedelta(seconds=55) < row.next_attempt_at - now < timedelta(seconds=65)


def test_too_fast_slows_every_worker_down_and_is_no_failure(queue, twilio):
    queue()
    twilio.once("429:20429")

    sending.send_next()

    sender = Sender.objects.get(name="first")
    assert (sender.failures, sender.shut_until) == (0, None)
    assert senders.reserve(Way("first", per_second=100), 1).wait > 1


# Many at once


def test_many_are_on_their_way_at_once_each_once(queue, twilio):
    twilio.answer_after = 0.2
    for _ in range(60):
        queue()

    started = time.monotonic()
    assert pump.run() is True
    took = time.monotonic() - started

    assert Notification.objects.filter(status="sent", attempts=1).count() == 60
    assert len({message["sid"] for message in twilio.journal}) == len(twilio.journal) == 60
    assert took < 60 * 0.2 / 2  # one after the other it would be twelve seconds


def test_a_second_run_in_the_process_leaves_it_to_the_first(queue, twilio):
    twilio.once("accept_then_wait")
    queue()
    told = []

    def meanwhile():
        twilio.took_one.wait(20)
        told.append(pump.run())
        twilio.go_on.set()

    other = threading.Thread(target=meanwhile)
    other.start()
    pump.run()
    other.join()

    assert told == [True]
    assert len(twilio.journal) == 1


def test_a_run_ends_when_its_time_is_over_and_says_that_there_is_more(queue, twilio):
    queue()

    assert pump.run(longest=0) is False
    assert pump.run() is True
    assert len(twilio.journal) == 1


def test_while_one_sweep_runs_no_other_looks(queue, twilio, monkeypatch):
    from messaging import watching

    monkeypatch.setattr(watching, "look", lambda **_: looked.append(1))
    looked = []
    with jobs._alone() as first:
        [other] = at_once(jobs.sweep)
    jobs.sweep()

    assert (first, broken([other]), looked) == (True, [], [1])
