"""A person, a plan with a word, and links to a door."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.utils.timezone import now

WORD = "Wrens in March"
NOON = datetime(2026, 6, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def force(db):
    from victimcontact.accounts.models import Force

    return Force.objects.create(slug="northmoor", name="Northmoor Police", reference_prefix="NM")


@pytest.fixture
def make_person(force):
    """make_person(name=…, word=…) gives a Contact whose plan in force has that opening word."""
    from victimcontact.people import words
    from victimcontact.people.models import Contact, ContactPlan

    def make(name="Edith Marlow", phone="+447700900123", word=WORD):
        contact = Contact.objects.create(force=force, name=name, phone=phone, created_at=NOON)
        plan = ContactPlan(
            contact=contact,
            safe=ContactPlan.Safe.AS_BELOW,
            channels={"sms": "safe"},
            help_word="umbrella stand",
            confirmed_at=NOON,
            expires_at=NOON + timedelta(days=365),
        )
        words.set_opening_word(plan, word)
        plan.save()
        return contact

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
def _fresh_counts(request):
    """Wrong words of one test must not shut the door to the next."""
    if "db" in request.fixturenames or "transactional_db" in request.fixturenames:
        cache.clear()


@pytest.fixture(autouse=True)
def _no_wait(monkeypatch, request):
    """Refusals need not take their time here: one test below asks that they do."""
    if "refusal_takes_as_long" not in request.node.name:
        from victimcontact.people import visits

        monkeypatch.setattr(visits, "REFUSAL_SECONDS", 0)
