"""Reports from other systems: into the queue, graded, never left unseen; and news about them."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from tests import factories
from tests.triage.api.conftest import AT_THE_DOOR, REPORT, system
from triage import assessing, selectors
from triage.api.models import Scope, Sent, Update
from triage.models import Incident
from victimcontact.accounts.roles import Role
from victimcontact.audit.models import Entry
from victimcontact.people.safe_contact import Plan

pytestmark = pytest.mark.django_db
INCIDENTS = "/api/v1/incidents/"


def test_report_becomes_an_incident_that_a_person_is_to_look_at_now(online):
    answer = online.report(words=AT_THE_DOOR, their_reference="CC 1/22NOV26")

    incident = Incident.objects.get()
    said = answer.json()
    assert answer.status_code == 201
    assert (said["reference"], said["their_reference"]) == (incident.reference, "CC 1/22NOV26")
    assert (said["grade"], said["graded_by"], said["status"]) == (1, "engine", "open")
    assert "weapon_involved" in said["flags"]
    assert incident.review_due_at <= now()
    assert incident.reviews.get(done_at=None).because == "Online reports, not yet seen"
    assert (incident.narrative, incident.channel) == (AT_THE_DOOR, "online")
    assert incident.victim.phone == "+447700900123"
    assert list(selectors.open_queue(factories.user(Role.CALL_HANDLER))) == [incident]


def test_report_keeps_the_victim_and_the_caller_apart(online):
    online.report(
        victim={"name": "Alex Example", "phone": "07700900456"},
        suspect="Tall",
        safety_note="A dog",
        location="12 Example Street",
    )

    incident = Incident.objects.get()
    roles = {one.role: one for one in incident.participants.all()}
    assert sorted(roles) == ["caller", "suspect", "victim"]
    assert roles["victim"].contact.name == "Alex Example"
    assert roles["caller"].contact.name == "Robin Example"
    assert (roles["suspect"].description, incident.safety_note) == ("Tall", "A dog")
    assert incident.location == "12 Example Street"


def test_answers_reach_the_engine(online):
    online.report(answers={"victim_age": 15, "offender_present": None})

    assessment = Incident.objects.get().current_assessment
    assert assessment.answers == {"victim_age": 15}
    assert "child_at_risk" in assessment.flags


def test_a_number_that_rang_before_raises_what_the_engine_knows(online):
    online.report()
    online.report()

    second = Incident.objects.order_by("pk").last()
    history = second.current_assessment.answers["history"]
    assert history["previous_reports_12m"] == 1


def test_safe_contact_becomes_the_plan_and_what_was_not_said_stays_unsafe(online):
    online.report(
        caller={
            "phone": "07700900123",
            "safe_contact": {
                "safe": "as_below",
                "sms": "safe",
                "phone_watched": False,
                "note": "Not after six",
            },
        }
    )

    plan = Incident.objects.get().victim.plan
    assert (plan.channels, plan.wording, plan.note) == ({"sms": "safe"}, "neutral", "Not after six")
    assert plan.confirmed_by is None


@pytest.mark.parametrize("said", [{}, {"phone_watched": None}, {"phone_watched": True}])
def test_a_phone_is_watched_until_somebody_says_that_it_is_not(online, said):
    safe = {"safe": "as_below", "sms": "safe", "email": "safe", **said}
    taken = online.report(caller={"phone": "07700900123", "safe_contact": safe})
    assert taken.status_code == 201

    plan = Incident.objects.get().victim.plan

    assert plan.phone_watched
    for channel in ("sms", "email"):
        assert Plan.read(plan).channels.get(channel) != "safe"


def test_without_safe_contact_there_is_no_plan_and_so_nothing_is_sent(online):
    online.report()

    assert Incident.objects.get().victim.plan is None


def test_reported_at_is_kept_and_the_future_refused(online):
    earlier = now() - timedelta(hours=2)

    taken = online.report(reported_at=earlier.isoformat())
    refused = online.report(reported_at=(now() + timedelta(hours=1)).isoformat())

    assert Incident.objects.get().reported_at == earlier
    assert (taken.status_code, refused.status_code) == (201, 400)
    assert refused.json()["errors"][0]["path"] == "reported_at"


def test_twenty_thousand_characters_are_fine_and_one_more_is_not(online):
    words = "Somebody hit me. " * 1_177
    emoji = "😀" * 20_000

    assert online.report(words=words[:20_000]).status_code == 201
    assert online.report(words=emoji).status_code == 201
    refused = online.report(words=words[:20_000] + "x")

    assert refused.status_code == 400
    assert refused.json()["errors"] == [
        {"path": "words", "detail": "This is too long: at most 20000 characters."}
    ]
    assert sorted(len(one.narrative) for one in Incident.objects.all()) == [20_000, 20_000]


def test_words_are_kept_as_they_came(online):
    words = '  "\\n <script>alert(1)</script> ضربني رجل أمس {{ 7 }}\r\n\tend  '

    online.report(words=words)

    assert Incident.objects.get().narrative == words


def test_our_own_reference_or_an_unseen_character_is_no_reference_of_theirs(online):
    ours = online.report().json()["reference"]

    for theirs in (ours, "CC\x00 1", "CC\u202e1", "", " " * 5, "x" * 61):
        answer = online.report(their_reference=theirs)
        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, "their_reference")


def test_the_same_reference_of_theirs_is_refused_with_ours(online):
    first = online.report(their_reference="CC-1").json()["reference"]

    again = online.report(their_reference="CC-1")

    assert again.status_code == 409
    assert first in again.json()["detail"]
    assert Incident.objects.count() == 1


def test_two_systems_may_use_the_same_reference(online):
    other = system(Scope.REPORT, name="Another")

    assert online.report(their_reference="1").status_code == 201
    assert other.report(their_reference="1").status_code == 201
    assert Sent.objects.count() == 2


def test_the_ledger_names_the_system_and_nothing_that_was_said(online):
    online.report(caller={"name": "Wilhelmina Quill", "phone": "07700900123"})

    entries = Entry.objects.filter(actor=f"apiclient:{online.row.pk}").order_by("id")
    assert {entry.type for entry in entries} == {"incident.sent", "api.called"}
    called = entries.get(type="api.called")
    assert called.detail == {
        "method": "POST",
        "address": "api:incidents",
        "status": 201,
        "incident": str(Incident.objects.get().pk),
    }
    for entry in Entry.objects.all():
        assert "Wilhelmina" not in str(entry.detail)
        assert "900123" not in str(entry.detail)


# News


def news(online, reference, words):
    return online.post(f"{INCIDENTS}{reference}/updates/", {"words": words})


def test_news_ask_for_a_fresh_assessment_at_once(online, leader):
    reference = online.report().json()["reference"]
    incident = Incident.objects.get()
    seen(incident, leader)
    assert incident.review_due_at > now()

    answer = news(online, reference, "I found the receipt.")

    incident.refresh_from_db()
    assert answer.status_code == 201
    assert incident.review_due_at <= now()
    assert incident.reviews.get(done_at=None).because == "Online reports: news"
    assert [update.words for update in Update.objects.all()] == ["I found the receipt."]


def test_news_of_danger_raise_the_grade_at_once(online, leader):
    reference = online.report().json()["reference"]
    incident = Incident.objects.get()
    seen(incident, leader)
    before = incident.grade

    answer = news(online, reference, AT_THE_DOOR)

    incident.refresh_from_db()
    assert (before > 1, incident.grade, answer.json()["incident"]["grade"]) == (True, 1, 1)
    current = incident.current_assessment
    assert current.decided_by is None
    assert current.narrative == f"{REPORT['words']}\n\n{AT_THE_DOOR}"


def test_what_the_news_say_by_themselves_is_among_the_flags(online):
    reference = online.report().json()["reference"]

    answer = news(online, reference, "The man is back and is kicking the door.")

    told = answer.json()["incident"]
    assert (told["grade"], "offender_present" in told["flags"]) == (1, True)
    assert Incident.objects.get().current_assessment.answers["offender_present"] is True


def test_earlier_news_are_heard_with_the_latest(online):
    reference = online.report().json()["reference"]
    news(online, reference, "I found the receipt.")

    news(online, reference, AT_THE_DOOR)

    current = Incident.objects.get().current_assessment
    assert current.narrative == f"{REPORT['words']}\n\nI found the receipt.\n\n{AT_THE_DOOR}"


def test_harmless_news_never_lower_a_grade(online):
    reference = online.report(words=AT_THE_DOOR).json()["reference"]

    answer = news(online, reference, "It was nothing, please forget it.")

    assert answer.json()["incident"]["grade"] == 1
    assert Incident.objects.get().assessments.count() == 1


def test_news_open_a_closed_incident_again(online, leader):
    reference = online.report().json()["reference"]
    Incident.objects.update(status="closed", closed_at=now(), closed_by=leader)
    Incident.objects.get().reviews.update(done_at=now())

    answer = news(online, reference, "He is back.")

    incident = Incident.objects.get()
    assert (answer.status_code, answer.json()["incident"]["status"]) == (201, "open")
    assert incident.review_due_at <= now()
    assert Update.objects.get().words == "He is back."


def test_news_by_their_own_reference(online):
    online.report(their_reference="CC-9")

    assert news(online, "CC-9", "He is back.").status_code == 201


def seen(incident, by):
    """A person assessed it: the clocks run again."""
    known = assessing.Known(incident.channel, incident.narrative, {})
    grade = incident.grade
    assessing.assess(incident, known=known, decision=assessing.Decision(grade), by=by, at=now())
    incident.refresh_from_db()
