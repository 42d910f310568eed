"""What is typed, saved as typed, whatever state it is in: a report, or a fresh assessment.

``of`` is the Incident that is assessed again, None for a new report.
"""

from django.db import transaction

from triage.models import AssessmentDraft, ReportDraft
from victimcontact.audit import ledger


class Behind(Exception):
    """Another tab saved this draft since; ``draft`` is how it stands there."""

    def __init__(self, draft):
        self.draft = draft
        super().__init__("This draft was changed in another tab.")


class AlreadyRecorded(Exception):
    """The draft has become an incident (``draft.incident``) or an assessment of one."""

    def __init__(self, draft):
        self.draft = draft
        super().__init__("This draft was recorded already.")


class NotYours(Exception):
    """A draft of that key belongs to another handler, or to another incident."""


@transaction.atomic
def save(draft_id, *, form: dict, version: int, by, at, of=None, after=0):
    """Keep what was typed. ``version`` is the one that this tab last saw, 0 before the first.

    The first save makes the row, under the key that the page chose; ``after`` is then the number
    of the assessment that was read before. What is already kept is not saved again, so a repeated
    save succeeds whatever its version, even after recording. Returns the ReportDraft or
    AssessmentDraft. Raises Behind, AlreadyRecorded (both: nothing was changed) and NotYours.
    """
    # Looked for first: only the first of many saves makes the row.
    if not (draft := _locked(draft_id, by, of)):
        defaults = {"handler": by, "form": form, "started_at": at, "saved_at": at}
        if of is not None:
            defaults |= {"of": of, "after": after}
        made, new = _kind(of).objects.get_or_create(pk=draft_id, defaults=defaults)
        if new:
            return made
        draft = _locked(draft_id, by, of)
    if draft.form == form:
        return draft
    if draft.is_recorded:
        raise AlreadyRecorded(draft)
    if draft.version != version:
        raise Behind(draft)
    return _write(draft, form, at)


@transaction.atomic
def take_over(draft_id, *, form: dict, by, at, of=None, after=0):
    """Go on with what *this* tab holds. What the other tab saved becomes a draft of its own.

    Where the other tab threw it away, this one's is made again. Raises AlreadyRecorded and
    NotYours.
    """
    draft = _locked(draft_id, by, of)
    if draft is None:
        return save(draft_id, form=form, version=0, by=by, at=at, of=of, after=after)
    if draft.is_recorded:
        raise AlreadyRecorded(draft)
    if draft.form == form:
        return draft
    apart = {"handler": by, "form": draft.form}
    apart |= {"started_at": draft.started_at, "saved_at": draft.saved_at}
    if of is not None:
        apart |= {"of": of, "after": draft.after}
    _kind(of).objects.create(**apart)
    return _write(draft, form, at)


@transaction.atomic
def discard(draft_id, *, by, at, of=None) -> None:
    """Throw a draft away: its words are gone, the ledger keeps that it was and who did it.

    Raises AlreadyRecorded and NotYours. A draft that is gone already is no error.
    """
    draft = _locked(draft_id, by, of)
    if draft is None:
        return
    if draft.is_recorded:
        raise AlreadyRecorded(draft)
    ledger.record("draft.discarded", by=by, about=draft, at=at)
    draft.delete()


def became(draft_id, assessment, *, by) -> None:
    """The draft of a fresh assessment is kept: within the transaction that keeps it.

    Raises AlreadyRecorded where the same draft was kept meanwhile, and NotYours.
    """
    draft = _locked(draft_id, by, assessment.incident)
    if draft is None:
        return
    if draft.is_recorded:
        raise AlreadyRecorded(draft)
    draft.assessment = assessment
    draft.save(update_fields=["assessment"])


def _kind(of):
    return ReportDraft if of is None else AssessmentDraft


def _locked(draft_id, by, of):
    kind = _kind(of)
    # As SQL: each pause in typing asks for it, and Django takes longer to put it together.
    locked = f"select * from {kind._meta.db_table} where id = %s for update"  # noqa: S608 a table
    draft = next(iter(kind.objects.raw(locked, [draft_id])), None)
    if draft and (draft.handler_id != by.pk or (of is not None and draft.of_id != of.pk)):
        raise NotYours
    return draft


def _write(draft, form, at):
    draft.form, draft.saved_at = form, at
    draft.version += 1
    draft.save(update_fields=["form", "saved_at", "version"])
    return draft
