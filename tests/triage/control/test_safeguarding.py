import pytest

from tests.factories import NOON
from triage.control import safeguarding
from victimcontact.audit.models import Entry


def decide(incident, by, **more):
    given = {
        "choice": "reduce",
        "risk": "He has a key",
        "what": "Landlord changes the lock today",
        "why": "She wants to stay at home",
    } | more
    return safeguarding.decide(incident, by=by, at=NOON, **given)


def test_decide_keeps_what_exactly_and_why(incident, handler):
    decision = decide(incident, handler)

    assert (decision.number, decision.choice, decision.decided_by) == (1, "reduce", handler)
    assert (decision.risk, decision.what) == ("He has a key", "Landlord changes the lock today")
    detail = Entry.objects.get(type="safeguarding.decided").detail
    assert detail == {"choice": "reduce", "number": 1, "instead_of": None}


@pytest.mark.parametrize("empty", ["risk", "what", "why"])
def test_decide_needs_all_three(incident, handler, empty):
    with pytest.raises(safeguarding.NotSaid):
        decide(incident, handler, **{empty: "  "})

    assert not incident.safeguarding.exists()


def test_decide_again_supersedes_and_keeps_both(incident, handler, leader):
    first = decide(incident, handler)

    second = decide(incident, leader, choice="remove", instead_of=first.pk)

    assert list(safeguarding.standing(incident)) == [second]
    assert list(incident.safeguarding.all()) == [first, second]
    assert (second.number, second.supersedes) == (2, first)


def test_decide_on_what_somebody_replaced_is_refused(incident, handler, leader):
    first = decide(incident, handler)
    second = decide(incident, leader, instead_of=first.pk)

    with pytest.raises(safeguarding.Overtaken) as refused:
        decide(incident, handler, instead_of=first.pk)

    assert refused.value.decision == second


def test_decisions_about_two_risks_stand_side_by_side(incident, handler):
    decide(incident, handler)
    decide(incident, handler, risk="Her brother drives past", choice="avoid")

    assert [one.choice for one in safeguarding.standing(incident)] == ["reduce", "avoid"]
