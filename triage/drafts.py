"""A report while it is typed: saved as typed, whatever state it is in."""

from django.db import transaction

from triage.models import ReportDraft
from victimcontact.audit import ledger


class Behind(Exception):
    """Another tab saved this draft since; ``draft`` is how it stands there."""

    def __init__(self, draft):
        self.draft = draft
        super().__init__("This draft was changed in another tab.")


class AlreadyRecorded(Exception):
    """The draft has become an incident; ``draft.incident`` is it."""

    def __init__(self, draft):
        self.draft = draft
        super().__init__("This draft was recorded already.")


class NotYours(Exception):
    """A draft of that key belongs to another handler."""


@transaction.atomic
def save(draft_id, *, form: dict, version: int, by, at) -> ReportDraft:
    """Keep what was typed. ``version`` is the one that this tab last saw, 0 before the first.

    The first save makes the row, under the key that the page chose. What is already kept is not
    saved again, so a repeated save succeeds whatever its version, even after recording.
    Raises Behind, AlreadyRecorded (both: nothing was changed) and NotYours.
    """
    # Looked for first: only the first of a report's many saves makes the row.
    if not (draft := _locked(draft_id, by)):
        made, new = ReportDraft.objects.get_or_create(
            pk=draft_id,
            defaults={"handler": by, "form": form, "started_at": at, "saved_at": at},
        )
        if new:
            return made
        draft = _locked(draft_id, by)
    if draft.form == form:
        return draft
    if draft.incident_id:
        raise AlreadyRecorded(draft)
    if draft.version != version:
        raise Behind(draft)
    return _write(draft, form, at)


@transaction.atomic
def take_over(draft_id, *, form: dict, by, at) -> ReportDraft:
    """Go on with what *this* tab holds. What the other tab saved becomes a draft of its own.

    Where the other tab threw it away, this one's is made again. Raises AlreadyRecorded and
    NotYours.
    """
    draft = _locked(draft_id, by)
    if draft is None:
        return save(draft_id, form=form, version=0, by=by, at=at)
    if draft.incident_id:
        raise AlreadyRecorded(draft)
    if draft.form == form:
        return draft
    ReportDraft.objects.create(
        handler=by, form=draft.form, started_at=draft.started_at, saved_at=draft.saved_at
    )
    return _write(draft, form, at)


@transaction.atomic
def discard(draft_id, *, by, at) -> None:
    """Throw a draft away: its words are gone, the ledger keeps that it was and who did it.

    Raises AlreadyRecorded and NotYours. A draft that is gone already is no error.
    """
    draft = _locked(draft_id, by)
    if draft is None:
        return
    if draft.incident_id:
        raise AlreadyRecorded(draft)
    ledger.record("draft.discarded", by=by, about=draft, at=at)
    draft.delete()


def _locked(draft_id, by):
    draft = ReportDraft.objects.select_for_update().filter(pk=draft_id).first()
    if draft and draft.handler_id != by.pk:
        raise NotYours
    return draft


def _write(draft, form, at):
    draft.form, draft.saved_at = form, at
    draft.version += 1
    draft.save(update_fields=["form", "saved_at", "version"])
    return draft
