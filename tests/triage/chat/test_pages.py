"""The visitor's page and the desk's screen."""

import uuid
from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from tests import factories
from tests.triage.conftest import AT_THE_DOOR, YESTERDAY
from triage.chat import chats, hours
from triage.chat.models import Chat, ChatHours, ChatLine
from triage.desk import throttle
from triage.models import Incident, ReportDraft
from victimcontact.accounts.roles import Role
from victimcontact.audit.models import Entry

pytestmark = pytest.mark.django_db
CHAT = "/chat/"


@pytest.fixture(autouse=True)
def ours():
    factories.policy()
    force = factories.force()
    ChatHours.objects.create(force=force, opens=time(0), closes=time(0))
    return force


def write(client, body="Somebody keeps following me", **more):
    return client.post(CHAT, {"body": body, "key": str(uuid.uuid4()), **more})


@pytest.fixture
def staff(handler):
    return factories.sign_in(Client(), handler)


@pytest.fixture
def chat(client):
    write(client)
    return Chat.objects.get()


@pytest.fixture
def idle_chat(client):
    write(client, "What are your opening hours?")
    return Chat.objects.get()


# The visitor


def test_looking_writes_nothing(client):
    page = client.get(CHAT).content.decode()

    assert "ring 999" in page
    assert "press 55" in page
    assert "<title>Appointment</title>" in page
    assert Chat.objects.count() == 0


def test_a_chat_begins_with_words_and_shows_both_sides(client, handler):
    assert write(client).status_code == 303
    chat = Chat.objects.get()
    chats.take(chat.pk, by=handler, at=now())
    chats.answer(chat.pk, body="Are you safe now?", key=uuid.uuid4(), by=handler, at=now())
    write(client, "Yes, I am at a friend's")

    page = client.get(CHAT).content.decode()
    part = client.get(reverse("chat:lines")).content.decode()

    assert [line.author for line in ChatLine.objects.all()] == ["visitor", "desk", "visitor"]
    for shown in (page, part):
        assert "Somebody keeps following me" in shown
        assert "Are you safe now?" in shown
        assert handler.last_name not in shown
    assert "<html" not in part


def test_the_cookie_is_the_visitors_alone_and_no_longer_than_the_browser(client):
    cookie = write(client).cookies["talk"]

    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Strict", "")
    assert cookie.value not in Chat.objects.get().key_hash


def test_another_browser_sees_nothing_of_it(client):
    write(client)

    assert "following" not in Client().get(CHAT).content.decode()
    assert "following" not in Client().get(reverse("chat:lines")).content.decode()


def test_leaving_ends_it_and_nothing_is_left(client, chat):
    answer = client.post("/exit")

    assert answer.cookies["talk"]["max-age"] == 0
    chat.refresh_from_db()
    assert chat.ended_why == "left"
    assert "following" not in client.get(CHAT).content.decode()


def test_the_key_is_worth_nothing_after_leaving(client, chat):
    kept = client.cookies["talk"].value
    client.post("/exit")
    client.cookies["talk"] = kept

    assert "following" not in client.get(CHAT).content.decode()


@pytest.mark.parametrize(
    ("body", "says"),
    [("", "Write something first"), ("x" * 5_001, "5000 characters or fewer")],
)
def test_what_is_wrong_is_said_by_the_field_and_nothing_is_lost(client, body, says):
    for _ in range(2):  # before the chat begins, and in it
        answer = write(client, body)
        assert answer.status_code == 422
        page = answer.content.decode()
        assert says in page
        assert 'id="id_body_error"' in page
        assert body in page
        write(client)


@pytest.mark.parametrize("body", ["গতকাল একজন লোক আমাকে মেরেছে", "<b>bold</b>", "a\x00b"])
def test_any_words_are_kept_as_words(client, body):
    write(client, body)

    assert ChatLine.objects.get().body == body.replace("\x00", "")
    assert "<b>bold" not in client.get(CHAT).content.decode()


def test_when_the_desk_is_shut_it_says_so_and_offers_the_form(client):
    ChatHours.objects.all().delete()

    page = client.get(CHAT).content.decode()
    answer = write(client, "He is outside")

    assert "Nobody is here to write with now" in page
    assert 'href="/report/"' in page
    assert answer.status_code == 409
    assert "He is outside" in answer.content.decode()
    assert Chat.objects.count() == 0


def test_an_open_chat_outlives_the_hours(client, chat):
    ChatHours.objects.all().delete()

    write(client, "Are you there?")

    assert ChatLine.objects.count() == 2


