"""An online report from its first answer to the incident."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from messaging.models import StaffTask
from tests import factories
from tests.at_once import at_once, broken
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
    post(client, "what", account="Somebody took my bicycle")

    answer = client.get("/exit")

    assert OnlineReport.objects.count() == 0
    assert client.cookies["step"].value == ""
    assert answer.cookies["step"]["max-age"] == 0
    assert "bicycle" not in client.get(REPORT).content.decode()


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

    def fail(key, at):
        raise OSError

    monkeypatch.setattr(reports, "leave", fail)
    answer = client.post("/exit")

    assert answer.status_code == 303
    assert client.cookies["step"].value == ""


# Not sent


def unsent(client, danger, step="what", **typed):
    """What somebody wrote who then went away for as long as such a report waits for them."""
    post(client, "danger", danger=danger)
    post(client, step, go="save", **typed)
    OnlineReport.objects.update(used_at=now() - reports.UNSENT_AFTER)


@pytest.mark.parametrize(
    ("danger", "account", "grade"),
    [("yes", "The neighbours", 1), ("unknown", "The neighbours", 2), ("no", AT_THE_DOOR, 1)],
)
def test_words_of_danger_that_were_not_sent_are_taken_up(client, handler, danger, account, grade):
    unsent(client, danger, account=account)

    assert [reports.take_up_unsent(now()) for _ in range(2)] == [1, 0]

    incident = Incident.objects.get()
    assert (incident.grade, incident.narrative, incident.is_seen) == (grade, account, False)
    review = incident.reviews.get()
    assert review.because == "online report, not sent, not yet seen"
    assert review.due_at <= now()
    plan = incident.victim.plan
    assert (plan.safe, plan.confirmed_by) == ("no_contact", None)
    page = factories.sign_in(Client(), handler).get(reverse("triage:incident", args=[incident.pk]))
    assert "Its writer did not send this." in page.content.decode()


@pytest.mark.parametrize(
    ("danger", "step", "typed"),
    [
        ("no", "what", {"account": "Somebody took my bicycle last week"}),
        ("yes", "ring", {}),  # a tick alone: no place, no name, no word
    ],
)
def test_what_is_not_sent_and_tells_of_nothing_urgent_is_gone(client, danger, step, typed):
    unsent(client, danger, step=step, **typed)
    OnlineReport.objects.update(used_at=now() - reports.IDLE)

    assert reports.take_up_unsent(now()) == 0
    assert reports.forget_idle(now()) == 1
    assert Incident.objects.count() == 0


def test_a_way_that_was_called_safe_is_used_though_nothing_was_sent(client):
    post(client, "danger", danger="yes")
    post(client, "device", go="save", watched="no")
    post(client, "contact", go="save", **ANSWERS["contact"])
    OnlineReport.objects.update(used_at=now() - reports.UNSENT_AFTER)

    reports.take_up_unsent(now())

    victim = Incident.objects.get().victim
    assert victim.phone == "+447700900123"
    assert (victim.plan.safe, victim.plan.channels["sms"]) == ("as_below", "safe")


def test_a_page_that_is_not_right_is_told_as_it_was_typed_and_reaches_nobody(client):
    post(client, "danger", danger="yes")
    post(client, "contact", go="save", wish="ways", ways="call", number="07700 9")
    OnlineReport.objects.update(used_at=now() - reports.UNSENT_AFTER)

    reports.take_up_unsent(now())

    incident = Incident.objects.get()
    assert ["Your phone number", "07700 9"] in incident.sent_online.answers
    assert (incident.victim.phone, incident.victim.plan.safe) == ("", "no_contact")
    assert "07700 9" not in incident.narrative


def test_the_way_out_takes_words_of_danger_out_of_the_browser_and_to_a_person(client):
    post(client, "danger", danger="yes")
    post(client, "what", go="save", account="He is coming back")
    key = client.cookies["step"].value
    client.post("/exit")
    client.cookies["step"] = key

    assert "He is coming back" not in client.get(REPORT).content.decode()
    assert reports.take_up_unsent(now()) == 1

    assert Incident.objects.get().narrative == "He is coming back"
    assert OnlineReport.objects.count() == 0


def test_whoever_comes_back_is_told_and_may_write_on_with_all_of_it(client):
    post(client, "danger", danger="yes")
    post(client, "what", go="save", account="He is coming back")
    OnlineReport.objects.update(used_at=now() - reports.UNSENT_AFTER)
    reports.take_up_unsent(now())
    first = Incident.objects.get()

    page = client.get(REPORT).content.decode()
    assert first.reference in page
    assert "You did not send it" in page
    assert "He is coming back" not in page
    post(client, "where", go="save", place="12 Mill Lane")

    report = OnlineReport.objects.get(sent_at=None)
    assert report.answers["what"] == {"account": ["He is coming back"]}
    assert report.after == first
    assert "12 Mill Lane" not in client.get(REPORT).content.decode()  # it is where it was
    assert "He is coming back" not in Client().get(REPORT).content.decode()


def test_each_page_says_beforehand_that_words_of_danger_are_read(client):
    says = "we read what you wrote here even if you do not send it"
    assert says in client.get(REPORT).content.decode()

    post(client, "danger", danger="no")

    assert says in client.get(REPORT).content.decode()


def test_what_cannot_be_read_by_the_engine_is_not_forgotten(client, monkeypatch):
    unsent(client, "no", account=AT_THE_DOOR)
    OnlineReport.objects.update(used_at=now() - reports.IDLE)

    def fails(*args):
        raise RuntimeError

    monkeypatch.setattr(reports, "_urgent_to_the_engine", fails)

    assert (reports.take_up_unsent(now()), reports.forget_idle(now())) == (0, 0)
    assert OnlineReport.objects.count() == 1


# Very many


def test_one_of_many_waits_once_keeps_its_words_and_is_marked(client, monkeypatch):
    monkeypatch.setitem(throttle.A_CROWD, throttle.REPORTS_SENT, 1)
    calm = {"what": {"account": "Somebody took my bicycle last week"}, "harm": {}}
    write(client, **calm)
    post(client, "check", go="send")
    other = Client()
    write(other, **calm)

    answer = post(other, "check", go="send")

    assert answer.status_code == 429
    assert "my bicycle" in answer.content.decode()
    waited = answer.context["waited"]
    assert post(other, "check", go="send", waited=waited).status_code == 429  # too soon
    assert post(other, "check", go="send", waited="made up").status_code == 429
    monkeypatch.setattr(throttle, "WAIT", timedelta(0))
    assert post(other, "check", go="send", waited=waited).status_code == 303
    assert sorted(SentReport.objects.values_list("is_crowded", flat=True)) == [False, True]


@pytest.mark.parametrize(
    "said", [{"danger": {"danger": "yes"}}, {"what": {"account": AT_THE_DOOR}}]
)
def test_no_crowd_holds_back_who_is_in_danger(client, monkeypatch, said):
    monkeypatch.setitem(throttle.A_CROWD, throttle.REPORTS_SENT, 0)
    write(client, **said)

    assert post(client, "check", go="send").status_code == 303
    assert Incident.objects.get().sent_online.is_crowded


def let_in(address="192.0.2.1", what=throttle.REPORTS_STARTED, **more):
    more = {"force": factories.force(), "is_urgent": False, "at": now()} | more
    return throttle.let_in(what, address, **more)


def test_one_line_of_ipv6_is_one_address(monkeypatch):
    monkeypatch.setitem(throttle.A_CROWD, throttle.REPORTS_STARTED, 1)
    asked = ["2001:db8:1:2::1", "2001:db8:1:2:aaaa::9", "2001:db8:1:3::1", "192.0.2.1", "192.0.2.2"]

    assert [let_in(address).value for address in asked] == ["free", "wait", "free", "free", "free"]


def test_a_count_is_forgotten_after_its_hour(monkeypatch):
    monkeypatch.setitem(throttle.A_CROWD, throttle.REPORTS_STARTED, 1)
    at = now()

    assert [let_in(at=at + n * throttle.WITHIN / 2).value for n in (0, 1, 2)] == [
        "free",
        "wait",
        "free",
    ]


def test_a_ticket_of_who_waited_is_good_once(monkeypatch):
    monkeypatch.setitem(throttle.A_CROWD, throttle.REPORTS_STARTED, 0)
    at = now()
    waited = throttle.ticket(at)
    later = [at + timedelta(seconds=9), at + throttle.WAIT, at + throttle.WAIT]

    said = [let_in(at=moment, waited=waited).value for moment in later]

    assert said == ["wait", "many", "wait"]
    late = at + throttle.WAIT_GOOD_FOR + timedelta(seconds=1)
    assert let_in(at=late, waited=throttle.ticket(at)).value == "wait"


def test_a_flood_from_everywhere_is_told_once_and_holds_back_nobody_in_danger(monkeypatch):
    monkeypatch.setitem(throttle.A_FLOOD, throttle.CHATS_STARTED, 2)
    for number in range(2):
        assert let_in(f"192.0.2.{number}", throttle.CHATS_STARTED).value == "free"
    assert StaffTask.objects.count() == 0

    said = [
        let_in(f"198.51.100.{number}", throttle.CHATS_STARTED, is_urgent=urgent).value
        for number, urgent in enumerate([True, False, True])
    ]

    assert said == ["free", "wait", "free"]
    task = StaffTask.objects.get()
    assert (task.kind, task.force) == ("flood", factories.force())
    elsewhere = factories.force("southmoor")
    assert let_in("203.0.113.1", throttle.CHATS_STARTED, force=elsewhere).value == "free"


@pytest.mark.django_db(transaction=True)
def test_sent_from_two_places_at_once_it_is_one_incident(client):
    write(client)
    report = OnlineReport.objects.get()

    found = at_once(*[lambda: reports.send(report.pk, at=now())] * 4)

    assert broken(found) == []
    assert Incident.objects.count() == 1
    assert SentReport.objects.count() == 1
