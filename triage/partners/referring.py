"""Refer an incident to a partner agency and follow it until there is an answer.

Nothing is sent from here: a person tells the agency, by telephone, in its portal, by e-mail or in
person, and records that they did.
"""

from datetime import timedelta

from django.db import transaction

from messaging import staff_tasks
from messaging.models import StaffTask
from triage.models import Incident
from triage.partners import agencies
from triage.partners.models import Referral, ReferralMove
from victimcontact.audit import ledger

Status = Referral.Status


class UnknownAgency(ValueError):
    """The agency is of another force, or is not in use any more."""


class GroundMissing(ValueError):
    """The person did not agree, and no reason to share without that was given."""


class GroundNotAccepted(ValueError):
    """The reason is not one for which this kind of agency may be told without consent."""


class AlreadyReferred(Exception):
    """The incident waits for this agency's answer already: ``referral``."""

    def __init__(self, referral):
        self.referral = referral
        super().__init__("This incident is with that agency already.")


class Overtaken(Exception):
    """Somebody else moved the referral on meanwhile; ``referral`` says to where."""

    def __init__(self, referral):
        self.referral = referral
        super().__init__(f"This referral is {referral.get_status_display().lower()} by now.")


class MayNotMove(ValueError):
    """The table of transitions does not lead there."""


class NoteMissing(ValueError):
    """An answer, a refusal, a withdrawal or a chase was recorded without saying what it was."""


@transaction.atomic
def make(
    incident,
    *,
    agency,
    asked: str,
    way: str,
    consent: str,
    ground: str = "",
    told_about_consent: str = "",
    card: str = "",
    key,
    by,
    at,
) -> Referral:
    """Record that ``agency`` was told of ``incident`` and asked to act.

    ``key`` is a UUID of the form: sent twice, it makes one referral and gives the same one back.
    ``ground`` is a name of ``agencies.reasons`` and needed unless ``consent`` is "given". The
    receipt is due by the agency's kind. Raises UnknownAgency, GroundMissing, GroundNotAccepted,
    AlreadyReferred, and NoteMissing when nothing is asked.
    """
    # The incident's row is the lock: two handlers who refer it to one agency meet here.
    incident = Incident.objects.select_for_update(of=("self",)).get(pk=incident.pk)
    if found := Referral.objects.filter(incident=incident, key=key).first():
        return found
    if agency.force_id != incident.force_id or not agency.is_active:
        raise UnknownAgency
    if found := incident.referrals.filter(agency=agency, settled_at=None).first():
        raise AlreadyReferred(found)
    kind = agencies.kinds()[agency.kind]
    ground = "" if consent == Referral.Consent.GIVEN else ground
    if consent != Referral.Consent.GIVEN:
        if not ground:
            raise GroundMissing
        if ground not in kind.without_consent:
            raise GroundNotAccepted
    if not asked.strip():
        raise NoteMissing
    due_at = kind.acknowledge.after(at)
    referral = Referral.objects.create(
        force_id=incident.force_id,
        incident=incident,
        agency=agency,
        card=card,
        way=way,
        asked=asked.strip(),
        consent=consent,
        ground=ground,
        told_about_consent=told_about_consent.strip(),
        made_at=at,
        made_by=by,
        due_at=due_at,
        chase_at=due_at,
        key=key,
    )
    _move(referral, "", Status.MADE, "", by, at)
    ledger.record(
        "referral.made",
        by=by,
        about=referral,
        at=at,
        agency=kind.label,
        way=str(way),
        consent=str(consent),
        ground=ground,
        card=card,
    )
    return referral