def test_one_of_many_from_an_address_waits_once_and_in_danger_not_at_all(client, monkeypatch):
    monkeypatch.setitem(throttle.A_CROWD, throttle.CHATS_STARTED, 1)
    write(client, YESTERDAY)

    answer = write(Client(), "What are your opening hours?")

    assert answer.status_code == 429
    assert "What are your opening hours?" in answer.content.decode()
    assert Chat.objects.count() == 1
    assert write(Client(), AT_THE_DOOR).status_code == 303
    assert Chat.objects.get(is_crowded=True).grade == 1


def test_a_get_writes_nothing(client, chat, staff):
    def written(who, address):
        with CaptureQueriesContext(connection) as asked:
            assert who.get(address).status_code == 200
        return [q["sql"] for q in asked if q["sql"].lstrip()[:6] in ("UPDATE", "INSERT", "DELETE")]

    Chat.objects.update(seen_at=now() - timedelta(minutes=5))

    for name in ("chat", "lines", "still"):
        assert written(client, reverse(f"chat:{name}")) == []


@pytest.mark.parametrize(
    ("address", "sent"), [("chat:lines", {}), ("chat:chat", {"look": "yes"}), ("chat:still", {})]
)
def test_a_page_that_says_that_it_is_open_keeps_the_chat(client, chat, address, sent):
    Chat.objects.update(seen_at=now() - timedelta(minutes=9))

    client.post(reverse(address), sent)

    assert Chat.objects.get().seen_at > now() - timedelta(minutes=1)
    assert ChatLine.objects.count() == 1


def test_a_page_of_the_desk_without_a_socket_says_that_somebody_is_here(staff, chat):
    staff.post(address("take", chat))
    Chat.objects.update(holder_seen_at=None)

    assert staff.post(reverse("chat:here")).status_code == 204
    assert Chat.objects.get().holder_seen_at is not None
    assert staff.get(reverse("chat:here")).status_code == 405


def test_what_calls_is_told_apart_on_the_desks_page(staff):
    write(Client(), AT_THE_DOOR)
    write(Client(), "What are your opening hours?")

    page = staff.get(reverse("chat:rows")).content.decode()

    assert page.count("data-calling") == 1
    assert "Nobody has it: take it" in page


def test_a_visitor_is_told_the_reference_when_it_is_an_incident(client, chat):
    chats.receive_waiting(now() + timedelta(minutes=11))

    page = client.get(CHAT).content.decode()

    assert Incident.objects.get().reference in page
    assert "Nobody could come" in page


def test_what_came_too_late_is_shown_to_its_writer(client, idle_chat, handler):
    chats.take(idle_chat.pk, by=handler, at=now())
    chats.end(idle_chat.pk, by=handler, at=now(), reason="Asked for opening hours")

    answer = write(client, "One more thing")

    assert answer.status_code == 409
    page = answer.content.decode()
    assert "This chat is over" in page
    assert "One more thing" in page


def test_after_a_chat_is_over_another_may_begin(client, idle_chat, handler):
    chats.take(idle_chat.pk, by=handler, at=now())
    chats.end(idle_chat.pk, by=handler, at=now(), reason="Asked for opening hours")

    client.post(CHAT, {"again": "yes"})
    write(client, "He is back")

    assert Chat.objects.exclude(pk=idle_chat.pk).get().status == "waiting"


def test_still_says_how_long(client, chat):
    Chat.objects.update(used_at=now() - timedelta(minutes=25))

    assert client.get(reverse("chat:still")).json()["seconds"] <= 300
    assert client.post(reverse("chat:still")).json()["seconds"] > 1700


# When it is open


@pytest.mark.parametrize(
    ("opens", "closes", "moment", "is_open"),
    [
        ((9, 0), (17, 0), (12, 0), True),
        ((9, 0), (17, 0), (8, 59), False),
        ((9, 0), (17, 0), (17, 0), False),
        ((22, 0), (6, 0), (3, 0), True),
        ((22, 0), (6, 0), (12, 0), False),
        ((0, 0), (0, 0), (23, 59), True),
    ],
)
def test_hours_may_run_over_midnight(ours, opens, closes, moment, is_open):
    ChatHours.objects.update(opens=time(*opens), closes=time(*closes))

    assert hours.is_open(ours, datetime(2026, 1, 6, *moment, tzinfo=UTC)) is is_open


def test_the_next_opening_is_on_a_day_that_it_opens(ours):
    ChatHours.objects.update(opens=time(9), closes=time(17), days=[0])  # Mondays

    tuesday = datetime(2026, 6, 2, 12, 0, tzinfo=UTC)
    assert hours.is_open(ours, tuesday) is False
    assert hours.next_opening(ours, tuesday) == datetime(2026, 6, 8, 8, 0, tzinfo=UTC)


