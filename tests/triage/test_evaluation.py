"""The measures, on judgements small enough to count by hand."""

import json
from collections import Counter

import pytest

from triage import evaluation, thrive


def labelled(**changes):
    return {
        "id": "one",
        "channel": "999",
        "narrative": "he's outside with a knife",
        "structured": {},
        "grade": 1,
        "flags": ["weapon_involved", "offender_present"],
        "video_offer": False,
        "video_reasons": ["immediate_risk"],
    } | changes


def judged(**changes):
    return evaluation.judge([labelled(**changes)], thrive.default_policy())[0]


def test_a_right_answer_is_right():
    assert judged().right


def test_kappa_by_hand():
    # 4 reports: three right, one a grade out. Observed 1/4; by chance (2*1*... )/16 = 1.
    matrix = Counter({(1, 1): 1, (2, 2): 1, (3, 3): 1, (3, 4): 1})

    by_chance = (
        sum(
            abs(a - b) * r * g
            for a, r in {1: 1, 2: 1, 3: 2}.items()
            for b, g in {1: 1, 2: 1, 3: 1, 4: 1}.items()
        )
        / 16
    )

    assert evaluation.linear_kappa(matrix) == pytest.approx(1 - (1 / 4) / by_chance)


def test_too_low_a_grade_is_counted():
    j = judged(channel="101", narrative="a lovely quiet evening", grade=2, flags=[])

    assert j.under
    assert evaluation.figures([j]).under_grading == 1


def test_another_grade_that_is_as_good_is_no_miss():
    j = judged(grade=2, also_right=[1])

    assert not j.over


def test_a_needless_flag_costs_precision():
    measured = evaluation.figures([judged(flags=["weapon_involved"])])

    assert measured.recall == 1
    assert measured.precision == pytest.approx(1 / 2)


def test_a_dangerous_offer_is_one_whose_label_says_danger():
    ready = {
        "victim_age": 40,
        "offender_present": False,
        "offender_nearby": False,
        "safe_to_talk": True,
        "has_smartphone": True,
        "has_data": True,
    }
    narrative = "Somebody scratched my car on Monday, my neighbour has it on camera and kept it."
    about = {"channel": "101", "narrative": narrative, "structured": ready, "flags": [], "grade": 3}

    safe = judged(**about, video_offer=True, video_reasons=[])
    danger = judged(**about, video_offer=False, video_reasons=["not_safe_contact"])

    assert (safe.dangerous, danger.dangerous) == (False, True)


def test_the_halves_are_fixed_and_keep_paraphrases_together():
    first = evaluation.is_for_tuning({"id": "a"})

    assert evaluation.is_for_tuning({"id": "b", "like": "a"}) == first
    assert len({evaluation.is_for_tuning({"id": str(n)}) for n in range(20)}) == 2


def test_a_label_outside_the_vocabulary_is_refused():
    with pytest.raises(ValueError, match="line 2"):
        evaluation.read(json.dumps(labelled()) + "\n" + json.dumps(labelled(flags=["anger"])))
