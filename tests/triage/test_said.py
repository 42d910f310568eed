"""What is said in answer to a question: typed below it, kept, heard, and read again."""

import re
import uuid

import pytest
from django.urls import reverse
from django.utils.timezone import now

from tests import factories
from triage import policies, thrive
from triage.answered import answered
from triage.models import Incident

HIT = "My ex came round and hit me on the arm. He has gone home now."


def hear(narrative=HIT, structured=None, **said):
    report = thrive.Report("101", narrative, structured or {}, said=said)
    return thrive.assess(report, thrive.default_policy())


def names(result):
    return {flag.name for flag in result.flags}


def test_words_below_a_question_are_the_callers_words():
    result = hear(children_present="my boys saw it", weapon="he has a kitchen knife")

    (weapon,) = [flag for flag in result.flags if flag.name == "weapon_involved"]
    words = thrive.Report(
        "101", HIT, said={"children_present": "my boys saw it", "weapon": weapon.spans[0].text}
    ).words
    assert words.splitlines() == [HIT, "my boys saw it", weapon.spans[0].text]
    assert "kitchen knife" in weapon.spans[0].text
    assert weapon.spans[0].start > len(HIT)


@pytest.mark.parametrize(
    ("said", "is_raised"),
    [
        ("Yes, twice last year", True),
        ("yeah", True),
        ("No", False),
        ("I am not sure", False),
        ("she would not say", False),
    ],
)
def test_yes_below_a_question_says_yes_to_it(said, is_raised):
    result = hear(pressure_on_neck=said)

    assert ("non_fatal_strangulation" in names(result)) is is_raised


def test_words_alone_never_make_a_report_less_urgent_nor_open_the_way_to_video():
    silent = hear(structured={"has_smartphone": True})
    calm = hear(
        structured={"has_smartphone": True},
        safe_to_talk="yes",
        has_data="yes",
        has_access="no",
        offender_present="no",
        offender_nearby="no",
    )

    assert calm.grade <= silent.grade
    assert {r.name for r in calm.video_reasons} >= {r.name for r in silent.video_reasons}


def test_an_answer_that_was_chosen_stands_against_words_below_it():
    result = hear(structured={"pressure_on_neck": "no"}, pressure_on_neck="Yes, no, I mean no")

    assert "non_fatal_strangulation" not in names(result)


# The pages


@pytest.fixture
def as_handler(client, db):
    factories.policy()
    return factories.sign_in(client, factories.user("call_handler"))


def typed(**fields):
    draft = str(uuid.uuid4())
    return {"draft": draft, "version": "0", "channel": "101", "about": "self"} | {
        "narrative": HIT,
        "say_weapon": "he has a kitchen knife",
        "say_pressure_on_neck": "Yes, <b>twice</b>",
        **fields,
    }


def test_words_below_a_question_are_kept_shown_and_begun_with_again(as_handler):
    record = typed(action="record", grade="1", seen_grade="1")
    page = as_handler.post(reverse("triage:new_report"), record)

    incident = Incident.objects.get()
    assert page.url == reverse("triage:choice", args=[incident.pk])
    assessment = incident.current_assessment
    assert incident.narrative == assessment.narrative == HIT
    assert assessment.answers["said"] == {
        "weapon": "he has a kitchen knife",
        "pressure_on_neck": "Yes, <b>twice</b>",
    }
    assert set(assessment.flags) >= {"weapon_involved", "non_fatal_strangulation"}
    told = {
        one.question: "".join(piece.text for piece in one.said)
        for one in answered(assessment, policies.rules(assessment.policy))
    }
    assert told["Weapon"] == "he has a kitchen knife"
    shown = as_handler.get(reverse("triage:incident", args=[incident.pk])).content.decode()
    assert "“Yes, &lt;b&gt;twice&lt;/b&gt;”" in shown
    again = as_handler.get(reverse("triage:reassess", args=[incident.pk])).content.decode()
    lines = dict(re.findall(r'name="say_(\w+)" id="\w+" value="([^"]+)"', again))
    assert lines == {
        "weapon": "he has a kitchen knife",
        "pressure_on_neck": "Yes, &lt;b&gt;twice&lt;/b&gt;",
    }


def test_each_line_stands_once_wherever_its_question_is(as_handler):
    first = typed()
    asked = as_handler.post(reverse("triage:score", args=[first["draft"]]), first).content.decode()
    chosen = first | {"version": "1", "ask_pressure_on_neck": "yes", "weapon": "yes"}
    answer = as_handler.post(reverse("triage:score", args=[first["draft"]]), chosen)

    for html in (asked, answer.content.decode()):
        lines = re.findall(r'name="(say_\w+)"', html)
        assert sorted(set(lines)) == sorted(lines)
        assert {"say_weapon", "say_pressure_on_neck"} <= set(lines)
    # Somebody writes an answer to it: it stays a question until an answer is chosen.
    assert 'data-ask="pressure_on_neck"' in asked
    assert 'data-ask="pressure_on_neck"' not in answer.content.decode()


def test_too_many_words_together_are_said_so_and_nothing_is_cut(as_handler):
    page = as_handler.post(
        reverse("triage:new_report"),
        typed(action="record", grade="1", seen_grade="1", narrative="a b " * 4_995),
    )

    assert page.status_code == 422
    assert "20,000 characters or fewer together" in page.content.decode()
    assert not Incident.objects.exists()


def test_past_reports_are_compared_with_all_that_was_said(db):
    from triage import comparing

    policy = factories.policy()
    incident = factories.incident(at=now())
    assessment = factories.assessment(
        incident, at=now(), narrative=HIT, answers={"said": {"weapon": "he has a kitchen knife"}}
    )

    heard = thrive.assess(comparing._report(assessment), policies.rules(policy))

    assert "weapon_involved" in names(heard)
