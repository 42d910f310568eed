"""What an incident's page tells, and what it must not."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now

from messaging import outbox
from tests import factories
from tests.appointments import factories as diary
from triage import offers, policies, thrive
from triage.control import dispatching
from triage.models import Offer, Participant

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_handler(client, handler):
    return factories.sign_in(client, handler)


def page(client, incident):
    return client.get(reverse("triage:incident", args=[incident.pk])).content.decode()


def facts(html, title):
    """{term: what is said} of the list under a heading."""
    listed = html.split(title, 1)[1].split("</dl>", 1)[0]
    return dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", listed))


def test_answers_given_are_told_as_they_were_asked(as_handler):
    incident = factories.incident(at=now())
    factories.assessment(
        incident,
        at=now(),
        answers={
            "victim_age": 84,
            "weapon": False,
            "injuries": "minor",
            "minutes_since_incident": 300,
            "previous_reports_12m": 2,
            "history": {"markers": ["stalking"], "previous_reports_12m": 9},
        },
    )

    told = facts(page(as_handler, incident), "Answers given")

    assert told == {
        "Victim&#x27;s age": "84",
        "Weapon": "No",
        "Injuries": "Minor",
        "When it happened": "Within the day before",
        "Reports in the last year, as they say": "2",
    }


def test_answer_to_a_question_of_the_policy_is_told_in_its_words(as_handler):
    incident = factories.incident(at=now())
    own = next(
        question
        for question in policies.rules(factories.policy()).questions
        if question.key not in thrive.STRUCTURED and question.options
    )
    option = own.options[0]
    factories.assessment(incident, at=now(), answers={own.key: option["value"]})

    html = page(as_handler, incident)

    assert own.text in html.replace("&#x27;", "'")
    assert f"<dd>{option['label']}</dd>" in html.replace("&#x27;", "'")


def test_age_is_that_of_today_or_what_the_caller_said(as_handler):
    born = (now() - timedelta(days=366 * 30)).date().isoformat()
    incident = factories.incident(victim=factories.contact(date_of_birth=born), at=now())
    Participant.objects.create(incident=incident, role="caller", contact=factories.contact())
    factories.assessment(incident, at=now(), answers={"victim_age": 99, "caller_age": 51})

    html = page(as_handler, incident)

    assert f"<dt>Age</dt><dd>30, born {born}</dd>" in html
    assert "<dt>Age</dt><dd>51</dd>" in html


def test_a_caller_for_themselves_is_told_once(as_handler):
    incident = factories.incident(victim=factories.contact(name="Ann Example"), at=now())
    Participant.objects.create(incident=incident, role="caller", contact=incident.victim)
    factories.assessment(incident, at=now(), answers={"victim_age": 51, "caller_age": 51})

    html = page(as_handler, incident)

    assert html.count("<dd>Ann Example</dd>") == 1
    assert "Victim and caller</h3>" in html
    assert html.count("<dt>Age</dt><dd>51</dd>") == 1


def test_what_was_reported_before_is_told_with_its_markers(as_handler):
    victim = factories.contact(phone="+447700900123")
    earlier = factories.incident(victim=victim, safety_note="Dog in the yard", at=now())
    factories.assessment(earlier, grade=2, flags=["weapon_involved"], at=now())
    incident = factories.incident(grade=3, victim=victim, at=now())

    html = page(as_handler, incident)

    assert "1 earlier in 12 months" in html
    assert earlier.reference in html
    assert "<strong>Markers:</strong> Weapon" in html
    assert "Dog in the yard" in html
    assert "never a reason to doubt or to answer more slowly" in html


def test_a_text_about_the_appointment_stands_with_its_booking_alone(as_handler, handler):
    booked = diary.appointment()
    incident = booked.incident
    incident.response = "video"
    incident.save(update_fields=["response"])
    outbox.queue(
        "appointment_booked",
        to=booked.contact,
        about=booked,
        context={"when": "Tuesday 6 May at 2:30pm", "link": "https://example.org/a/x"},
        at=now(),
    )

    answer = as_handler.get(reverse("triage:incident", args=[incident.pk]))
    assert answer.context["notifications"] == []
    assert "Other texts and e-mails" in answer.content.decode()

    incident.response = "none"
    incident.save(update_fields=["response"])
    answer = as_handler.get(reverse("triage:incident", args=[incident.pk]))
    assert len(answer.context["notifications"]) == 1


# The choice


def choice(client, incident):
    return client.get(reverse("triage:choice", args=[incident.pk])).content.decode()


def test_no_choice_is_read_out_at_grade_1(as_handler):
    incident = factories.incident(grade=1, at=now())

    html = choice(as_handler, incident)

    assert "no choice is read out" in html
    assert "Nobody has sent officers yet" in html
    assert reverse("control:send", args=[incident.pk]) in html
    assert "ways we can see you" not in html.replace("\n", " ")
    assert 'name="chosen"' not in html
    assert reverse("triage:choice", args=[incident.pk]) not in page(as_handler, incident)


def test_the_caller_is_told_of_officers_once_they_are_asked_for(as_handler, handler):
    incident = factories.incident(grade=1, at=now())
    dispatching.send_now(
        incident, reason="He is at the door", not_told_because="On the line", by=handler, at=now()
    )

    html = choice(as_handler, incident)

    assert "Officers are being sent to you now" in html
    assert "Nobody has sent officers yet" not in html


def test_no_choice_is_recorded_at_grade_1(as_handler, handler):
    incident = factories.incident(grade=1, at=now())

    with pytest.raises(offers.NotOffered):
        offers.make(incident, chosen="visit", by=handler, at=now())
    answer = as_handler.post(reverse("triage:choice", args=[incident.pk]), {"chosen": "visit"})
    assert answer.status_code == 422
    assert Offer.objects.count() == 0


def test_the_choice_is_read_once_the_grade_is_less_urgent(as_handler):
    incident = factories.incident(grade=1, at=now())
    factories.assessment(incident, grade=3, at=now())

    html = choice(as_handler, incident)

    assert "three ways" in html
    assert 'value="visit"' in html


def test_whoever_reads_the_choice_hears_of_an_assessment_made_meanwhile(as_handler):
    incident = factories.incident(grade=3, at=now())
    read = as_handler.get(reverse("triage:choice", args=[incident.pk])).context["here"]
    factories.assessment(incident, grade=1, decided_by=factories.user("team_leader"), at=now())

    said = {"after": read.after, "known": read.digest}
    answer = as_handler.post(reverse("triage:here", args=[incident.pk]), said).content.decode()

    assert "has assessed it meanwhile: grade 1." in answer
