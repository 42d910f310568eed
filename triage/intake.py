"""A report comes in: people, incident, first assessment and review, in one transaction."""

from dataclasses import dataclass, field
from datetime import date

from django.db import transaction

from triage import assessing, policies, repeats, reviews, signals
from triage.models import Incident, Participant, ReportDraft
from victimcontact.audit import ledger
from victimcontact.lib import references
from victimcontact.people.models import Contact

FROM_A_CALL = ("999", "101")


class UnknownContact(ValueError):
    """The contact that was confirmed is not one of this force's."""


@dataclass(frozen=True)
class Person:
    """A person as the caller describes them.

    ``contact_id`` is set where the handler confirmed that they are a person already known. Then
    what is given here is added to what is known; nothing is emptied. ``phone`` is E.164 or empty.
    """

    name: str = ""
    phone: str = ""
    email: str = ""
    address: str = ""
    date_of_birth: date | None = None
    language: str = ""
    needs: dict = field(default_factory=dict)
    contact_id: str | None = None


@dataclass(frozen=True)
class NewReport:
    """One report, clean. Without a ``victim`` the caller is the victim."""

    channel: str
    narrative: str
    caller: Person
    victim: Person | None = None
    location: str = ""
    safety_note: str = ""
    suspect: str = ""  # a description alone: nothing can ever reach this person
    crime_type: str = ""
    answers: dict = field(default_factory=dict)
    history: dict | None = None
    reported_at: object = None  # aware; None: now


@transaction.atomic
def record(report: NewReport, *, force, decision, by, at, draft_id=None) -> Incident:
    """Make an incident of ``report``, graded as ``decision`` (an assessing.Decision) says.

    A ``decision`` of None leaves it to the engine: see ``receive``.
    With a ``draft_id`` a draft becomes one incident and no more: asked twice, or by two tabs at
    once, the same Incident comes back and nothing is written again. Raises
    assessing.ReasonMissing and UnknownContact. Sends ``incident_recorded``, then ``assessed``.
    """
    draft = None
    if draft_id is not None:
        draft = ReportDraft.objects.select_for_update().get(pk=draft_id)
        if draft.incident_id:
            return draft.incident
    incident = Incident.objects.create(
        force=force,
        reference=_free_reference(force),
        channel=report.channel,
        narrative=report.narrative,
        location=report.location,
        safety_note=report.safety_note,
        crime_type=report.crime_type,
        call_answered_at=draft.started_at if draft and report.channel in FROM_A_CALL else None,
        reported_at=report.reported_at or at,
        handler=by,
    )
    _add_people(incident, report, by, at)
    ledger.record("incident.recorded", by=by, about=incident, at=at, channel=report.channel)
    if draft:
        draft.incident = incident
        draft.save(update_fields=["incident"])
    signals.incident_recorded.send(sender=Incident, incident=incident, by=by, at=at)
    history = report.history
    if history is None and decision is None:
        # Nobody has looked for what was reported before, so it is looked for here.
        history = repeats.around_incident(incident, at=at).history
    assessing.assess(
        incident,
        known=assessing.Known(report.channel, report.narrative, report.answers, history),
        decision=decision,
        by=by,
        at=at,
    )
    incident.refresh_from_db()
    return incident


@transaction.atomic
def receive(
    report: NewReport, *, force, at, came_by: str, at_least=None, because="", draft_id=None
) -> Incident:
    """A report that came with no handler on the line: graded by the engine, never left unseen.

    ``came_by`` names the door without personal data ("online report", "chat"). Its first
    assessment has nobody who decided it, and a person is to look at once: the review is due now.
    ``at_least`` is a grade that the house gives whatever the engine says of the words, unless that
    is more urgent, and ``because`` why. ``draft_id`` as in ``record``.
    """
    decision = None
    if at_least is not None:
        known = assessing.Known(report.channel, report.narrative, report.answers, report.history)
        grade = assessing.score(known, policy=policies.published(at=at), questions=False).grade
        if at_least < grade:
            decision = assessing.Decision(grade=at_least, reason=because)
    incident = record(report, force=force, decision=decision, by=None, at=at, draft_id=draft_id)
    reviews.ask([incident.pk], because=f"{came_by}, not yet seen", at=at)
    incident.refresh_from_db(fields=["review_due_at"])
    return incident


def _free_reference(force):
    """A reference that no incident has. Some 10^8 to draw from: a second draw is rare."""
    while True:
        reference = references.new(force.reference_prefix)
        if not Incident.objects.filter(reference=reference).exists():
            return reference


def _add_people(incident, report, by, at):
    def add(role, person):
        contact = _contact(incident.force, person, by, at)
        Participant.objects.create(incident=incident, role=role, contact=contact)
        return contact

    if report.victim is None:
        caller = add(Participant.Role.CALLER, report.caller)
        Participant.objects.create(incident=incident, role=Participant.Role.VICTIM, contact=caller)
    else:
        if report.caller != Person():
            add(Participant.Role.CALLER, report.caller)
        add(Participant.Role.VICTIM, report.victim)
    if report.suspect:
        Participant.objects.create(
            incident=incident, role=Participant.Role.SUSPECT, description=report.suspect
        )


def _contact(force, person, by, at):
    given = {
        "name": person.name,
        "phone": person.phone,
        "email": person.email,
        "address": person.address,
        "date_of_birth": person.date_of_birth.isoformat() if person.date_of_birth else "",
        "language": person.language,
        "needs": person.needs,
    }
    given = {name: value for name, value in given.items() if value}
    if person.contact_id is None:
        contact = Contact.objects.create(force=force, created_at=at, **given)
        ledger.record("contact.created", by=by, about=contact, at=at)
        return contact
    contact = (
        Contact.objects.select_for_update()
        .filter(pk=person.contact_id, force=force, merged_into=None)
        .first()
    )
    if contact is None:
        raise UnknownContact
    changed = [name for name, value in given.items() if getattr(contact, name) != value]
    for name in changed:
        setattr(contact, name, given[name])
    if changed:
        contact.save(update_fields=changed)
    ledger.record("contact.confirmed", by=by, about=contact, at=at, changed=changed)
    return contact
