"""An online report from its first answer to the incident."""

import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from tests import factories
from tests.triage.conftest import AT_THE_DOOR, YESTERDAY
from tests.triage.desk import factories as desk
from triage import intake
from triage.desk import reports, steps, throttle
from triage.desk.models import OnlineReport, SentReport
from triage.models import Incident
from victimcontact.audit.models import Entry
from victimcontact.people.models import Contact, ContactPlan

pytestmark = pytest.mark.django_db

REPORT = "/report/"
ANSWERS = {
    "danger": {"danger": "no"},
    "device": {"watched": "no"},
    "about": {"about": "self"},
    "what": {"account": YESTERDAY},
    "when": {"happened": "300"},
    "where": {"place": "12 Mill Lane, Northmoor"},
    "person": {"now_at": "away", "looks": "A tall man in a green coat"},
    "harm": {"injuries": "minor", "weapon": "no", "children": "no"},
    "you": {"name": "Robin Alder", "age": "34"},
    "contact": {
        "wish": "ways",
        "ways": ["sms", "call"],
        "number": "07700 900 123",
    },
    "times": {
        "days": ["0", "1"],
        "start": "9am",
        "end": "3pm",
    },
    "talk": {"smartphone": "yes", "data": "yes", "attendance": "no"},
    "needs": {"interpreter": "Polish"},
}


@pytest.fixture(autouse=True)
def ours():
    factories.policy()
    return factories.force(contact_number="+442079460101")


def post(client, step, go="on", **typed):
    return client.post(REPORT, {"step": step, "go": go, **typed})


def write(client, **changes):
    """Answer every page, as ANSWERS with ``changes`` say; the page it ends at."""
    answers = ANSWERS | changes
    client.post(REPORT, {"step": "danger", **answers["danger"]})
    for _ in range(30):
        step = OnlineReport.objects.latest("started_at").step
        if step == steps.CHECK:
            break
        before = step
        answer = client.post(REPORT, {"step": step, **answers.get(step, {})})
        assert answer.status_code == 303, (step, answer.content.decode())
        assert OnlineReport.objects.latest("started_at").step != before
    return client.get(REPORT)


def test_looking_writes_nothing_and_gives_no_cookie(client):
    answer = client.get(REPORT)

    assert answer.status_code == 200
    assert OnlineReport.objects.count() == 0
    assert "step" not in answer.cookies
    body = answer.content.decode()
    assert "ring 999" in body
    assert "press 55" in body
    assert "<title>Appointment</title>" in body


def test_the_chat_is_offered_while_it_is_open(client):
    assert "/chat/" not in client.get(REPORT).content.decode()

    desk.open_chat()

    assert 'href="/chat/"' in client.get(REPORT).content.decode()


def test_the_whole_report_becomes_one_incident(client, ours):
    page = write(client)
    assert "Check what you wrote" in page.content.decode()

    answers = [post(client, "check", go="send") for _ in range(3)]

    assert [each.status_code for each in answers] == [303, 303, 303]
    incident = Incident.objects.get()
    assert (incident.channel, incident.handler, incident.force) == ("online", None, ours)
    assert incident.narrative == f"{YESTERDAY}\n\nA tall man in a green coat"
    assert incident.location == "12 Mill Lane, Northmoor"
    assessment = incident.current_assessment
    assert assessment.decided_by is None
    assert assessment.answers == {
        "weapon": False,
        "children_present": False,
        "has_smartphone": True,
        "has_data": True,
        "wants_attendance": False,
        "caller_age": 34,
        "victim_age": 34,
        "offender_present": False,
        "offender_nearby": False,
        "injuries": "minor",
        "minutes_since_incident": 300,
    }
    assert incident.review_due_at <= now()
    assert incident.reviews.get().because == "online report, not yet seen"
    victim = incident.victim
    assert (victim.name, victim.phone) == ("Robin Alder", "+447700900123")
    assert victim.needs == {"interpreter": "Polish"}
    plan = victim.plan
    assert plan.channels == {"sms": "safe", "call": "safe", "email": "unsafe"}
    assert plan.windows == [{"days": [0, 1], "from": "09:00", "to": "15:00"}]
    assert (plan.phone_watched, plan.wording, plan.confirmed_by) == (False, "neutral", None)
    told = page = client.get(REPORT).content.decode()
    assert incident.reference in told
    assert "We aim" in told or "we aim" in told
    assert OnlineReport.objects.get().answers == {}
    assert Entry.objects.filter(type="online_report.sent").count() == 1


