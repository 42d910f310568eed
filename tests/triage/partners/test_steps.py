import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.http import QueryDict

from tests import factories
from tests.triage.partners.factories import HOUR, NOON
from triage.partners import cards, steps
from triage.partners.models import CardTick, StepTaken
from victimcontact.accounts.roles import Role
from victimcontact.audit.models import Entry

pytestmark = pytest.mark.django_db


@pytest.fixture
def handler(db):
    return factories.user(Role.CALL_HANDLER)


@pytest.fixture
def incident(db):
    return factories.incident(grade=3)


def take(incident, by, at=NOON, **fields):
    fields = {"card": "cuckooing", "step": "meet", "is_done": True, **fields}
    return steps.take(incident, **fields, by=by, at=at)


def test_step_is_kept_with_its_words_and_the_version(incident, handler):
    taken = take(incident, handler)

    words = cards.all_cards()["cuckooing"].step("meet").text
    assert (taken.words, taken.version) == (words, cards.version())
    assert (taken.is_done, taken.because, taken.by) == (True, "", handler)
    entry = Entry.objects.get(about_id=str(incident.pk), type="prompt.done")
    assert entry.detail == {
        "card": "cuckooing",
        "step": "meet",
        "kept": str(taken.pk),
        "title": "cuckooing",
    }


def test_step_not_done_needs_its_reason_which_the_ledger_does_not_hold(incident, handler):
    with pytest.raises(steps.BecauseMissing):
        take(incident, handler, is_done=False, because="  ")

    taken = take(incident, handler, is_done=False, because=" Her brother took the call ")

    assert taken.because == "Her brother took the call"
    assert "brother" not in str(Entry.objects.get(type="prompt.not_done").detail)


def test_latest_of_a_step_stands_and_none_is_lost(incident, handler):
    leader = factories.user(Role.TEAM_LEADER)
    take(incident, handler, is_done=False, because="He is there")
    last = take(incident, leader, at=NOON + HOUR)

    assert steps.standing(incident) == {("cuckooing", "meet"): last}
    assert StepTaken.objects.count() == 2


def test_step_said_again_in_the_same_words_writes_nothing(incident, handler):
    first = take(incident, handler)

    assert take(incident, handler, at=NOON + HOUR) == first
    assert StepTaken.objects.count() == 1


def test_step_or_card_that_is_not_there_is_refused(incident, handler):
    for wrong in ({"step": "unheard_of"}, {"card": "unheard_of"}):
        with pytest.raises(steps.UnknownCard):
            take(incident, handler, **wrong)
    with pytest.raises(steps.UnknownCard):
        steps.tick(incident, card="unheard_of", is_on=True, by=handler, at=NOON)


def test_card_is_asked_for_and_taken_away(incident, handler):
    def tick(is_on, hours):
        at = NOON + hours * HOUR
        return steps.tick(incident, card="missing", is_on=is_on, by=handler, at=at)

    said = [tick(True, 0), tick(True, 1), tick(False, 2), tick(False, 3)]

    assert said == [True, False, True, False]
    assert steps.ticked(incident) == set()
    assert [tick_.is_on for tick_ in CardTick.objects.order_by("at")] == [True, False]


def test_database_keeps_steps_as_they_were_and_asks_for_the_reason(incident, handler):
    take(incident, handler)
    row = {"incident": incident, "card": "cuckooing", "step": "meet", "words": "x", "version": "1"}

    with pytest.raises(DatabaseError), transaction.atomic():
        StepTaken.objects.update(is_done=False)
    with pytest.raises(IntegrityError), transaction.atomic():
        StepTaken.objects.create(**row, is_done=False, has_because=False, at=NOON, by=handler)


def test_typed_reads_cards_and_steps_and_nothing_else():
    data = QueryDict(
        "card-missing=on&card-unheard=on&step-cuckooing-meet=not&why-cuckooing-meet=He is there"
        "&step-cuckooing-inside=done&step-cuckooing-adult=&step-cuckooing-safe_way=maybe"
        "&step-unheard-meet=done"
    )

    found = steps.typed(data)

    assert found.cards == {"missing"}
    assert found.steps == {
        ("cuckooing", "inside"): (True, ""),
        ("cuckooing", "meet"): (False, "He is there"),
    }


def test_keep_leaves_out_what_has_no_reason_yet(incident, handler):
    typed = steps.Typed(
        frozenset({"missing"}),
        {("cuckooing", "meet"): (False, ""), ("cuckooing", "inside"): (True, "")},
    )

    steps.keep(incident, typed, by=handler, at=NOON)

    assert list(steps.standing(incident)) == [("cuckooing", "inside")]
    assert steps.ticked(incident) == {"missing"}
