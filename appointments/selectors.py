"""What the diary shows: desks, free slots, an officer's day."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from appointments.models import Appointment, Desk
from victimcontact.accounts.permissions import can

LEAD_MINUTES = 15  # a text must arrive, and a person must find a quiet room
HORIZON_DAYS = 14
STEP_MINUTES = 15


@dataclass(frozen=True)
class Slot:
    """A time that one officer has free: a value worked out from shifts, not a row."""

    desk_id: UUID
    officer_id: UUID
    starts_at: datetime
    ends_at: datetime


def desk_for(incident, kind="video") -> Desk | None:
    """The desk that sees this kind of incident: one that takes a flag of it, else the general one.

    Of the desks whose officers meet people by ``kind``. None where the force has no such desk:
    then there is no slot.
    """
    assessment = incident.current_assessment
    flags = set(assessment.flags) if assessment else set()
    desks = list(Desk.objects.filter(force=incident.force, kinds__contains=[kind], is_active=True))
    special = [desk for desk in desks if flags & set(desk.takes_flags)]
    general = [desk for desk in desks if not desk.takes_flags]
    return next(iter(special or general), None)


# Shifts less what is taken, by range arithmetic: one statement, and nothing to keep in step. Holds
# that lapsed do not count; the one who takes such a time releases them first (booking.hold).
_FREE = """
with taken as (
  select officer_id, range_agg(occupies) as times
  from appointments_appointment
  where occupies && tstzrange(%(from)s, %(until)s)
    and (status in ('booked', 'waiting', 'in_call', 'ended')
         or (status = 'held' and held_until > clock_timestamp()))
  group by officer_id
), free as (
  select w.officer_id, unnest(
    w.times - coalesce(t.times, '{}'::tstzmultirange)) as during
  from (
    select s.officer_id, range_agg(s.during * tstzrange(%(from)s, %(until)s)) as times
    from appointments_shift s
    join accounts_user u on u.id = s.officer_id and u.is_active
    where s.desk_id = %(desk)s and s.during && tstzrange(%(from)s, %(until)s)
    group by s.officer_id
  ) w
  left join taken t on t.officer_id = w.officer_id
), starts as (
  select officer_id, generate_series(
    date_bin(%(step)s, lower(during) + %(step)s - interval '1 microsecond', '2000-01-01Z'),
    upper(during) - %(length)s, %(step)s) as starts_at
  from free
), load as (
  select officer_id, count(*) as booked from appointments_appointment
  where during && tstzrange(%(from)s, %(until)s) and status in ('held', 'booked', 'waiting')
  group by officer_id
)
select distinct on (starts_at) s.officer_id, s.starts_at
from starts s left join load l on l.officer_id = s.officer_id
where s.starts_at >= %(from)s
order by s.starts_at, coalesce(l.booked, 0), s.officer_id
limit %(limit)s
"""


def free_slots(desk, *, at, since=None, until=None, limit=12, every=STEP_MINUTES) -> list[Slot]:
    """The desk's next free times, earliest first; each with the officer who has least to do.

    ``at`` is now; nothing sooner than LEAD_MINUTES from it or before ``since``, nothing later than
    ``until`` (default HORIZON_DAYS on). Times stand ``every`` so many minutes of the hour. One
    query. An empty list where no shift is rostered.
    """
    soonest = at + timedelta(minutes=LEAD_MINUTES)
    values = {
        "from": max(soonest, since) if since else soonest,
        "until": until or at + timedelta(days=HORIZON_DAYS),
        "desk": desk.pk,
        "step": timedelta(minutes=every),
        "length": timedelta(minutes=desk.slot_minutes + desk.buffer_minutes),
        "limit": limit,
    }
    talk = timedelta(minutes=desk.slot_minutes)
    with connection.cursor() as cursor:
        cursor.execute(_FREE, values)
        return [
            Slot(desk.pk, officer_id, starts_at, starts_at + talk)
            for officer_id, starts_at in cursor.fetchall()
        ]


def is_rostered(desk, officer, during) -> bool:
    """Whether the officer's shifts at the desk, end to end, cover the whole of ``during``."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce(range_agg(during) @> %s, false) from appointments_shift"
            " where desk_id = %s and officer_id = %s and during && %s",
            [during, desk.pk, officer.pk, during],
        )
        return cursor.fetchone()[0]


def appointments_for(user):
    """The appointments that ``user`` may see, with their statements and exhibits.

    Those of their forces for who works in the diary or audits; for an officer in charge those of
    the crimes they look after.
    """
    seen = Appointment.objects.filter(incident__force__in=user.forces.all())
    if can(user, "diary.view") or can(user, "ledger.view"):
        return seen
    if can(user, "appointment.view"):
        return seen.filter(incident__crime__officer_in_charge=user)
    return Appointment.objects.none()