def test_staff_see_what_was_asked_and_answered(client, handler):
    write(client)
    post(client, "check", go="send")
    staff = factories.sign_in(Client(), handler)

    page = staff.get(reverse("triage:incident", args=[Incident.objects.get().pk]))

    assert ["Was there a weapon?", "No"] in SentReport.objects.get().answers
    body = page.content.decode()
    assert "Written online" in body
    assert "Was there a weapon?" in body
    assert "A tall man in a green coat" in body


@pytest.mark.parametrize(("said", "grade"), [("yes", 1), ("unknown", 2)])
def test_an_answer_about_danger_is_never_graded_away(client, said, grade):
    write(client, danger={"danger": said}, what={"account": "My neighbour plays loud music."})
    post(client, "check", go="send")

    assessment = Incident.objects.get().current_assessment
    assert (assessment.decided_grade, assessment.decided_by) == (grade, None)
    assert assessment.recommended_grade > grade or said == "unknown"
    assert "danger" in assessment.reason or assessment.recommended_grade == grade


def test_words_more_urgent_than_the_answer_decide(client):
    write(client, what={"account": AT_THE_DOOR})
    post(client, "check", go="send")

    assert Incident.objects.get().grade == 1


def test_the_writer_learns_nothing_of_earlier_reports(client):
    told = []
    for before in (False, True):
        if before:
            intake.receive(
                intake.NewReport(
                    channel="online",
                    narrative=AT_THE_DOOR,
                    caller=intake.Person(),
                    location=ANSWERS["where"]["place"],
                ),
                force=factories.force(),
                at=now() - timedelta(days=2),
                came_by="online report",
            )
        visitor = Client()
        write(visitor, what={"account": "Hello"}, person={}, harm={})
        post(visitor, "check", go="send")
        incident = Incident.objects.latest("reported_at")
        told.append((incident.grade, incident.reported_at, visitor.get(REPORT)))

    (grade, _, page), (raised, _, other) = told
    assert raised < grade, "what was reported before must count"
    assert [
        [answer.context[name] for name in ("is_urgent", "no_contact", "has_plan")]
        for answer in (page, other)
    ] == [[False, False, True]] * 2
    waits = [answer.context["due_at"] - at for _, at, answer in told]
    assert waits[0] == waits[1]


def test_who_says_that_there_is_danger_is_told_that_it_is_urgent(client):
    write(client, danger={"danger": "unknown"}, what={"account": "Loud music"})
    post(client, "check", go="send")

    page = client.get(REPORT)

    assert page.context["is_urgent"]
    assert page.context["due_at"] == Incident.objects.get().due_at


def test_what_was_said_before_the_danger_counts_and_never_holds_up(client):
    write(
        client,
        device={"watched": "yes"},
        harm={"injuries": "serious", "weapon": "yes", "children": "no"},
    )
    post(client, "you", go="save", name="Robin Alder", age="many")
    post(client, "danger", danger="yes")
    post(client, "ring")

    assert post(client, "check", go="send").status_code == 303

    incident = Incident.objects.get()
    answers = dict(incident.sent_online.answers)
    assert answers["Was there a weapon?"] == "Yes"
    assert "Your age" not in answers
    assert incident.current_assessment.answers["weapon"] is True
    plan = incident.victim.plan
    assert plan.windows == [{"days": [0, 1], "from": "09:00", "to": "15:00"}]
    assert plan.phone_watched


def test_somebody_in_danger_is_asked_little(client):
    write(client, danger={"danger": "yes"})

    assert list(OnlineReport.objects.get().answers) == [
        "danger",
        "ring",
        "what",
        "where",
        "person",
        "contact",
    ]


def test_a_watched_phone_gets_no_text_whatever_was_ticked(client):
    write(client, device={"watched": "unknown"})
    post(client, "check", go="send")

    plan = Contact.objects.get().plan
    assert plan.channels["sms"] == "unsafe"
    assert plan.phone_watched


@pytest.mark.parametrize(("wish", "safe"), [("none", "no_contact"), ("later", None)])
def test_who_says_nothing_of_contact_is_sent_nothing(client, wish, safe):
    write(client, contact={"wish": wish})
    post(client, "check", go="send")

    assert [plan.safe for plan in ContactPlan.objects.all()] == ([safe] if safe else [])


