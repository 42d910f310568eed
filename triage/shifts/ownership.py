"""Whose incident it is: taken over, given, handed on. An open incident without an owner is the
pool's, and stands on the board as such.

The incident's row is the lock. Who acts says whom they saw as owner: of two at once one wins, and
the other is told by ``Moved``.
"""

from django.db import transaction

from triage import signals
from triage.models import Incident
from triage.shifts import duty, hints
from triage.shifts.models import Handover, Pin
from victimcontact.accounts.models import User
from victimcontact.audit import ledger

_AS_LOADED = object()


class NotOpen(Exception):
    """The incident is closed: nobody owns it any more."""


class Moved(Exception):
    """The owner is another than the one seen. ``owner`` is a User, or None for nobody."""

    def __init__(self, owner):
        self.owner = owner
        super().__init__("The incident has another owner by now.")


class CannotOwn(ValueError):
    """The person may not own incidents of this force: another force's, not active, or no right."""


class Away(ValueError):
    """The person is away: nobody would see it."""


class NoteMissing(ValueError):
    """Handed over without a word on how things stand."""


class NothingToHandOver(Exception):
    """The person owns no open incident."""


class WhichForce(ValueError):
    """The person owns open incidents of several forces, and said of none which they mean."""


class AlreadyAcknowledged(Exception):
    """Somebody else was first; ``handover`` says who."""

    def __init__(self, handover):
        self.handover = handover
        super().__init__("This handover is acknowledged.")


class NotYours(Exception):
    """The handover is to somebody else by name."""


class ReasonMissing(ValueError):
    """Put first without a reason."""


class AlreadyPinned(Exception):
    """Another leader put it first; ``pin`` says who."""

    def __init__(self, pin):
        self.pin = pin
        super().__init__("This incident is first already.")


@transaction.atomic
def take_over(incident, *, by, at, seen=_AS_LOADED) -> Incident:
    """Make the incident ``by``'s own, whoever had it. Theirs already, nothing changes.

    ``seen`` is the key of the owner whom ``by`` had before their eyes (None: nobody); left out,
    the one of ``incident`` as it was loaded. Raises Moved, NotOpen, CannotOwn.
    """
    return _give(incident, by, seen=seen, by=by, at=at, how="taken over")


@transaction.atomic
def assign(incident, *, to, by, at, seen=_AS_LOADED) -> Incident:
    """Give the incident to ``to``, who is on duty; None gives it to the pool.

    ``seen`` as in ``take_over``. Raises Moved, NotOpen, CannotOwn, Away.
    """
    if to is not None and not _is_there(to, incident.force, at):
        raise Away
    return _give(incident, to, seen=seen, by=by, at=at, how="assigned")


@transaction.atomic
def hand_over(*, by, to, note: str, at, force=None) -> Handover:
    """Give on all of ``by``'s open incidents, to ``to`` or (None) to the pool, with a note.

    A note tells of people of one force, and is read in that force alone: whoever owns incidents
    of several says whose they hand over (``force``) and writes to each; else WhichForce. The new
    owner stands at once, so that nothing is without one for a moment; the note waits for
    their acknowledgement. Raises NoteMissing, NothingToHandOver, WhichForce and CannotOwn.
    """
    note = note.strip()
    if not note:
        raise NoteMissing
    if to is not None and to.pk == by.pk:
        raise CannotOwn
    mine = list(
        Incident.objects.select_for_update(no_key=True, of=("self",))
        .filter(owner=by, status=Incident.Status.OPEN)
        .select_related("force")
        .order_by("pk")
    )
    if force is not None:
        mine = [incident for incident in mine if incident.force_id == force.pk]
    if not mine:
        raise NothingToHandOver
    if len({incident.force_id for incident in mine}) > 1:
        raise WhichForce
    force = mine[0].force
    if to is not None and not duty.can_own(to, force):
        raise CannotOwn
    handover = Handover.objects.create(
        force=force, handed_by=by, handed_to=to, note=note, handed_at=at
    )
    handover.incidents.add(*mine)
    ledger.record(
        "shift.handed_over",
        by=by,
        about=handover,
        at=at,
        to=str(to.pk) if to else "the pool",
        incidents=len(mine),
    )
    for incident in mine:
        _change(incident, to, by=by, at=at, how="handed over")
    return handover