# The desk


def address(name, chat):
    return reverse(f"chat:{name}", args=[chat.pk])


def test_the_desk_sees_the_most_urgent_first_and_who_waits(client, staff, chat):
    write(Client(), AT_THE_DOOR)
    Chat.objects.filter(pk=chat.pk).update(waiting_since=now() - timedelta(minutes=7))

    page = staff.get(reverse("chat:desk")).content.decode()

    assert page.index("with a knife") < page.index("following me")
    assert "Waits 7 min" in page


def test_taken_answered_and_read_by_the_engine(client, staff, chat):
    assert staff.post(address("take", chat)).status_code == 302
    staff.post(address("answer", chat), {"body": "Where are you?", "key": str(uuid.uuid4())})
    write(client, AT_THE_DOOR)

    page = staff.get(address("talk", chat)).content.decode()

    assert "Where are you?" in client.get(CHAT).content.decode()
    assert "Yours" in page
    assert "vc-mirror__mark" in page
    assert "Ask next" in page
    assert Entry.objects.filter(type="chat.viewed").count() >= 1


def test_whoever_reads_the_lines_alone_is_in_the_ledger_once(staff, chat, handler):
    for _ in range(3):
        by_itself = {"X-Background": "1", "HX-Request": "true"}
        assert staff.get(address("talk_lines", chat), headers=by_itself).status_code == 200

    entry = Entry.objects.get(type="chat.viewed")
    assert (entry.actor, entry.about_id) == (f"user:{handler.pk}", str(chat.pk))


def test_the_second_operator_is_told_who_was_first(staff, chat, handler):
    chats.take(chat.pk, by=handler, at=now())
    second = factories.sign_in(Client(), factories.user(Role.TEAM_LEADER))

    page = second.post(address("take", chat))
    answer = second.post(address("answer", chat), {"body": "Hello there"})

    assert page.status_code == answer.status_code == 409
    assert f"{handler} took this chat at" in page.content.decode()
    assert "Hello there" in answer.content.decode()
    assert ChatLine.objects.count() == 1


def test_an_answer_that_is_refused_stays_in_its_box(staff, chat):
    staff.post(address("take", chat))

    answer = staff.post(address("answer", chat), {"body": "x" * 5_001})

    assert answer.status_code == 422
    assert "x" * 5_001 in answer.content.decode()


def test_made_an_incident_it_opens_the_report_with_the_words(staff, chat):
    staff.post(address("take", chat))

    answer = staff.post(address("report", chat))

    draft = ReportDraft.objects.get()
    assert answer.url == reverse("triage:draft", args=[draft.pk])
    assert "Somebody keeps following me" in staff.get(answer.url).content.decode()


def test_a_chat_is_ended_with_its_reason_beside_the_field(staff, idle_chat):
    staff.post(address("take", idle_chat))

    refused = staff.post(address("end", idle_chat), {"reason": ""})
    assert refused.status_code == 422
    assert "Make it an incident first" in refused.content.decode()
    assert staff.post(address("end", idle_chat), {"reason": "A test"}).status_code == 302


def test_urgent_words_are_not_ended_with_a_reason_alone(staff, chat):
    staff.post(address("take", chat))

    refused = staff.post(address("end", chat), {"reason": "A hoax"})

    assert refused.status_code == 422
    assert "ask a team leader" in refused.content.decode()
    assert Chat.objects.get().status == "taken"


def test_the_incident_shows_the_transcript_and_the_desk_what_is_unseen(staff, chat):
    chats.receive_waiting(now() + timedelta(minutes=11))
    incident = Incident.objects.get()

    page = staff.get(reverse("triage:incident", args=[incident.pk])).content.decode()
    desk = staff.get(reverse("chat:desk")).content.decode()

    assert "looked after by nobody" in page
    assert "Somebody keeps following me" in page
    assert incident.reference in desk


def test_the_list_asks_the_database_no_more_for_many(staff):
    def add(count):
        for number in range(count):
            write(Client(), f"{YESTERDAY} {number}")
            chats.receive_waiting(now() + timedelta(minutes=11))
            write(Client(), f"{YESTERDAY} {number}")

    def queries():
        with CaptureQueriesContext(connection) as asked:
            staff.get(reverse("chat:rows"))
        return len(asked)

    staff.get(reverse("chat:rows"))
    add(1)
    few = queries()
    add(3)

    assert queries() == few
