"""Cases: opened when a crime is recorded, looked after by one officer, told to the victim."""

from datetime import date

from django.db import transaction
from django.utils import translation

from messaging import staff_tasks
from messaging.models import StaffTask
from portal import entitlements, invitations, rights, words
from portal.models import Case, CaseEvent
from triage import recording
from triage.models import Crime
from victimcontact.audit import ledger
from victimcontact.lib import working_days
from victimcontact.lib.local_time import local

# Events that a person, by voice, tells the victim about: each is a proof that they were told.
TOLD_HOW = {
    "phone": "By phone",
    "in_person": "In person",
    "letter": "By letter",
    "email": "By e-mail",
    "referred": "Referred to a support service",
    "declined": "Offered, and the victim said no",
}


class NoVictimContact(Exception):
    """Nobody is recorded whom the case could belong to. Add the victim to the incident first."""


class SpeakFirst(Exception):
    """News of this kind is spoken before it is shown: ring the victim, then publish."""


class NothingToSay(ValueError):
    """An update with neither words, note, status, event nor date."""


class DateMissing(ValueError):
    """A case that is not closed always has a day by which the victim hears again."""


class NotTheirCase(ValueError):
    """That officer does not serve this force, or does not look after cases."""


@transaction.atomic
def open_case(*, crime, by, at) -> Case:
    """Open the case of a recorded crime, whatever the response was. Asked twice, opens one.

    Writes its first event, starts the clocks that a report starts (from when it was reported) and
    the ledger. Sends nothing: inviting is another act. Raises NoVictimContact.
    """
    # Lock before looking: two screens can record and open together.
    crime = (
        Crime.objects.select_for_update(of=("self",))
        .select_related("incident", "force")
        .get(pk=crime.pk)
    )
    existing = Case.objects.filter(crime=crime).first()
    if existing:
        return existing
    incident = crime.incident
    contact = incident.victim
    if contact is None:
        raise NoVictimContact
    assessment = incident.current_assessment
    marks = rights.marks(assessment.flags if assessment else (), crime.crime_type)
    code = rights.current()
    case = Case.objects.create(
        force=crime.force,
        crime=crime,
        contact=contact,
        officer_in_charge_id=crime.officer_in_charge_id,
        # Unknown counts as enhanced: the shorter limit is the safe mistake.
        is_enhanced=True,
        enhanced_reason=rights.enhanced_reason(marks) or rights.NOT_YET_ASSESSED,
        next_update_on=working_days.add(local(at).date(), code.first_update_days),
        opened_at=at,
    )
    with translation.override(contact.language):
        said = str(words.RECORDED) % {"reference": crime.reference}
    event = CaseEvent.objects.create(
        case=case,
        type="recorded",
        status=case.status,
        words=said,
        is_visible=True,
        happened_at=crime.recorded_at,
        recorded_at=at,
        recorded_by=by,
    )
    for entitlement in entitlements.start(
        case, "reported", happened_at=incident.reported_at, by=by, at=at
    ):
        if entitlement.right == entitlements.RECORDED:
            entitlements.meet(entitlement, proof=event, by=by, at=at, met_at=crime.recorded_at)
    ledger.record("case.opened", by=by, about=case, at=at, crime=crime.pk)
    return case


@transaction.atomic
def open_or_ask(*, crime, by, at) -> Case | None:
    """Open the case; where no victim is recorded raise a task and answer None.

    Recording a crime must not fail because nobody knows yet who the victim is.
    """
    try:
        return open_case(crime=crime, by=by, at=at)
    except NoVictimContact:
        ledger.record("case.not_opened", by=by, about=crime, at=at)
        staff_tasks.raise_task(
            StaffTask.Kind.CALL_BACK,
            force=crime.force,
            about=crime.incident,
            reason="A crime is recorded without a victim. Add them, then open the case.",
            at=at,
        )
        return None


