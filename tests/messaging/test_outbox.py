"""What is queued, in which words, and what happens when nothing may be sent."""

from datetime import timedelta

import pytest
from django.db import connection, transaction

from messaging import asking, outbox, sending, settling, staff_tasks, wording
from messaging.models import Notification, StaffTask, Template
from tests import factories
from tests.messaging.conftest import LINK
from victimcontact.audit.models import Entry
from victimcontact.lib import local_time
from victimcontact.people.models import ContactPlan

Status = Notification.Status


def test_the_exact_words_are_kept_and_unreadable_in_the_database(queue, now):
    notification = queue()

    kept = Notification.objects.get()
    when = local_time.say_short(now + timedelta(days=1))
    assert kept.body == (
        f"Your call is on {when}. Use {LINK} at that time, or before then to change it."
    )
    assert (kept.status, kept.attempts, kept.about_id) == (
        Status.QUEUED,
        0,
        notification.contact_id,
    )
    with connection.cursor() as cursor:
        cursor.execute("select body from messaging_notification")
        assert b"Your call" not in bytes(cursor.fetchone()[0])


def test_it_is_written_in_the_callers_transaction(queue):
    with transaction.atomic():
        queue()
        transaction.set_rollback(True)

    assert Notification.objects.count() == 0
    assert Entry.objects.count() == 0


def test_a_worker_is_woken_after_commit_only(
    queue, monkeypatch, django_capture_on_commit_callbacks
):
    woken = []
    monkeypatch.setattr(outbox, "wake", lambda: woken.append(1))

    with django_capture_on_commit_callbacks(execute=True):
        queue()
        before_commit = list(woken)

    assert (before_commit, woken) == ([], [1])


def test_the_ledger_says_what_was_queued_without_a_word_of_it(queue):
    notification = queue()

    entry = Entry.objects.get(type="notification.queued")
    assert entry.about_id == str(notification.pk)
    assert entry.detail == {"template": "appointment_booked", "channel": "sms", "parts": 1}


def test_an_unknown_template_or_a_missing_value_is_the_callers_mistake(queue):
    with pytest.raises(wording.UnknownTemplate):
        queue("no_such_notice")
    with pytest.raises(wording.Unfilled):
        queue(context={})


def test_a_contact_without_a_plan_is_held_and_a_person_told(queue):
    stranger = factories.contact()

    notification = queue(to=stranger, about=stranger)

    notification.refresh_from_db()
    assert (notification.status, notification.held_reason) == (Status.HELD, "no_plan")
    task = StaffTask.objects.get()
    assert (task.kind, task.notification, task.force, task.about_id) == (
        StaffTask.Kind.TEXT_HELD,
        notification,
        stranger.force,
        stranger.pk,
    )
    assert task.reason == asking.HELD_REASONS["no_plan"]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"safe": ContactPlan.Safe.NOT_ASKED}, "not_asked"),
        ({"safe": ContactPlan.Safe.NO_CONTACT}, "do_not_contact"),
        ({"channels": {}}, "channel_unknown"),
        ({"channels": {"sms": "unsafe"}}, "channel_unsafe"),
        ({"phone_watched": True}, "phone_watched"),
        ({"windows": [{"days": "always"}]}, "plan_unreadable"),
        ({"channels": {"sms": "perhaps"}}, "plan_unreadable"),
    ],
)
def test_what_the_plan_rules_out_is_held_at_once(queue, now, fields, reason):
    person = factories.contact()
    factories.plan(person, at=now, **fields)

    notification = queue(to=person)

    assert (notification.status, notification.held_reason) == (Status.HELD, reason)
    assert StaffTask.objects.get().reason == asking.HELD_REASONS[reason]


def test_a_contact_without_a_number_is_held(queue, now):
    person = factories.contact(phone="")
    factories.plan(person, at=now)

    assert queue(to=person).held_reason == "no_address"