def test_for_somebody_else_the_plan_is_the_writers(client):
    write(client, about={"about": "other"}, them={"name": "Ola Winter", "age": "9"})
    post(client, "check", go="send")

    incident = Incident.objects.get()
    assert incident.victim.name == "Ola Winter"
    assert incident.victim.plan is None
    assert incident.participants.get(role="caller").contact.plan is not None
    answers = incident.current_assessment.answers
    assert (answers["victim_age"], answers["caller_age"]) == (9, 34)


def test_a_child_is_asked_for_a_grown_up(client):
    write(client, you={"name": "", "age": "15"}, guardian={"guardian": "yes"})
    post(client, "check", go="send")

    assert Incident.objects.get().current_assessment.answers["guardian_available"] is True


@pytest.mark.parametrize(
    ("step", "typed", "field", "says"),
    [
        ("danger", {}, "danger", "Say if anyone is in danger now"),
        ("what", {"account": "   "}, "account", "Write what happened"),
        ("what", {"account": "x" * 20_001}, "account", "20000 characters or fewer"),
        ("when", {"day": "31/12/2099"}, "day", "Enter a date that is not in the future"),
        ("when", {"day": "31/2/2026"}, "day", "Enter a date like"),
        ("when", {"hour": "2pm"}, "day", "Enter the day too"),
        ("you", {"age": "old"}, "age", "Enter an age in years, like 42"),
        ("contact", {"wish": "ways"}, "ways", "Choose the ways that are safe"),
        ("contact", {"wish": "ways", "ways": "sms", "number": "12"}, "number", "Enter a phone"),
        ("contact", {"wish": "ways", "ways": "email", "email": "me"}, "email", "Enter an e-mail"),
        (
            "times",
            {"days": "1", "start": "9am"},
            "end",
            "Enter both times, or neither",
        ),
    ],
)
def test_what_is_wrong_is_said_by_the_field_and_nothing_is_lost(client, step, typed, field, says):
    post(client, "danger", danger="no")

    answer = post(client, step, **typed)

    assert answer.status_code == 422
    body = answer.content.decode()
    assert f'id="id_{field}_error"' in body
    assert says in body
    assert 'id="error-summary"' in body
    for text in typed.values():
        assert text in body


@pytest.mark.parametrize("words", ["গতকাল একজন লোক আমাকে মেরেছে", "ضربني رجل أمس", "x" * 20_000])
def test_any_alphabet_and_any_length_that_is_read_is_kept(client, words):
    write(client, what={"account": words})
    post(client, "check", go="send")

    assert Incident.objects.get().narrative.startswith(words)


def test_back_keeps_what_was_typed_even_when_it_is_wrong(client):
    post(client, "danger", danger="no")
    post(client, "device", watched="no")

    post(client, "about", go="back", about="")
    post(client, "device")
    post(client, "about", about="other")
    post(client, "what", go="back", account="Half a sen")

    assert OnlineReport.objects.get().step == "about"
    assert OnlineReport.objects.get().answers["what"] == {"account": ["Half a sen"]}


def test_what_is_typed_is_kept_while_it_is_typed(client):
    post(client, "danger", danger="no")

    answer = post(client, "what", go="save", account="He came")

    assert answer.status_code == 204
    report = OnlineReport.objects.get()
    assert (report.step, report.answers["what"]) == ("device", {"account": ["He came"]})


def test_two_tabs_never_answer_one_anothers_question(client):
    post(client, "danger", danger="no")
    post(client, "device", watched="no")
    post(client, "about", about="self")

    post(client, "device", watched="yes")  # the tab that was left behind

    report = OnlineReport.objects.get()
    assert report.answers["device"] == {"watched": ["yes"]}
    assert report.answers["about"] == {"about": ["self"]}
    assert report.step == "what"


def test_a_change_from_the_check_leads_back_to_it(client):
    write(client)

    post(client, "check", go="where")
    assert OnlineReport.objects.get().step == "where"
    post(client, "where", place="At home")

    assert OnlineReport.objects.get().step == steps.CHECK


def test_an_answer_that_opens_a_question_asks_it_before_it_is_sent(client):
    write(client)
    post(client, "check", go="about")
    post(client, "about", about="other")
    assert OnlineReport.objects.get().step == "them"

    reports.go_to(OnlineReport.objects.get().pk, steps.CHECK, at=now())
    answer = post(client, "check", go="send")

    assert answer.status_code == 422
    assert "About the person it happened to" in answer.content.decode()
    assert Incident.objects.count() == 0


