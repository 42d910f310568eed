"""What a person must do: who sees it, who takes it, and that it is done once."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from messaging import staff_tasks
from messaging.models import InboundText, Notification, StaffTask
from tests import factories
from victimcontact.audit.models import Entry
from victimcontact.lib import phone
from victimcontact.people.models import ContactPlan

Kind = StaffTask.Kind


@pytest.fixture
def handler(db):
    return factories.user("call_handler")


@pytest.fixture
def held(queue, now):
    """A task about a text that was held: the person has no plan."""
    person = factories.contact(name="Robin Held")
    queue(to=person, about=person)
    return StaffTask.objects.get()


@pytest.fixture
def page(client, handler):
    factories.sign_in(client, handler)
    return client


def act(client, name, task, **data):
    return client.post(reverse(f"messaging:{name}", args=[task.pk]), data, follow=True)


def words(response):
    return " ".join(response.content.decode().split())


# The services


def test_two_people_cannot_take_one_task(held, handler, now):
    other = factories.user("team_leader")
    staff_tasks.take(held.pk, by=handler, at=now)

    with pytest.raises(staff_tasks.AlreadyTaken):
        staff_tasks.take(held.pk, by=other, at=now)
    with pytest.raises(staff_tasks.AlreadyTaken):
        staff_tasks.done(held.pk, note="Rang", by=other, at=now)
    with pytest.raises(staff_tasks.AlreadyTaken):
        staff_tasks.give_back(held.pk, by=other, at=now)

    held.refresh_from_db()
    assert (held.taken_by, held.done_at) == (handler, None)


def test_what_is_given_back_can_be_taken_by_another(held, handler, now):
    other = factories.user("team_leader")
    staff_tasks.take(held.pk, by=handler, at=now)
    staff_tasks.give_back(held.pk, by=handler, at=now)

    assert staff_tasks.take(held.pk, by=other, at=now).taken_by == other


def test_done_is_done_once_with_a_note_and_in_the_ledger(held, handler, now):
    with pytest.raises(staff_tasks.NoteMissing):
        staff_tasks.done(held.pk, note="  ", by=handler, at=now)
    staff_tasks.done(held.pk, note="Rang at work", by=handler, at=now)
    with pytest.raises(staff_tasks.AlreadyDone):
        staff_tasks.done(held.pk, note="Again", by=handler, at=now)

    held.refresh_from_db()
    assert (held.done_by, held.done_note, held.taken_by) == (handler, "Rang at work", handler)
    kinds = ["task.raised", "task.taken", "task.done"]
    assert [e.type for e in Entry.objects.filter(about_id=held.pk).order_by("id")] == kinds


def test_after_it_is_done_the_same_trouble_raises_another(held, handler, now):
    staff_tasks.done(held.pk, note="Rang", by=handler, at=now)

    again = staff_tasks.raise_task(
        held.kind,
        force=held.force,
        about=None,
        reason="Again",
        at=now,
        notification=held.notification,
    )

    assert again.pk != held.pk


# The page


def test_the_page_says_what_and_why_but_not_whom(page, held):
    answer = page.get(reverse("messaging:staff_tasks"))

    text = words(answer)
    assert answer.status_code == 200
    assert "A text was held back" in text
    assert "Nobody has recorded how it is safe to contact this person." in text
    assert "Robin Held" not in text
    assert phone.display(held.notification.contact.phone) not in text


def test_who_took_it_sees_whom_it_is_about_and_others_do_not(page, held, client):
    mine = words(act(page, "take", held))
    leader = factories.sign_in(type(client)(), factories.user("team_leader"))
    theirs = words(leader.get(reverse("messaging:staff_tasks")))

    assert "Robin Held" in mine
    assert phone.display(held.notification.contact.phone) in mine
    assert "None recorded. Do not ring or text" in mine
    assert "Robin Held" not in theirs


def test_the_contact_plan_is_beside_the_number(page, now, queue):
    person = factories.contact()
    factories.plan(
        person,
        at=now,
        channels={"sms": "unsafe"},
        do_not_say="Nothing about the police",
        cover_story="A survey",
        windows=[{"days": [0], "from": "10:00", "to": "12:00"}],
    )
    queue(to=person)

    text = words(act(page, "take", StaffTask.objects.get()))

    for said in (
        "Text: <strong>not safe</strong>",
        "Do not say: Nothing about the police",
        "A survey",
        "Mon 10:00 to 12:00",
    ):
        assert said in text


def test_hours_that_make_no_sense_do_not_break_the_page(page, now, queue):
    person = factories.contact()
    factories.plan(person, at=now, windows=[{"days": [9], "from": "noon"}, "soon"])
    queue(to=person)

    answer = act(page, "take", StaffTask.objects.get())

    assert words(answer).count("These hours cannot be read") == 2


def test_done_without_a_note_keeps_the_page_and_says_what_is_missing(page, held):
    act(page, "take", held)

    answer = page.post(reverse("messaging:done", args=[held.pk]), {f"{held.pk}-note": " "})

    assert answer.status_code == 422
    assert words(answer).count("Enter what you did") == 2  # in the summary and beside the field
    held.refresh_from_db()
    assert held.done_at is None


def test_a_note_that_is_too_long_is_not_lost(page, held):
    answer = page.post(reverse("messaging:done", args=[held.pk]), {f"{held.pk}-note": "x" * 2001})

    assert answer.status_code == 422
    assert "2,000 characters or fewer" in words(answer)


def test_done_from_the_page(page, held, handler):
    act(page, "take", held)

    answer = act(page, "done", held, **{f"{held.pk}-note": "Rang 😀"})

    held.refresh_from_db()
    assert (held.done_by, held.done_note) == (handler, "Rang 😀")
    assert "Nothing is waiting." in words(answer)


def test_the_second_to_press_is_told_who_was_first(page, held, now):
    leader = factories.user("team_leader", first_name="Ada", last_name="First")
    staff_tasks.take(held.pk, by=leader, at=now)

    assert "Ada First took this task first" in words(act(page, "take", held))

    staff_tasks.done(held.pk, note="Rang", by=leader, at=now)
    assert "Ada First has done this task" in words(act(page, "take", held))


def test_a_held_text_goes_out_once_the_plan_allows_it(page, held, now):
    factories.plan(held.notification.contact, at=now)

    act(page, "try_again", held)

    held.refresh_from_db()
    assert held.notification.status == Notification.Status.QUEUED
    assert held.done_at is not None
    assert "This text is no longer held back" in words(act(page, "try_again", held))


def test_the_words_of_a_text_that_came_in_are_with_who_took_it(page, contact, now):
    text = InboundText.objects.create(
        provider_id="SM1",
        contact=contact,
        sent_from=contact.phone,
        body="<i>Ring</i>",
        received_at=now,
    )
    task = staff_tasks.raise_task(
        Kind.TEXT_RECEIVED,
        force=contact.force,
        about=contact,
        reason="Came in",
        at=text.received_at,
    )

    before, after = (
        words(page.get(reverse("messaging:staff_tasks"))),
        words(act(page, "take", task)),
    )

    assert "Ring" not in before
    assert "&lt;i&gt;Ring&lt;/i&gt;" in after
    assert "not verified" in after


def test_another_forces_tasks_are_neither_shown_nor_taken(page, now):
    elsewhere = factories.force("southvale")
    task = staff_tasks.raise_task(
        Kind.CALL_BACK, force=elsewhere, about=None, reason="Elsewhere", at=now
    )

    assert "Elsewhere" not in words(page.get(reverse("messaging:staff_tasks")))
    assert act(page, "take", task).status_code == 404


def test_who_may_not_work_on_tasks_is_refused(client, held):
    factories.sign_in(client, factories.user("auditor"))

    assert client.get(reverse("messaging:staff_tasks")).status_code == 403
    assert act(client, "take", held).status_code == 403


def test_the_page_asks_no_more_of_the_database_for_more_tasks(page, held, now):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            page.get(reverse("messaging:staff_tasks"))
        return len(captured)

    queries()  # the first look of a session also marks it as used
    one = queries()
    for number in range(5):
        staff_tasks.raise_task(
            Kind.CALL_BACK, force=held.force, about=None, reason=f"More {number}", at=now
        )

    assert queries() == one


def test_oldest_first(page, held, now):
    staff_tasks.raise_task(
        Kind.CALL_BACK,
        force=held.force,
        about=None,
        reason="Long ago",
        at=now - timedelta(days=1),
    )

    text = words(page.get(reverse("messaging:staff_tasks")))

    assert text.index("Long ago") < text.index("Nobody has recorded")


# How one text fares


@pytest.mark.parametrize(
    ("status", "word", "asks_again"),
    [
        ("queued", "Waiting to be sent", True),
        ("sent", "Sent", True),
        ("delivered", "Delivered", False),
        ("undelivered", "Not delivered", False),
    ],
)
def test_the_state_asks_again_until_it_is_decided(page, queue, status, word, asks_again):
    notification = queue()
    Notification.objects.filter(pk=notification.pk).update(status=status, error_code="30005")

    text = words(page.get(reverse("messaging:delivery_state", args=[notification.pk])))

    assert word in text
    assert ("hx-trigger" in text) is asks_again
    assert ("The number is not in use." in text) is (status == "undelivered")


def test_the_state_shows_neither_words_nor_number_nor_another_forces_text(page, queue, contact):
    notification = queue()
    text = words(page.get(reverse("messaging:delivery_state", args=[notification.pk])))
    assert "Your call is" not in text
    assert contact.phone not in text

    stranger = factories.contact(factories.force("southvale"))
    factories.plan(stranger, at=timezone.now(), safe=ContactPlan.Safe.AS_BELOW)
    foreign = queue(to=stranger)
    url = reverse("messaging:delivery_state", args=[foreign.pk])
    assert page.get(url).status_code == 404
