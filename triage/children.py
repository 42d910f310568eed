"""Children at the address: each is seen and spoken to, or somebody says why not."""

from django.db import transaction

from triage import assessing
from triage.models import Child, Participant
from victimcontact.audit import ledger

# What asks for a fresh assessment.
BECAUSE = "child at the address"


class NotSaid(ValueError):
    """A child was not spoken to, and nobody says why."""


@transaction.atomic
def record(incident, *, who, seen, why_not, is_victim, by, at) -> Child:
    """Put a child on ``incident``. ``who`` is their name and age as people say them.

    ``seen`` is a Child.Seen; unless they were spoken to, ``why_not`` says why. A child who is a
    victim, or was not seen, asks for a fresh assessment. Raises NotSaid.
    """
    participant = Participant.objects.create(
        incident=incident, role=Participant.Role.CHILD, description=who.strip()
    )
    child = Child(participant=participant)
    return _keep(child, seen, why_not, is_victim, by=by, at=at)


@transaction.atomic
def see(child_id, *, seen, why_not, is_victim, by, at) -> Child:
    """Record anew of a child who is on the incident already. Raises NotSaid."""
    child = Child.objects.select_for_update(of=("self",)).get(pk=child_id)
    return _keep(child, seen, why_not, is_victim, by=by, at=at)


def of(incident):
    """The incident's children, in the order in which they were put on it."""
    return (
        Child.objects.filter(participant__incident=incident)
        .select_related("participant", "recorded_by")
        .order_by("pk")
    )


def _keep(child, seen, why_not, is_victim, *, by, at):
    if seen != Child.Seen.SPOKEN_TO and not why_not.strip():
        raise NotSaid
    child.seen, child.why_not, child.is_victim = seen, why_not.strip(), is_victim
    child.recorded_at, child.recorded_by = at, by
    child.save()
    incident_id = child.participant.incident_id
    ledger.record(
        "child.recorded",
        by=by,
        about=child.participant.incident,
        at=at,
        child=str(child.pk),
        seen=str(seen),
        is_victim=is_victim,
    )
    if is_victim or seen == Child.Seen.NOT_SEEN:
        assessing.review_now(incident_id, because=BECAUSE, at=at)
    return child