@transaction.atomic
def publish(
    case,
    *,
    key,
    said="",
    internal_note="",
    status="",
    happened="",
    happened_at=None,
    spoken_at=None,
    next_update_on: date | None = None,
    by,
    at,
) -> CaseEvent:
    """Record what happened in a case and, where ``said`` is given, show those words to the victim.

    ``key`` is the event's own UUID, made by the form: sent twice, it is published once. ``status``
    is the new Case.Status or empty. ``happened`` is a trigger of the Victims' Code (or empty) and
    ``happened_at`` when: it starts the clocks. ``spoken_at`` is when a person told the victim, if
    one did: that meets them; words that are only shown meet them once opened. Queues a text that
    says nothing of it. Raises SpeakFirst, NothingToSay, DateMissing.
    """
    case = Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
    existing = CaseEvent.objects.filter(pk=key, case=case).first()
    if existing:
        return existing
    said, internal_note = said.strip(), internal_note.strip()
    status = "" if status == case.status else status
    if not (said or internal_note or status or happened or next_update_on):
        raise NothingToSay
    next_update_on = next_update_on or case.next_update_on
    status_now = status or case.status
    if status_now != Case.Status.CLOSED and next_update_on is None:
        raise DateMissing
    code = rights.current()
    is_grave = happened and code.is_spoken_first(happened, is_enhanced=case.is_enhanced)
    if said and is_grave and spoken_at is None:
        raise SpeakFirst

    event = CaseEvent.objects.create(
        pk=key,
        case=case,
        type=happened or ("status" if status else "update"),
        status=status,
        words=said,
        internal_note=internal_note,
        is_visible=bool(said),
        happened_at=happened_at or at,
        recorded_at=at,
        recorded_by=by,
    )
    case.status, case.next_update_on = status_now, next_update_on
    case.save(update_fields=["status", "next_update_on"])
    if happened:
        started = entitlements.start(case, happened, happened_at=event.happened_at, by=by, at=at)
        if spoken_at is not None:
            for entitlement in started:
                entitlements.meet(entitlement, proof=event, by=by, at=at, met_at=spoken_at)
        elif said:
            entitlements.show(started, event=event)
    ledger.record(
        "case.updated",
        by=by,
        about=case,
        at=at,
        event=str(event.pk),
        status=status,
        happened=happened,
        visible=event.is_visible,
        spoken=spoken_at is not None,
    )
    if said:
        invitations.tell(case, by=by, at=at)
    return event


@transaction.atomic
def record_told(entitlement, *, how, told_at, note="", by, at) -> CaseEvent:
    """Record that a person gave the victim what this right asks for. ``how``: of TOLD_HOW."""
    event = CaseEvent.objects.create(
        case=entitlement.case,
        type=f"told_{how}",
        internal_note=note.strip(),
        happened_at=told_at,
        recorded_at=at,
        recorded_by=by,
    )
    entitlements.meet(entitlement, proof=event, by=by, at=at, met_at=told_at)
    return event


@transaction.atomic
def assess_needs(case, *, is_enhanced: bool, reason: str, note="", by, at) -> Case:
    """Record what the victim was asked about their needs, and whether enhanced limits apply."""
    event = CaseEvent.objects.create(
        case=case,
        type="needs",
        internal_note=note.strip(),
        happened_at=at,
        recorded_at=at,
        recorded_by=by,
    )
    return entitlements.assess_needs(
        case, is_enhanced=is_enhanced, reason=reason, event=event, by=by, at=at
    )


@transaction.atomic
def assign(case, *, officer, by, at) -> Case:
    """Give the case to another officer in charge; the victim reads that there is a new one.

    Given to who has it already, changes nothing. Raises NotTheirCase.
    """
    case = (
        Case.objects.select_for_update(of=("self",))
        .select_related("contact", "force")
        .get(pk=case.pk)
    )
    if case.officer_in_charge_id == officer.pk:
        return case
    if not recording.can_take_charge(officer, case.force):
        raise NotTheirCase
    before = case.officer_in_charge_id
    case.officer_in_charge = officer
    case.save(update_fields=["officer_in_charge"])
    # What the diary shows of the crime goes with it: its statements and exhibits.
    Crime.objects.filter(pk=case.crime_id).update(officer_in_charge=officer)
    with translation.override(case.contact.language):
        said = str(words.NEW_OFFICER)
    CaseEvent.objects.create(
        case=case,
        type="assigned",
        words=said,
        is_visible=True,
        happened_at=at,
        recorded_at=at,
        recorded_by=by,
    )
    ledger.record(
        "case.assigned", by=by, about=case, at=at, before=str(before), officer=str(officer.pk)
    )
    invitations.tell(case, by=by, at=at)
    return case