@transaction.atomic
def move(referral_id, *, to: str, note: str = "", seen: str, by, at) -> Referral:
    """Record that the agency received, answered or declined a referral, or that we withdrew it.

    ``seen`` is the status that the person had before their eyes. An answer to what was never
    confirmed confirms it by itself: both are recorded. Raises Overtaken, MayNotMove, NoteMissing
    (all but a receipt need a note).
    """
    referral = _locked(referral_id, seen)
    kind = agencies.kinds()[referral.agency.kind]
    if to == Status.ANSWERED and referral.status == Status.MADE:
        to_pass = [Status.RECEIVED, Status.ANSWERED]
    else:
        to_pass = [to]
    for status in to_pass:
        if status not in Referral.TRANSITIONS[referral.status]:
            raise MayNotMove
        said = note if status == to else ""
        if status != Status.RECEIVED and not said.strip():
            raise NoteMissing
        before, referral.status = referral.status, status
        if status == Status.RECEIVED:
            referral.received_at = at
            referral.due_at = referral.chase_at = kind.answer.after(at)
        else:
            referral.settled_at, referral.due_at, referral.chase_at = at, None, None
        _move(referral, before, status, said, by, at)
        ledger.record(f"referral.{status}", by=by, about=referral, at=at, agency=kind.label)
    referral.save(update_fields=["status", "received_at", "settled_at", "due_at", "chase_at"])
    _finish_tasks(referral, f"The referral is {referral.get_status_display().lower()}.", by, at)
    return referral


@transaction.atomic
def chase(referral_id, *, note: str, seen: str, by, at) -> Referral:
    """Record that the agency was asked again, and what it said. It stays due as it was.

    Somebody is asked to chase again after the time of its kind. Raises Overtaken, MayNotMove when
    it is settled, NoteMissing.
    """
    referral = _locked(referral_id, seen)
    if not referral.is_open:
        raise MayNotMove
    if not note.strip():
        raise NoteMissing
    kind = agencies.kinds()[referral.agency.kind]
    again_at = at + timedelta(hours=kind.chase_again_hours)
    # Chased before it is late: the first task still comes when it falls due.
    referral.chase_at = max(again_at, referral.due_at)
    referral.save(update_fields=["chase_at"])
    _move(referral, referral.status, referral.status, note, by, at)
    ledger.record("referral.chased", by=by, about=referral, at=at, agency=kind.label)
    _finish_tasks(referral, "The agency was asked again.", by, at)
    return referral


@transaction.atomic
def raise_next_late(at) -> bool:
    """Ask somebody to chase the referral that waits longest past its time; False if none does.

    One task is open for a referral at most. Safe beside any number of workers.
    """
    referral = (
        Referral.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(settled_at=None, chase_at__lt=at)
        .select_related("agency", "incident", "force")
        .order_by("chase_at", "id")
        .first()
    )
    if referral is None:
        return False
    kind = agencies.kinds()[referral.agency.kind]
    referral.chase_at = at + timedelta(hours=kind.chase_again_hours)
    referral.save(update_fields=["chase_at"])
    if not _open_tasks(referral).exists():
        awaited = "receipt" if referral.status == Status.MADE else "answer"
        staff_tasks.raise_task(
            StaffTask.Kind.REFERRAL_LATE,
            force=referral.force,
            about=referral,
            reason=f"{referral.incident.reference}: no {awaited} in time from {referral.agency}",
            at=at,
        )
        ledger.record("referral.late", about=referral, at=at, agency=kind.label)
    return True


def _locked(referral_id, seen):
    referral = (
        Referral.objects.select_for_update(of=("self",))
        .select_related("agency")
        .get(pk=referral_id)
    )
    if referral.status != seen:
        raise Overtaken(referral)
    return referral


def _move(referral, before, after, note, by, at):
    last = referral.moves.order_by("-number").values_list("number", flat=True).first() or 0
    ReferralMove.objects.create(
        referral=referral,
        number=last + 1,
        before=before,
        after=after,
        note=note.strip(),
        has_note=bool(note.strip()),
        at=at,
        by=by,
    )


def _open_tasks(referral):
    return StaffTask.objects.filter(
        kind=StaffTask.Kind.REFERRAL_LATE,
        about_type=referral._meta.label_lower,
        about_id=referral.pk,
        done_at=None,
    )


def _finish_tasks(referral, note, by, at):
    """What was to be chased is chased: its task is done, unless another person holds it."""
    for pk in _open_tasks(referral).values_list("pk", flat=True):
        try:
            with transaction.atomic():
                staff_tasks.done(pk, note=note, by=by, at=at)
        except (staff_tasks.AlreadyTaken, staff_tasks.AlreadyDone):
            continue
