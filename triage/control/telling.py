"""No silent change: what the victim or caller is told, why they were not, and what is still owed.

Source: the police conduct regulator on a caller who went on waiting for officers that had been
called off, and inspectors on callers who were not told of a delay.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import OperationalError, transaction
from django.db.models import Exists, F, OuterRef, Q

from messaging.models import Notification
from triage.control.models import CallerTold, Closure, Dispatch, DispatchStep, News, ToTell
from triage.models import Assessment, Incident
from victimcontact.audit import ledger
from victimcontact.lib.prepared import Prepared

How = CallerTold.How
# A text in one of these did not reach anybody, and will not by itself.
LOST = (
    Notification.Status.HELD,
    Notification.Status.FAILED,
    Notification.Status.UNDELIVERED,
    Notification.Status.DROPPED,
)
BY_A_PERSON = (How.CALL, How.IN_PERSON, How.CHAT)


class NotSaid(ValueError):
    """Neither how they were told nor why they were not; or both at once."""


@dataclass(frozen=True)
class Owed:
    """News that somebody has yet to be told. ``because`` holds no personal data."""

    incident: Incident
    what: str
    because: str
    since: datetime

    @property
    def label(self) -> str:
        return News(self.what).label


def check(how: str, because: str) -> None:
    """Raise NotSaid unless it is exactly one of: how they were told, or why they were not."""
    if how and how not in BY_A_PERSON:
        raise NotSaid("Say how they were told: on a call, in person or in the chat")
    if bool(how) == bool(because.strip()):
        raise NotSaid("Say how they were told, or why they were not")


def told(incident, *, what: str, how: str, by, at, also=()) -> CallerTold:
    """Record that ``by`` told the victim or caller ``what`` (a News), by ``how`` (a How).

    What is owed of it is settled, and of every News in ``also`` that the same words told. Raises
    NotSaid for a ``how`` by which no person tells.
    """
    return record(incident, what=what, how=how, by=by, at=at, also=also)


def not_told(incident, *, what: str, because: str, by, at, also=()) -> CallerTold:
    """Record why ``by`` did not tell ``what``. Settles what is owed as ``told`` does."""
    return record(incident, what=what, because=because, by=by, at=at, also=also)


@transaction.atomic
def record(incident, *, what, how="", because="", by, at, also=()) -> CallerTold:
    """``told`` or ``not_told``, whichever was given. Raises NotSaid and ValueError."""
    check(how, because)
    because = because.strip()
    incident = _lock(incident)
    entry = CallerTold.objects.create(
        incident=incident,
        what=News(what),
        how=how or How.NOT_TOLD,
        because=because,
        has_because=bool(because),
        of_due_at=incident.due_at if News.DELAY in (what, *also) else None,
        told_at=at,
        told_by=by,
    )
    _settle(incident, {News(what), *map(News, also)}, entry, at)
    ledger.record(
        "caller.told" if how else "caller.not_told",
        by=by,
        about=incident,
        at=at,
        what=str(entry.what),
        also=sorted(map(str, also)),
        how=str(entry.how),
    )
    return entry


@transaction.atomic
def by_notification(incident, *, what: str, notification, at, by=None) -> CallerTold | None:
    """Record that a queued ``notification`` tells ``what``.

    One that is held back already tells nobody: then the news is owed, and None comes back. When it
    gets lost later, what it should have told is owed again (``lost``).
    """
    incident = _lock(incident)
    if notification.status in LOST:
        owe(incident, what=what, because="the text was held back", at=at)
        return None
    entry = CallerTold.objects.create(
        incident=incident,
        what=News(what),
        how=How.TEXT,
        notification=notification,
        of_due_at=incident.due_at if what == News.DELAY else None,
        told_at=at,
        told_by=by,
    )
    _settle(incident, {News(what)}, entry, at)
    ledger.record(
        "caller.told",
        by=by,
        about=incident,
        at=at,
        what=str(entry.what),
        how=str(entry.how),
        notification=str(notification.pk),
    )
    return entry


@transaction.atomic
def owe(incident, *, what: str, because: str, at) -> ToTell:
    """Put ``what`` on the list of what must be told. Owed already, it says the newer ``because``.

    ``because`` is a few words without personal data ("grade 3 to 1").
    """
    incident = _lock(incident)
    entry, is_new = ToTell.objects.get_or_create(
        incident=incident,
        what=News(what),
        done_at=None,
        defaults={"force_id": incident.force_id, "because": because[:60], "arose_at": at},
    )
    if not is_new and entry.because != because[:60]:
        entry.because = because[:60]
        entry.save(update_fields=["because"])
    ledger.record("caller.owed", about=incident, at=at, what=str(entry.what), because=because[:60])
    return entry


def lost_when_free(notification, *, at) -> None:
    """``lost``, at once where nobody has the incident, else after this transaction.

    Whoever sends has the text's row, whoever moves an appointment has its incident and drops the
    text: to wait for each other here would end one of them, and nobody's booking may end so.
    """
    theirs = CallerTold.objects.filter(notification=notification).values("incident")
    incidents = Incident.objects.filter(pk__in=theirs).order_by("pk")
    try:
        with transaction.atomic():
            if not list(incidents.select_for_update(no_key=True, nowait=True, of=("self",))):
                return
    except OperationalError:
        # That it did not arrive is with the staff by a task of its own, whatever becomes of this.
        transaction.on_commit(partial(lost, notification, at=at), robust=True)
    else:
        lost(notification, at=at)


@transaction.atomic
def lost(notification, *, at) -> int:
    """``notification`` did not arrive: what it should have told is owed again; how much that is."""
    owed = 0
    for entry in CallerTold.objects.filter(notification=notification).select_related("incident"):
        if entry.incident.status == Incident.Status.OPEN:
            owe(entry.incident, what=entry.what, because="the text did not arrive", at=at)
            owed += 1
    return owed


def not_yet_told(force, *, at) -> list[Owed]:
    """All that the callers of a force (or of several) have yet to be told at ``at``.

    Most urgent grade first, then what has waited longest. An incident past its due time, where no
    officer has arrived and nobody was told of the delay, counts as one.
    """
    forces = [force] if hasattr(force, "pk") else list(force)
    return _owed({"force__in": forces}, {"force__in": forces}, at)


def owed_for(incident, *, at) -> list[Owed]:
    """What one incident's victim or caller has yet to be told at ``at``."""
    listed = _listed_of(incident=incident.pk) if incident.may_have(ToTell) else ()
    # A page that has just read the row sees by its clock that there is nothing to ask.
    is_late = incident.status == Incident.Status.OPEN and incident.due_at and incident.due_at < at
    may_be = is_late or incident.hanging is None
    return _in_order(listed, _late_of(incident=incident.pk, at=at) if may_be else ())