def test_where_texts_are_unsafe_and_email_is_safe_it_goes_by_email(queue, now):
    person = factories.contact(email="robin@example.org")
    factories.plan(person, at=now, channels={"sms": "unsafe", "email": "safe"})

    notification = queue(to=person)

    assert (notification.channel, notification.status) == ("email", Status.QUEUED)
    assert notification.subject == "Your call"
    assert LINK in notification.body


def test_a_welsh_speaker_gets_welsh_words(queue, now):
    person = factories.contact(language="cy")
    factories.plan(person, at=now)

    assert queue("portal_message", to=person).body == (
        f"Mae gennych neges newydd. Defnyddiwch {LINK} i'w darllen pan fydd yn gyfleus i chi."
    )


def test_an_administrators_wording_replaces_the_file_the_forces_own_first(queue, contact):
    Template.objects.create(name="portal_message", body="For all: use {link} now", force=None)
    assert queue("portal_message").body == f"For all: use {LINK} now"

    Template.objects.create(
        name="portal_message", body="Ours – use {link} now", force=contact.force
    )
    assert queue("portal_message").body == f"Ours - use {LINK} now"


def test_not_before_is_when_it_is_first_due(queue, now):
    later = now + timedelta(hours=3)

    assert queue(not_before=later).next_attempt_at == later
    assert sending.send_next() is False


def test_a_held_one_is_released_under_the_plan_as_it_is_then(queue, now, contact):
    person = factories.contact()
    notification = queue(to=person)
    handler = factories.user("call_handler")

    factories.plan(person, at=now)
    released = outbox.release(notification.pk, by=handler, at=now)
    again = outbox.release(notification.pk, by=handler, at=now)

    notification.refresh_from_db()
    assert (released, again, notification.status) == (True, False, Status.QUEUED)
    assert Entry.objects.get(type="notification.released").actor == f"user:{handler.pk}"


def test_what_waits_about_a_thing_that_is_no_longer_so_is_dropped_without_a_task(queue, contact):
    waiting, other = queue(), queue(about=None)

    dropped = outbox.cancel_unsent(about=contact, at=contact.created_at)

    waiting.refresh_from_db(), other.refresh_from_db()
    assert (dropped, waiting.status, other.status) == (1, Status.DROPPED, Status.QUEUED)
    assert StaffTask.objects.count() == 0


def test_the_age_of_the_queue_is_that_of_the_oldest_due_one(queue, now):
    assert outbox.oldest_waiting() is None
    queue(at=now - timedelta(minutes=6))
    queue(not_before=now + timedelta(days=1))

    assert timedelta(minutes=6) <= outbox.oldest_waiting() < timedelta(minutes=7)


def test_a_task_is_raised_once_for_a_notification(queue, now):
    notification = queue(to=factories.contact())
    again = staff_tasks.raise_task(
        StaffTask.Kind.TEXT_HELD,
        force=notification.force,
        about=None,
        reason="Again",
        at=now,
        notification=notification,
    )

    assert StaffTask.objects.get() == again


@pytest.mark.parametrize("was", ["held", "sending", "sent"])
def test_what_is_no_longer_so_is_never_said_again(queue, contact, now, was):
    ContactPlan.objects.update(channels={"sms": "safe", "email": "safe"})
    text = queue()
    if was == "held":
        settling.hold(text, "channel_unknown", at=now)
    else:
        Notification.objects.update(
            status=was, claimed_at=now, attempts=1, provider_id="SM1" if was == "sent" else ""
        )

    outbox.cancel_unsent(about=contact, at=now)

    if was == "held":
        assert not outbox.release(text.pk, by=None, at=now)
        assert StaffTask.objects.get().withdrawn
    elif was == "sending":
        settling.retry(settling.lock(text.pk), "503", at=now)
    else:
        settling.receive_receipt(
            text.pk, provider_id="SM1", provider_status="undelivered", error_code="30003", at=now
        )
    text.refresh_from_db()
    assert text.status == ("undelivered" if was == "sent" else "dropped")
    assert Notification.objects.count() == 1
