"""The cards and kinds that ship: whole, known to the engine, each time with an end."""

from datetime import UTC, datetime

import pytest

from triage import thrive
from triage.partners import agencies, cards
from triage.partners.models import AgencyKind, StepTaken
from triage.partners.repeats import RULES

CARDS = list(cards.all_cards().values())
# Everything that the sheet on hidden demand names and somebody must be told what to do about.
HIDDEN_DEMAND = {
    "modern_slavery",
    "county_lines",
    "cuckooing",
    "honour",
    "child_exploitation",
    "adult_at_risk",
    "repeat_caller",
    "missing",
    "child_at_home",
}


def test_every_hidden_demand_has_a_card():
    assert set(cards.all_cards()) == HIDDEN_DEMAND


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.key)
def test_card_says_what_to_do_and_what_never_to_do(card):
    assert set(card.flags) <= set(thrive.FLAGS)
    assert card.flags
    assert set(card.refer_to) <= set(agencies.kinds())
    assert card.refer_to
    assert card.never
    assert all(words.startswith("Never ") for words in card.never)
    assert len({step.key for step in card.steps}) == len(card.steps) >= 4
    longest = StepTaken._meta.get_field("words").max_length
    assert max(len(step.text) for step in card.steps) <= longest


def test_kinds_of_the_file_are_those_of_the_table():
    assert [(kind.key, kind.label) for kind in agencies.kinds().values()] == AgencyKind.choices


@pytest.mark.parametrize("kind", agencies.kinds().values(), ids=lambda kind: kind.key)
def test_kind_owes_an_answer_in_time_and_may_protect_a_child_without_consent(kind):
    friday = datetime(2026, 5, 22, 17, 0, tzinfo=UTC)  # before a bank holiday

    assert friday < kind.acknowledge.after(friday)
    assert friday < kind.answer.after(friday)
    assert kind.chase_again_hours > 0
    assert "child" in kind.without_consent
    assert set(kind.without_consent) <= set(agencies.reasons())


def test_working_days_end_with_the_last_of_them_and_hours_run_through_the_night():
    friday = datetime(2026, 5, 22, 17, 0, tzinfo=UTC)

    day, hours = agencies.Within(working_days=1), agencies.Within(hours=4)

    # Monday 25 May is a bank holiday; 22:59:59 UTC is the end of Tuesday in London.
    assert day.after(friday) == datetime(2026, 5, 26, 22, 59, 59, tzinfo=UTC)
    assert hours.after(friday) == datetime(2026, 5, 22, 21, 0, tzinfo=UTC)
    assert (str(day), str(hours)) == ("1 working day", "4 hours")


def test_cards_are_shown_by_flags_by_repeats_and_by_hand():
    shown = cards.shown(flags=["cuckooing"], is_repeat=True, ticked=["missing", "unheard_of"])

    assert shown == {
        "cuckooing": cards.Reason(by_flags=True),
        "repeat_caller": cards.Reason(by_repeats=True),
        "missing": cards.Reason(by_hand=True),
    }
    assert cards.shown(flags=["fraud"]) == {}


def test_thresholds_of_repeats():
    assert [(rule.days, rule.contacts, rule.domestic_only) for rule in RULES] == [
        (7, 3, False),
        (30, 5, False),
        (365, 3, True),
    ]
