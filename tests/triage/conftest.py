"""The people and words that triage is tried with."""

import pytest

from tests import factories
from triage.assessing import Decision, Known
from victimcontact.accounts.roles import Role

# Grade 1 by the shipped policy, and grade 3 with video once the answers are given.
AT_THE_DOOR = "My ex is outside my house with a knife. He says he will kill me."
YESTERDAY = "A man I do not know hit me outside the shop yesterday. He ran off."
SAFE = {
    "victim_age": 84,
    "safe_to_talk": True,
    "offender_present": False,
    "offender_nearby": False,
    "weapon": False,
    "children_present": False,
    "injuries": "minor",
    "has_smartphone": True,
    "has_data": True,
    "wants_attendance": False,
}


@pytest.fixture
def handler(db):
    return factories.user(Role.CALL_HANDLER)


@pytest.fixture
def leader(db):
    return factories.user(Role.TEAM_LEADER)


def known(narrative=YESTERDAY, answers=SAFE, channel="101", history=None):
    return Known(channel, narrative, dict(answers), history)


def decision(grade=3, reason="", **rationales):
    return Decision(grade, reason, rationales)
