"""A person, a plan with a word, and links to a door."""

from datetime import timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.utils.timezone import now

from tests import factories

WORD = "Wrens in March"


@pytest.fixture
def make_person(db):
    """make_person(word=…) gives a Contact whose plan in force has that opening word."""

    def make(word=WORD, **fields):
        return factories.plan(factories.contact(**fields), word=word).contact

    return make


@pytest.fixture
def make_link(make_person):
    """make_link(purpose=…, contact=…, expires_in=…) gives a namespace of link, token, contact."""
    from victimcontact.people import links

    def make(purpose="appointment", contact=None, expires_in=timedelta(hours=72), about_id=None):
        contact = contact or make_person()
        at = now()
        link, token = links.issue(
            contact=contact,
            purpose=purpose,
            about_id=about_id or uuid4(),
            expires_at=at + expires_in,
            by=None,
            at=at - timedelta(seconds=1),
        )
        return SimpleNamespace(link=link, token=token, contact=contact)

    return make


@pytest.fixture(autouse=True)
def _own_counts(monkeypatch):
    """Wrong words of one test must not shut the door to another, in this worker or elsewhere."""
    from victimcontact.people import visits

    key, own = visits._throttle_key, uuid4()
    monkeypatch.setattr(visits, "_throttle_key", lambda address: f"{own}:{key(address)}")


@pytest.fixture(autouse=True)
def _no_wait(monkeypatch, request):
    """Refusals need not take their time here: one test below asks that they do."""
    if "refusal_takes_as_long" not in request.node.name:
        from victimcontact.people import visits

        monkeypatch.setattr(visits, "REFUSAL_SECONDS", 0)
