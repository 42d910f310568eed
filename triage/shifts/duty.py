"""Who is on duty, and who of them is free.

People say it of themselves. Who leaves, or is not heard of for as long as an idle session lasts,
is away. An app above that knows more of somebody (their roster, a call they are in) says so here
by an expression on User, so that the board still asks once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, DateTimeField, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, Greatest

from triage.models import Incident
from triage.shifts import hints
from triage.shifts.models import Duty
from victimcontact.accounts.models import User
from victimcontact.accounts.permissions import can
from victimcontact.accounts.roles import PERMISSIONS, Role
from victimcontact.audit import ledger

FREE, BUSY, AWAY = Duty.State.FREE, Duty.State.BUSY, Duty.State.AWAY

# {app: function of a moment that gives an expression on User: until when, or null}.
ROSTERS: dict[str, Callable] = {}  # on the roster now
ENGAGEMENTS: dict[str, Callable] = {}  # occupied now by something they cannot leave

# Under which heading somebody stands, the first that fits.
HEADINGS = (
    (Role.VIDEO_OFFICER, "Video officers"),
    (Role.CALL_HANDLER, "Call handlers"),
    (Role.TEAM_LEADER, "Team leaders"),
    (Role.SUPERVISOR, "Supervisors"),
)
ROLES = [role for role, held in PERMISSIONS.items() if "duty.say" in held]


class NoSuchState(ValueError):
    """Somebody said what is not one of free, busy and away."""


@dataclass(frozen=True)
class Standing:
    """How one person stands: ``state`` is a Duty.State, ``why`` for people, ``owns`` a number."""

    user: User
    heading: str
    state: str
    why: str
    since: datetime | None
    until: datetime | None
    owns: int

    @property
    def is_free(self):
        return self.state == FREE


def heard_within() -> timedelta:
    """After this long without a word from their pages somebody is away."""
    return timedelta(minutes=settings.STAFF_IDLE_MINUTES)


@transaction.atomic
def say(user, state: str, *, at) -> Duty:
    """``user`` says of themselves that they are free, busy or away. Raises NoSuchState.

    Said again it changes nothing but when they were heard of.
    """
    if state not in Duty.State.values:
        raise NoSuchState
    Duty.objects.get_or_create(user=user, defaults={"state": AWAY, "since": at, "heard_at": at})
    duty = Duty.objects.select_for_update().get(user=user)
    duty.user = user  # whoever asks this object of their duty gets the new one
    before, duty.heard_at = said(duty, at), at
    if before == state:
        duty.save(update_fields=["heard_at"])
        return duty
    duty.state, duty.since = state, at
    duty.save(update_fields=["state", "since", "heard_at"])
    ledger.record("duty.said", by=user, about=user, at=at, state=str(state), before=str(before))
    hints.changed(_forces_of(user))
    return duty


def heard(user, *, at) -> None:
    """``user`` uses their pages: what they said of themselves goes on being so."""
    alive = at - heard_within()
    Duty.objects.filter(user=user, heard_at__gt=alive, heard_at__lt=at).update(heard_at=at)


@transaction.atomic
def leave(user, *, at) -> None:
    """The session of ``user`` ends: they are away. Nothing happens to who was not on duty."""
    duty = Duty.objects.select_for_update().filter(user=user).exclude(state=AWAY).first()
    if duty is not None:
        _fall_away(duty, "signed out", since=at, at=at)


def let_go(*, at) -> int:
    """Mark as away whoever was not heard of for too long; how many there were.

    Nobody waits for this: ``said`` sees it at once. It keeps the record and the open boards true.
    """
    silent = Duty.objects.filter(heard_at__lte=at - heard_within()).exclude(state=AWAY)
    gone = 0
    for pk in silent.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            duty = silent.select_for_update(skip_locked=True).filter(pk=pk).first()
            if duty is not None:
                _fall_away(duty, "not heard of", since=duty.heard_at + heard_within(), at=at)
                gone += 1
    return gone


def _fall_away(duty, because, *, since, at):
    before, duty.state, duty.since = duty.state, AWAY, since
    duty.save(update_fields=["state", "since"])
    ledger.record(
        "duty.ended", about=duty.user, at=at, because=because, before=str(before), since=str(since)
    )
    hints.changed(_forces_of(duty.user))


def said(duty, at) -> str:
    """What ``duty`` (or None) comes to at ``at``: a Duty.State."""
    if duty is None or duty.heard_at <= at - heard_within():
        return AWAY
    return duty.state


def says_busy(user, at) -> bool:
    """Whether ``user`` said busy or away themselves, and was heard of since."""
    duty = Duty.objects.filter(user=user, heard_at__gt=at - heard_within()).first()
    return duty is not None and duty.state != FREE


def is_here(at, path="") -> Q:
    """Whether the person at ``path`` ("owner__") said free or busy and was heard of since."""
    return Q(**{f"{path}duty__heard_at__gt": at - heard_within()}) & ~Q(
        **{f"{path}duty__state": AWAY}
    )


def on_roster(at):
    """Users who are on the roster now and did not say that they are away."""
    said_away = Q(duty__state=AWAY, duty__heard_at__gt=at - heard_within())
    return (
        User.objects.annotate(rostered_until=_until(ROSTERS, at))
        .filter(rostered_until__isnull=False)
        .exclude(said_away)
    )


def can_own(user, force) -> bool:
    """Whether an incident of ``force`` may be given to ``user``."""
    return can(user, "incident.own") and user.forces.filter(pk=force.pk).exists()


def on_duty(forces, *, at) -> list[Standing]:
    """Everyone of ``forces`` (a queryset) who is on duty at ``at``, in one query.

    ``owns`` counts incidents of these forces alone: how busy somebody is elsewhere is told nobody.
    On duty is who said so and was heard of, and who is on the roster; whoever said "away" while
    on the roster is listed as away. In order of heading, free first, those with least first.
    """
    return standing(people(forces, at=at), at=at)


def people(forces, *, at):
    """The users of whom ``standing`` tells how they stand, as one query."""
    members = User.forces.through.objects.filter(force__in=forces.values("pk")).values("user")
    owned = (
        Incident.objects.filter(
            owner=OuterRef("pk"), status=Incident.Status.OPEN, force__in=forces.values("pk")
        )
        .order_by()
        .values("owner")
        .annotate(number=Count("pk"))
        .values("number")
    )
    return (
        User.objects.filter(pk__in=members, is_active=True, roles__overlap=ROLES)
        .select_related("duty")
        .annotate(
            rostered_until=_until(ROSTERS, at),
            engaged_until=_until(ENGAGEMENTS, at),
            owns=Coalesce(Subquery(owned), 0),
        )
        .filter(is_here(at) | Q(rostered_until__isnull=False) | Q(engaged_until__isnull=False))
        .order_by("last_name", "first_name", "pk")
    )


def standing(people, *, at) -> list[Standing]:
    """How each of ``people`` stands, in the order of ``on_duty``."""
    order = [name for _, name in HEADINGS] + [""]
    states = [FREE, BUSY, AWAY]
    return sorted(
        (_standing(person, at) for person in people),
        key=lambda one: (order.index(one.heading), states.index(one.state), one.owns),
    )


def _standing(person, at):
    duty = getattr(person, "duty", None)
    state = said(duty, at)
    heading = next((name for role, name in HEADINGS if role in person.roles), "")
    since, until = (duty.since if duty and state != AWAY else None), None
    if person.engaged_until is not None:
        state, why, until = BUSY, "in an appointment", person.engaged_until
    elif state != AWAY:
        why, until = "says so", person.rostered_until
    elif duty is not None and duty.state == AWAY and duty.heard_at > at - heard_within():
        why, since = "says so", duty.since
    elif person.rostered_until is not None:
        # The roster says that they are there: nobody has to press a button to be found.
        state, why, until = FREE, "on the roster", person.rostered_until
    else:
        why = "not heard of"
    return Standing(person, heading, state, why, since, until, person.owns)


def _until(sources, at):
    found = [source(at) for source in sources.values()]
    if not found:
        return Value(None, output_field=DateTimeField())
    return found[0] if len(found) == 1 else Greatest(*found)


def _forces_of(user):
    return user.forces.values_list("pk", flat=True)
