"""Plain texts that speak of danger, and those that nobody is known to have written."""

from django.db import transaction

from messaging import inbox, staff_tasks
from messaging.models import StaffTask
from triage import assessing, intake, policies
from triage.desk.reports import public_force
from triage.models import Channel, Grade, Incident, Participant
from victimcontact.lib import phone


@transaction.atomic
def look_at(text, *, at) -> None:
    """Tell people where a text speaks of danger, and where nobody is known to have written it.

    The text itself changes nothing: no grade, no plan, no appointment. Where several have its
    number, or it may be another's by now, danger asks for a look at the reports of each, without
    its words. From a number that nobody has it becomes a report of its own where it speaks of
    danger, and a task where it does not. (That somebody known wrote asks for a look in any case:
    triage's own receiver.)
    """
    is_danger = _speaks_of_danger(text.body, at)
    people = [text.contact] if text.contact_id else inbox.candidates(text)
    if is_danger and not text.contact_id:
        _review_reports_of(people, "danger in a text", at)
    if is_danger and people:
        forces = {person.force_id: person.force for person in people}
        for force in forces.values():
            staff_tasks.raise_task(
                StaffTask.Kind.TEXT_DANGER,
                force=force,
                about=text.contact or text,
                reason="A text speaks of danger. Look now: ring by a safe way or send officers.",
                at=at,
            )
    elif not people and not inbox.is_stop(text.body):
        _from_nobody(text, is_danger, at)


def _from_nobody(text, is_danger, at):
    force = public_force()
    if force is None:
        raise LookupError("There is no force to receive this.")
    if is_danger:
        intake.receive(
            intake.NewReport(
                channel=Channel.SOCIAL,
                narrative=text.body,
                caller=intake.Person(phone=_number(text.sent_from)),
                reported_at=text.received_at,
            ),
            force=force,
            at=at,
            came_by="text",
        )
        return
    if text.settled_at is not None:
        return  # a person has just read it
    staff_tasks.raise_task(
        StaffTask.Kind.TEXT_RECEIVED,
        force=force,
        about=text,
        reason="A text came from a number that nobody here has.",
        at=at,
    )


def _number(sent_from):
    try:
        return phone.parse(sent_from)
    except phone.PhoneError:
        return ""


def _speaks_of_danger(body, at):
    known = assessing.Known(Channel.SOCIAL.value, body, {})
    result = assessing.score(known, policy=policies.published(at=at), questions=False)
    return result.grade <= Grade.PRIORITY


def _review_reports_of(people, because, at):
    theirs = Participant.objects.filter(contact__in=people).values("incident")
    # In one order, so that two who ask for the same ones wait for each other and no more.
    standing = Incident.objects.filter(pk__in=theirs, status=Incident.Status.OPEN).order_by("pk")
    for pk in standing.values_list("pk", flat=True):
        assessing.review_now(pk, because=because, at=at)
