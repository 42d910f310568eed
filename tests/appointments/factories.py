"""Rows of the diary for tests."""

import uuid
from datetime import time, timedelta

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models.functions import Now
from django.utils.timezone import now

from appointments import booking
from appointments.models import Appointment, Desk, Shift
from tests import factories
from victimcontact.accounts.roles import Role

WORD = "bluebell"


DAY_AND_NIGHT = {
    day: ["00:00", "24:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday")
}


def desk(at_force=None, **fields):
    """The force's general video desk: 45 minutes a talk, 15 between, never closed."""
    at_force = at_force or factories.force()
    fields = {
        "name": "Video desk",
        "opens": time(8, 30),
        "closes": time(21, 30),
        "hours": DAY_AND_NIGHT,
        **fields,
    }
    slug = fields.pop("slug", "video")
    return Desk.objects.get_or_create(force=at_force, slug=slug, defaults=fields)[0]


def shift(at_desk=None, officer=None, *, starts_at=None, hours=8):
    """``officer`` (or a new video officer) at the desk from ``starts_at`` (default: soon)."""
    at_desk = at_desk or desk()
    officer = officer or factories.user(Role.VIDEO_OFFICER, at_force=at_desk.force)
    starts_at = starts_at or next_hour()
    during = DateTimeTZRange(starts_at, starts_at + timedelta(hours=hours))
    return Shift.objects.create(desk=at_desk, officer=officer, during=during)


def next_hour():
    """A whole hour, one to two hours from now: holds go by the database's clock."""
    return now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=2)


def reachable_victim(at_force=None):
    """A contact with a number that may be texted and an opening word (WORD)."""
    victim = factories.contact(at_force)
    factories.plan(victim, at=now(), word=WORD)
    return victim


def video_incident(at_force=None):
    """An incident whose victim can be reached and chose video."""
    made = factories.incident(at_force, victim=reachable_victim(at_force), grade=3, at=now())
    factories.offer(made, at=now())
    return made


def appointment(of=None, *, status="booked", at_shift=None, starts_at=None, **fields):
    """An appointment in a state, written straight past the service."""
    of = of or video_incident()
    at_shift = at_shift or shift(desk(of.force))
    starts_at = starts_at or at_shift.during.lower
    ends_at = starts_at + timedelta(minutes=at_shift.desk.slot_minutes)
    if status == "held":
        fields.setdefault("held_until", Now() + timedelta(minutes=10))
    elif status != "released":
        fields = {"contact": of.victim, "booked_at": now(), **fields}
    return Appointment.objects.create(
        incident=of,
        offer=of.offers.last(),
        desk=at_shift.desk,
        officer=at_shift.officer,
        during=DateTimeTZRange(starts_at, ends_at),
        occupies=DateTimeTZRange(
            starts_at, ends_at + timedelta(minutes=at_shift.desk.buffer_minutes)
        ),
        status=status,
        held_by=at_shift.officer,
        idempotency_key=uuid.uuid4(),
        created_at=now(),
        **fields,
    )


def hold(incident, at_shift, by, *, starts_at=None, key=None, at=None):
    """A time held through the service: the shift's first, where it is not said."""
    return booking.hold(
        incident_id=incident.pk,
        officer_id=at_shift.officer_id,
        starts_at=starts_at or at_shift.during.lower,
        idempotency_key=key or uuid.uuid4(),
        by=by,
        at=at or now(),
    )
