from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from tests import factories
from victimcontact.audit.models import Entry
from victimcontact.people import plans, words
from victimcontact.people.models import ContactPlan

pytestmark = pytest.mark.django_db
NOON = factories.NOON
SAFE = {"channels": {"sms": "safe"}}


@pytest.fixture
def handler(db):
    return factories.user("call_handler")


def set_plan(contact, by, at=NOON, **agreed):
    return plans.set_plan(contact, by=by, at=at, **{**SAFE, **agreed})


def test_a_new_plan_replaces_the_old_and_keeps_its_word(handler):
    contact = factories.contact()
    first = set_plan(contact, handler, opening_word="marmalade")

    second = set_plan(contact, handler, NOON + timedelta(days=1), cover_story="A survey")

    first.refresh_from_db()
    assert (first.replaced_at, contact.plan) == (NOON + timedelta(days=1), second)
    assert words.is_right("Marmalade", second.opening_word_hash)
    assert (second.cover_story, second.confirmed_by) == ("A survey", handler)
    assert second.expires_at == NOON + timedelta(days=31)


def test_the_two_words_must_differ_now_and_later(handler):
    contact = factories.contact()
    with pytest.raises(words.WordUnfit):
        set_plan(contact, handler, opening_word="marmalade", help_word="Marmalade!")
    assert contact.plan is None

    set_plan(contact, handler, opening_word="marmalade", help_word="cushion")
    with pytest.raises(words.WordUnfit):
        set_plan(contact, handler, help_word="MARMALADE")
    assert contact.plan.help_word == "cushion"


def test_hours_that_cannot_be_read_are_refused_while_somebody_is_there(handler):
    contact = factories.contact()

    with pytest.raises(ValueError, match="hours are written"):
        set_plan(contact, handler, windows=[{"days": [0], "from": "soon", "to": "later"}])

    assert contact.plan is None


def test_new_number_is_kept_and_the_ledger_does_not_tell_it(handler):
    contact = factories.contact(phone="+447700900111")

    set_plan(contact, handler, phone="+447700900222")

    contact.refresh_from_db()
    assert contact.phone == "+447700900222"
    detail = Entry.objects.get(type="contact.plan_set").detail
    assert (detail["phone_changed"], detail["word_set"]) == (True, False)
    assert "900222" not in str(detail)


def test_database_itself_refuses_two_plans_in_force():
    contact = factories.contact()
    factories.plan(contact)

    with pytest.raises(IntegrityError, match="one_contact_plan_in_force"), transaction.atomic():
        factories.plan(contact)

    assert ContactPlan.objects.count() == 1
