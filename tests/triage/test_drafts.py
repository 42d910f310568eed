import uuid
from datetime import timedelta

import pytest

from tests import factories
from triage import drafts, selectors
from triage.models import ReportDraft
from victimcontact.audit.models import Entry

pytestmark = pytest.mark.django_db
NOON = factories.NOON
LATER = NOON + timedelta(minutes=1)


def save(by, key, words, version, at=LATER):
    return drafts.save(key, form={"narrative": [words]}, version=version, by=by, at=at)


def test_first_save_makes_the_row_and_later_ones_change_it(handler):
    key = uuid.uuid4()

    first = save(handler, key, "He", 0, NOON)
    second = save(handler, key, "He hit", first.version)

    assert (first.version, second.version) == (1, 2)
    kept = ReportDraft.objects.get()
    assert (kept.pk, kept.form, kept.handler) == (key, {"narrative": ["He hit"]}, handler)
    assert (kept.started_at, kept.saved_at) == (NOON, LATER)


def test_a_tab_that_is_behind_is_told_and_changes_nothing(handler):
    key = uuid.uuid4()
    seen = save(handler, key, "He", 0).version
    save(handler, key, "He hit me", seen)

    with pytest.raises(drafts.Behind) as behind:
        save(handler, key, "He ran", seen)

    assert behind.value.draft.form == {"narrative": ["He hit me"]}
    assert ReportDraft.objects.get().form == {"narrative": ["He hit me"]}


def test_the_same_words_are_no_conflict(handler):
    key = uuid.uuid4()
    save(handler, key, "He hit me", 0)

    assert save(handler, key, "He hit me", 0).version == 1


def test_take_over_keeps_the_words_of_both_tabs(handler):
    key = uuid.uuid4()
    save(handler, key, "in the one tab", 0)

    kept = drafts.take_over(key, form={"narrative": ["in the other"]}, by=handler, at=LATER)

    assert kept.form == {"narrative": ["in the other"]}
    found = [draft.form["narrative"] for draft in selectors.drafts_for(handler)]
    assert sorted(found) == [["in the one tab"], ["in the other"]]


def test_take_over_of_a_draft_that_was_thrown_away_keeps_the_words(handler):
    draft = save(handler, uuid.uuid4(), "He hit me", 0)
    drafts.discard(draft.pk, by=handler, at=NOON)

    taken = drafts.take_over(draft.pk, form={"narrative": ["He hit me"]}, by=handler, at=NOON)

    assert (taken.pk, taken.form) == (draft.pk, {"narrative": ["He hit me"]})


def test_recorded_draft_takes_no_more_words(handler):
    incident = factories.incident()
    draft = save(handler, uuid.uuid4(), "He hit me", 0)
    draft.incident = incident
    draft.save()

    assert save(handler, draft.pk, "He hit me", 1).incident == incident
    for change in (
        lambda: save(handler, draft.pk, "He hit me twice", 1),
        lambda: drafts.take_over(draft.pk, form={}, by=handler, at=LATER),
        lambda: drafts.discard(draft.pk, by=handler, at=LATER),
    ):
        with pytest.raises(drafts.AlreadyRecorded):
            change()
    assert not selectors.drafts_for(handler).exists()


def test_another_handlers_draft_is_shut(handler):
    key = uuid.uuid4()
    save(handler, key, "secret", 0)
    other = factories.user("call_handler")

    for attempt in (
        lambda: save(other, key, "mine now", 1),
        lambda: drafts.take_over(key, form={}, by=other, at=LATER),
        lambda: drafts.discard(key, by=other, at=LATER),
    ):
        with pytest.raises(drafts.NotYours):
            attempt()
    assert ReportDraft.objects.get().form == {"narrative": ["secret"]}


def test_discard_leaves_an_entry_and_no_words(handler):
    draft = save(handler, uuid.uuid4(), "wrong number", 0)

    drafts.discard(draft.pk, by=handler, at=LATER)
    drafts.discard(draft.pk, by=handler, at=LATER)

    assert not ReportDraft.objects.exists()
    entry = Entry.objects.get(type="draft.discarded")
    assert (entry.about_id, entry.detail) == (str(draft.pk), {})