def test_leaving_takes_it_off_the_server_and_out_of_the_browser(client):
    post(client, "danger", danger="no")
    post(client, "what", account="He hit me")

    answer = client.get("/exit")

    assert OnlineReport.objects.count() == 0
    assert client.cookies["step"].value == ""
    assert answer.cookies["step"]["max-age"] == 0
    assert "He hit me" not in client.get(REPORT).content.decode()


def test_leaving_after_sending_keeps_the_incident(client):
    write(client)
    post(client, "check", go="send")

    client.post("/exit")

    assert Incident.objects.count() == 1
    assert Incident.objects.get().reference not in client.get(REPORT).content.decode()


@pytest.mark.parametrize("age", [reports.IDLE, reports.LONGEST])
def test_a_report_that_is_too_old_is_gone_but_not_what_is_just_written(client, age):
    post(client, "danger", danger="no")
    moved = {"used_at": now() - age} if age == reports.IDLE else {"started_at": now() - age}
    OnlineReport.objects.update(**moved)

    post(client, "what", account="He hit me")

    assert reports.forget_idle(now()) == 1
    assert OnlineReport.objects.get().answers == {"what": {"account": ["He hit me"]}}


def test_still_says_how_long_and_keeps_it(client):
    post(client, "danger", danger="no")
    OnlineReport.objects.update(used_at=now() - timedelta(minutes=25))

    before = client.get(reverse("desk:still")).json()["seconds"]
    after = client.post(reverse("desk:still")).json()["seconds"]

    assert 280 <= before <= 300
    assert after > 1700


def test_still_needs_no_token_as_the_page_has_none_to_send():
    browser = Client(enforce_csrf_checks=True)

    assert browser.post(reverse("desk:still")).json() == {"seconds": 0}
    assert browser.post(reverse("chat:still")).json() == {"seconds": 0}


def test_the_way_out_answers_whatever_fails_behind_it(client, monkeypatch):
    post(client, "danger", danger="no")

    def fail(key):
        raise OSError

    monkeypatch.setattr(reports, "leave", fail)
    answer = client.post("/exit")

    assert answer.status_code == 303
    assert client.cookies["step"].value == ""


def test_a_flood_from_one_address_is_held_and_keeps_its_words(client, monkeypatch):
    monkeypatch.setattr(throttle, "REPORTS_SENT", 1)
    write(client)
    post(client, "check", go="send")
    other = Client()
    write(other)

    answer = post(other, "check", go="send")

    assert answer.status_code == 429
    assert YESTERDAY in answer.content.decode()
    assert Incident.objects.count() == 1


@pytest.mark.parametrize("said", ["yes", "unknown"])
def test_no_flood_holds_back_who_is_in_danger(client, monkeypatch, said):
    monkeypatch.setattr(throttle, "REPORTS_SENT", 0)
    write(client, danger={"danger": said})

    assert post(client, "check", go="send").status_code == 303
    assert Incident.objects.count() == 1


def test_one_line_of_ipv6_is_one_address():
    def allowed(address):
        return throttle.allow("report sent", address, most=1, at=now())

    assert allowed("2001:db8:1:2::1")
    assert not allowed("2001:db8:1:2:aaaa::9")
    assert allowed("2001:db8:1:3::1")
    assert allowed("192.0.2.1")
    assert allowed("192.0.2.2")


def test_reports_begun_are_counted_by_address(client, monkeypatch):
    monkeypatch.setattr(throttle, "REPORTS_STARTED", 1)
    post(client, "danger", danger="no")

    answer = Client().post(REPORT, {"step": "danger", "danger": "yes"})

    assert answer.status_code == 429
    assert "Ring 999" in answer.content.decode() or "ring 999" in answer.content.decode()
    assert OnlineReport.objects.count() == 1


def test_a_count_is_forgotten_after_its_hour():
    at = now()
    assert [throttle.allow("x", "1", most=2, at=at) for _ in range(3)] == [True, True, False]

    assert throttle.allow("x", "1", most=2, at=at + throttle.WITHIN)


@pytest.mark.django_db(transaction=True)
def test_sent_from_two_places_at_once_it_is_one_incident(client):
    write(client)
    report = OnlineReport.objects.get()
    barrier = threading.Barrier(4)

    def send():
        barrier.wait()
        reports.send(report.pk, at=now())
        connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Incident.objects.count() == 1
    assert SentReport.objects.count() == 1
