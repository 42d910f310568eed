"""Incidents with which the control room is tried."""

import pytest

from messaging import outbox
from tests import factories
from tests.factories import NOON
from tests.triage.conftest import AT_THE_DOOR, SAFE, YESTERDAY, decision, handler, known, leader
from triage import assessing

__all__ = ["AT_THE_DOOR", "SAFE", "YESTERDAY", "handler", "leader"]


@pytest.fixture(autouse=True)
def nobody_rings(monkeypatch):
    monkeypatch.setattr(outbox, "wake", lambda: None)


@pytest.fixture
def incident(handler):
    """A report at grade 3 with video on offer, reported at NOON. Written past the engine."""
    victim = factories.contact(name="Vera Sample", phone="+447700900123")
    return factories.incident(
        victim=victim,
        grade=3,
        at=NOON,
        narrative=YESTERDAY,
        location="12 Mill Lane",
        safety_note="Dog in the yard",
        handler=handler,
    )


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