@Prepared
def _listed_of(incident):
    return _listed({"incident": incident})


@Prepared
def _late_of(incident, at):
    return _late({"pk": incident}, at)


def delayed(*, at):
    """Open incidents past their due time whose caller was not told so. A queryset of Incident.

    A text that was lost told nobody. Incidents that officers have reached are not late.
    """
    told_so = CallerTold.objects.filter(
        Q(notification=None) | ~Q(notification__status__in=LOST),
        incident=OuterRef("pk"),
        of_due_at=OuterRef("due_at"),
    )
    return Incident.objects.filter(
        ~Exists(told_so), ~Exists(_reached()), status=Incident.Status.OPEN, due_at__lt=at
    )


def _reached():
    """Officers that arrived, and nothing since that promises others: of an outer Incident."""
    since = {"incident": OuterRef("dispatch__incident")}
    another_grade = Assessment.objects.filter(~Q(supersedes__decided_grade=F("decided_grade")))
    return DispatchStep.objects.filter(
        ~Exists(another_grade.filter(decided_at__gt=OuterRef("at"), **since)),
        ~Exists(Dispatch.objects.filter(asked_at__gt=OuterRef("at"), **since)),
        ~Exists(Closure.objects.filter(closed_at__gt=OuterRef("at"), **since)),
        dispatch__incident=OuterRef("pk"),
        state=Dispatch.State.ARRIVED,
    )


def _owed(listed_by, incidents_by, at):
    return _in_order(_listed(listed_by), _late(incidents_by, at))


def _listed(which):
    listed = ToTell.objects.filter(done_at=None, **which)
    return listed.select_related("incident__force", "incident__owner")


def _late(which, at):
    return delayed(at=at).filter(**which).select_related("force", "owner")


def _in_order(listed, late):
    found = [Owed(one.incident, one.what, one.because, one.arose_at) for one in listed]
    found += [Owed(one, News.DELAY, "past its due time", one.due_at) for one in late]
    return sorted(found, key=lambda one: (one.incident.grade or 0, one.since, one.incident.pk))


def _settle(incident, news, entry, at):
    incident.to_tell.filter(done_at=None, what__in=news).update(done_at=at, done_by=entry)


def _lock(incident):
    return Incident.objects.select_for_update(no_key=True, of=("self",)).get(pk=incident.pk)
