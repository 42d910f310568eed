"""Reads around a shift: what somebody has open, what they must acknowledge, who can take it."""

from django.db.models import Count, Q

from triage import selectors
from triage.models import Incident
from triage.shifts import duty, ownership
from triage.shifts.models import Handover
from victimcontact.accounts.models import Force
from victimcontact.lib.prepared import Prepared


def open_of(user):
    """The open incidents that ``user`` owns, as the queue stands."""
    return selectors.open_queue(user).filter(owner=user)


def handovers_for(user):
    """Handovers of the forces that ``user`` serves, with how many incidents each was of."""
    return (
        Handover.objects.filter(force__in=user.forces.all())
        .select_related("handed_by", "handed_to", "acknowledged_by")
        .annotate(number=Count("incidents"))
    )


def to_acknowledge(user):
    """Handovers to ``user`` by name or to the pool that nobody has acknowledged, oldest first."""
    to_me = Q(handed_to=user) | Q(handed_to=None)
    return (
        handovers_for(user)
        .filter(to_me, acknowledged_at=None)
        .exclude(handed_by=user, handed_to=None)
        .prefetch_related("incidents")
    )


def not_acknowledged_of(user):
    """What ``user`` handed over and nobody has acknowledged."""
    return handovers_for(user).filter(handed_by=user, acknowledged_at=None)


def can_be_given(incident, *, at) -> list[duty.Standing]:
    """Who is on duty and may have this incident, those who are free first."""
    states = [duty.FREE, duty.BUSY]
    people = _people_of(force=incident.force_id, at=at)
    found = [
        one
        for one in duty.standing(people, at=at)
        if one.state in states and "incident.own" in one.user.permissions
    ]
    return sorted(found, key=lambda one: (states.index(one.state), one.owns, str(one.user)))


@Prepared
def _people_of(force, at):
    return duty.people(Force.objects.filter(pk=force), at=at)


def can_take_from(user) -> list:
    """To whom ``user`` may hand over: who may own in every force where they have something open."""
    forces = list(
        {
            incident.force
            for incident in Incident.objects.filter(
                owner=user, status=Incident.Status.OPEN
            ).select_related("force")
        }
    ) or list(user.forces.all())
    people = None
    for force in forces:
        here = {person.pk: person for person in ownership.candidates(force)}
        people = here if people is None else {k: v for k, v in people.items() if k in here}
    return [person for person in (people or {}).values() if person.pk != user.pk]