@transaction.atomic
def acknowledge(handover_id, *, by, at) -> Handover:
    """``by`` has read the note. Once only: who comes second is told who was first.

    A handover to the pool is anybody's of the force who may own; one by name is that person's.
    Raises AlreadyAcknowledged, NotYours, CannotOwn.
    """
    handover = (
        Handover.objects.select_for_update(of=("self",)).select_related("force").get(pk=handover_id)
    )
    if handover.acknowledged_by_id == by.pk:
        return handover
    if handover.acknowledged_by_id is not None:
        raise AlreadyAcknowledged(handover)
    if handover.handed_to_id not in (None, by.pk):
        raise NotYours
    if not duty.can_own(by, handover.force):
        raise CannotOwn
    handover.acknowledged_by, handover.acknowledged_at = by, at
    handover.save(update_fields=["acknowledged_by", "acknowledged_at"])
    ledger.record("shift.acknowledged", by=by, about=handover, at=at)
    hints.changed([handover.force_id])
    return handover


@transaction.atomic
def pin(incident, *, reason: str, by, at) -> Pin:
    """Put the incident before all others, against the order of grades, and say why.

    Raises ReasonMissing, NotOpen, AlreadyPinned (by another).
    """
    reason = reason.strip()
    if not reason:
        raise ReasonMissing
    incident = _open(incident)
    standing = Pin.objects.select_related("pinned_by").filter(incident=incident).first()
    if standing:
        if standing.pinned_by_id != by.pk:
            raise AlreadyPinned(standing)
        return standing
    made = Pin.objects.create(incident=incident, reason=reason, pinned_by=by, pinned_at=at)
    ledger.record("incident.pinned", by=by, about=incident, at=at, length=len(reason))
    hints.changed([incident.force_id])
    return made


@transaction.atomic
def unpin(incident, *, by, at) -> bool:
    """Let the incident stand where its grade puts it. Whether it had been put first."""
    incident = Incident.objects.select_for_update(no_key=True).get(pk=incident.pk)
    lifted, _ = Pin.objects.filter(incident=incident).delete()
    if lifted:
        ledger.record("incident.unpinned", by=by, about=incident, at=at)
        hints.changed([incident.force_id])
    return bool(lifted)


def candidates(force) -> list[User]:
    """Everyone to whom an incident of ``force`` may be given, on duty or not, by name."""
    people = User.objects.filter(forces=force, is_active=True).order_by("last_name", "first_name")
    return [person for person in people if "incident.own" in person.permissions]


def _give(incident, to, *, seen, by, at, how):
    seen = incident.owner_id if seen is _AS_LOADED else seen
    incident = _open(incident)
    if incident.owner_id == (to.pk if to else None):
        return incident
    if str(incident.owner_id) != str(seen):
        raise Moved(incident.owner)
    if to is not None and not duty.can_own(to, incident.force):
        raise CannotOwn
    _change(incident, to, by=by, at=at, how=how)
    return incident


def _open(incident):
    # The owner is not joined: whoever waits for the lock would get the new row with the old join.
    incident = (
        Incident.objects.select_for_update(no_key=True, of=("self",))
        .select_related("force")
        .get(pk=incident.pk)
    )
    if incident.status != Incident.Status.OPEN:
        raise NotOpen
    return incident


def _change(incident, to, *, by, at, how):
    before = incident.owner
    incident.owner = to
    incident.save(update_fields=["owner"])
    ledger.record(
        "incident.owner_changed",
        by=by,
        about=incident,
        at=at,
        how=how,
        before=str(before.pk) if before else None,
        to=str(to.pk) if to else None,
    )
    signals.owner_changed.send(sender=Incident, incident=incident, before=before, by=by, at=at)


def _is_there(person, force, at):
    forces = type(force).objects.filter(pk=force.pk)
    standing = {one.user.pk: one for one in duty.on_duty(forces, at=at)}.get(person.pk)
    return standing is not None and standing.state != duty.AWAY
