"""Incidents with which the control room is tried."""

import pytest

from messaging import outbox
from tests import factories
from tests.factories import NOON
from tests.triage.conftest import AT_THE_DOOR, SAFE, YESTERDAY, decision, handler, known, leader
from triage import assessing, intake

__all__ = ["AT_THE_DOOR", "SAFE", "YESTERDAY", "handler", "leader"]


@pytest.fixture(autouse=True)
def nobody_rings(monkeypatch):
    monkeypatch.setattr(outbox, "wake", lambda: None)


@pytest.fixture
def incident(handler):
    """A report at grade 3 with video on offer, by ``handler``, reported at NOON."""
    report = intake.NewReport(
        channel="101",
        narrative=YESTERDAY,
        caller=intake.Person(name="Vera Sample", phone="+447700900123"),
        location="12 Mill Lane",
        safety_note="Dog in the yard",
        answers=dict(SAFE),
    )
    return intake.record(report, force=factories.force(), decision=decision(3), by=handler, at=NOON)


def assess(incident, grade, *, by, at, narrative=YESTERDAY, answers=SAFE, reason="It changed"):
    """One more assessment of ``incident`` at ``grade``."""
    found = assessing.assess(
        incident,
        known=known(narrative, answers),
        decision=decision(grade, reason=reason),
        by=by,
        at=at,
    )
    incident.refresh_from_db()
    return found
