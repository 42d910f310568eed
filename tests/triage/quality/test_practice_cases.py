"""The synthetic callers: whole, invented, and answered as their exemplar says."""

import re

import pytest

from triage import thrive
from triage.quality.practice import attempts, cases, scoring

CASES = list(cases.everybody().values())
QUESTIONS = attempts.questions(thrive.default_policy())


@pytest.fixture(params=CASES, ids=lambda case: case.key)
def case(request):
    return request.param


def points(case, *, best=None, **changes):
    """The points of who does as the exemplar does, but for ``changes`` to what they leave.

    The engine is taken to hear all that the exemplar names: see ``test_engine_...`` for the real.
    """
    return sum(part.points for part in parts(case, best=best, **changes))


def parts(case, *, best=None, **changes):
    right = case.exemplar
    fields = {
        "grade": right.grade,
        "flags": right.flags,
        "dismissed": frozenset(),
        "video": right.video,
        "asked": right.must_ask,
        "rationales": dict.fromkeys(right.elements, "Heard and written down"),
    }
    best = best or scoring.Best(right.flags, right.video)
    return scoring.score(case, scoring.Tried(**fields | changes), best, QUESTIONS)


def engine(case):
    narrative, answers = case.told
    report = thrive.Report(case.channel, narrative, answers, case.history)
    return thrive.assess(report, thrive.default_policy())


def test_there_are_enough_of_every_grade():
    assert len(CASES) >= 15
    assert {case.exemplar.grade for case in CASES} == {1, 2, 3, 4}
    assert {case.channel for case in CASES} == {"999", "101"}
    assert {case.exemplar.video for case in CASES} == {True, False}


def test_who_does_as_the_exemplar_does_gets_every_point(case):
    assert points(case) == 100


def test_engine_never_leads_to_less_than_the_exemplar(case):
    assert engine(case).grade <= max(case.exemplar.grades)


def test_engine_agrees_with_nearly_all():
    agreed = [case for case in CASES if engine(case).grade in case.exemplar.grades]

    assert len(agreed) >= len(CASES) - 3


def test_nobody_pays_for_what_the_engine_does_not_hear():
    case = cases.everybody()["knife_at_the_door"]
    right = case.exemplar.flags
    deaf = scoring.Best(right - {"weapon_involved"}, True)

    assert points(case, best=deaf, flags=right - {"weapon_involved"}, video=True) == 100
    part = parts(case, best=deaf, flags=right - {"weapon_involved"})[1]
    assert part.says == "Not heard from the words, and yours to know: Weapon."


def test_exemplar_can_be_carried_out(case):
    right = case.exemplar
    assert set(right.must_ask) <= set(QUESTIONS)
    assert set(right.must_ask) <= set(case.answers), "what must be asked is answered"
    assert set(case.answers) <= set(QUESTIONS)
    assert right.flags | right.optional_flags <= set(thrive.FLAGS)
    assert set(right.elements) <= set(thrive.ELEMENTS)
    assert not right.flags & right.optional_flags
    assert right.why
    assert case.lines


def test_nobody_can_be_rung(case):
    said = " ".join([*case.lines, *case.answers.values()])

    assert not re.search(r"\d{5}|@", said)


@pytest.mark.parametrize(
    "case", [c for c in CASES if max(c.exemplar.grades) < 4], ids=lambda case: case.key
)
def test_a_grade_too_low_costs_all_of_its_points(case):
    assert points(case, grade=max(case.exemplar.grades) + 1) == 60


def test_a_grade_too_high_costs_less_than_one_too_low():
    case = cases.everybody()["outside_the_post_office"]

    assert [points(case, grade=grade) for grade in (3, 2, 1, 4)] == [100, 85, 70, 60]


def test_flags_that_are_missing_and_needless():
    case = cases.everybody()["knife_at_the_door"]
    right = case.exemplar.flags

    assert points(case, flags=right) == 100
    assert points(case, flags=right - {"weapon_involved"}) == 96
    assert points(case, flags=frozenset()) == 80
    assert points(case, flags=right | {"fraud"}) == 98


def test_dismissed_flag_is_said_to_be_dismissed():
    case = cases.everybody()["knife_at_the_door"]
    flags = case.exemplar.flags - {"weapon_involved"}

    part = parts(case, flags=flags, dismissed=frozenset({"weapon_involved"}))[1]

    assert part.says == "“Weapon” is missing: you dismissed it."


def test_questions_not_asked():
    case = cases.everybody()["against_the_wall"]

    assert points(case, asked=()) == 80
    assert points(case, asked=case.exemplar.must_ask[:2]) == 90
    part = parts(case, asked=case.exemplar.must_ask[:3])[2]
    assert part.says == "Not asked: “Is anybody under 18 there or living there?”"


def test_video_and_own_words():
    case = cases.everybody()["outside_the_post_office"]

    assert points(case, video=False) == 90
    assert points(case, rationales={"harm": "no"}) == 90
    assert points(case, rationales={"harm": "A bruise, looked at"}) == 95
