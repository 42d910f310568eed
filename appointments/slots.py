"""Free time: shifts, less what is taken, less absences, within a desk's hours. Arithmetic, no rows.

See docs/decisions/0002-free-time-is-arithmetic.md and 0013-which-slots-are-offered.md.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import zip_longest
from uuid import UUID

from django.db import connection

from appointments.models import Desk
from appointments.rosters import bands, skills
from victimcontact.lib import local_time
from victimcontact.lib.working_days import BANK_HOLIDAYS

LEAD_MINUTES = 15  # a text must arrive, and a person must find a quiet room
HORIZON_DAYS = 14
STEP_MINUTES = 15
CHOICE_STEP_MINUTES = 30
# Hours of London's clock; the night belongs to the evening before it.
PARTS_OF_DAY = {"morning": range(6, 12), "afternoon": range(12, 17), "evening": range(17, 24)}


@dataclass(frozen=True)
class Wishes:
    """What a victim asks of a time and of the officer, and what the officer must have learnt.

    ``gender`` "female" or "male", ``language`` as "cy", ``parts_of_day`` of PARTS_OF_DAY,
    ``officer_id`` the officer they know, ``skills`` slugs of rosters.Skill. Empty: no matter.
    """

    officer_id: UUID | None = None
    gender: str = ""
    language: str = ""
    skills: tuple[str, ...] = ()
    parts_of_day: tuple[str, ...] = ()


@dataclass(frozen=True)
class Slot:
    """A time that one officer has free: a value worked out from shifts, not a row.

    ``missed`` names the wishes that it does not meet ("officer", "gender", "language", "time")
    and "band" where it is later than the urgency of the incident allows; each is told to the
    victim. Skills are never missed: such a slot is not offered.
    """

    desk_id: UUID
    officer_id: UUID
    starts_at: datetime
    ends_at: datetime
    missed: tuple[str, ...] = ()


def desk_for(incident, kind="video") -> Desk | None:
    """The desk that meets people in this way for this kind of incident.

    One that takes a flag of it, else the general one. None where the force has no such desk: then
    there is no slot.
    """
    assessment = incident.current_assessment
    flags = set(assessment.flags) if assessment else set()
    desks = list(Desk.objects.filter(force=incident.force, is_active=True, kinds__contains=[kind]))
    special = [desk for desk in desks if flags & set(desk.takes_flags)]
    general = [desk for desk in desks if not desk.takes_flags]
    return next(iter(special or general), None)


# When the desk is open, as one multirange: a date of its own, else the bank holiday's hours, else
# the weekday's, else every day's. An end at or before its beginning is on the next day. What the
# clocks jump over, or an hour that would end before it begins, is dropped.
_OPENING = """
desk as materialized (
  select id, opens, closes, hours, skills from appointments_desk
  where id = %(desk)s and is_active
), opening as materialized (
  select coalesce(range_agg(tstzrange(begins, ends)), '{}') as times
  from (
    select (day + opens) at time zone 'Europe/London' as begins,
      (day + closes + case when closes <= opens then interval '1 day' else interval '0' end)
        at time zone 'Europe/London' as ends
    from (
      select named.day,
        case when one.id is not null then one.opens
          when named.hours is null then desk.opens else (named.hours->>0)::time end as opens,
        case when one.id is not null then one.closes
          when named.hours is null then desk.closes else (named.hours->>1)::time end as closes
      from desk cross join lateral (
        select day::date as day,
          case when day::date = any(%(holidays)s) and desk.hours ? 'holiday'
            then desk.hours->'holiday'
            else desk.hours->(array['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
              )[extract(isodow from day)::int] end as hours
        from generate_series(
          (%(from)s at time zone 'Europe/London')::date - 1,
          (%(until)s at time zone 'Europe/London')::date + 1, interval '1 day') day
      ) named
      left join rosters_deskday one on one.desk_id = desk.id and one."on" = named.day
    ) hours
  ) bounds
  where begins < ends
)
"""
_OCCUPYING = """
status in ('held', 'booked', 'waiting', 'in_call', 'ended')
        and (status <> 'held' or held_until > clock_timestamp())"""

# Day by day of London's calendar, each only once the days before it gave too little: the limit
# ends the loop. Holds that lapsed do not count; whoever takes such a time releases them first.
_FREE = """
with OPENING, officers as materialized (
  select u.id,
    %(officer)s::uuid is not null and u.id <> %(officer)s::uuid as other_officer,
    %(gender)s <> '' and u.gender <> %(gender)s as other_gender,
    %(language)s <> '' and not %(language)s = any(coalesce(p.languages, '{}')) as other_language
  from accounts_user u
  left join rosters_profile p on p.user_id = u.id
  where u.is_active and coalesce(p.skills, '{}') @> (
      select skills || %(skills)s::varchar[] from desk)
    and exists (
      select from appointments_shift s where s.officer_id = u.id and s.desk_id = %(desk)s
        and s.during && tstzrange(%(from)s, %(until)s))
), days as (
  select begins, ends, week
  from (
    select greatest(day at time zone 'Europe/London', %(from)s) as begins,
      least((day + interval '1 day') at time zone 'Europe/London', %(until)s) as ends,
      tstzrange(date_trunc('week', day) at time zone 'Europe/London',
        (date_trunc('week', day) + interval '7 days') at time zone 'Europe/London') as week
    from generate_series((%(from)s at time zone 'Europe/London')::date::timestamp,
      (%(until)s at time zone 'Europe/London')::date::timestamp, interval '1 day') day
  ) bounds
  where begins < ends
  order by begins
)
select found.officer_id, found.starts_at, found.missed
from days, lateral (
  select distinct on (starts_at) officer_id, starts_at, missed
  from (
    select officer_id, starts_at, load,
      array_remove(array[
        case when other_officer then 'officer' end, case when other_gender then 'gender' end,
        case when other_language then 'language' end,
        case when %(hours)s::int[] <> '{}' and not
          extract(hour from starts_at at time zone 'Europe/London')::int = any(%(hours)s::int[])
          then 'time' end], null) as missed
    from (
      select free.*, generate_series(
        date_bin(%(step)s, lower(during) + %(step)s - interval '1 microsecond', '2000-01-01Z'),
        upper(during) - %(length)s, %(step)s) as starts_at
      from (
        select work.*, coalesce(taken.load, 0) as load, unnest(
          work.times * opening.times
          - coalesce(taken.times, '{}') - coalesce(away.times, '{}')) as during
        from opening, (
          select officers.id as officer_id, other_officer, other_gender, other_language,
            range_agg(s.during * tstzrange(days.begins, days.ends + %(length)s)) as times
          from appointments_shift s
          join officers on officers.id = s.officer_id
          where s.desk_id = %(desk)s
            and s.during && tstzrange(days.begins, days.ends + %(length)s)
          group by 1, 2, 3, 4
        ) work
        left join lateral (
          select range_agg(occupies) as times, count(*) as load
          from appointments_appointment
          where officer_id = work.officer_id
            and occupies && range_merge(days.week, tstzrange(days.begins, days.ends + %(length)s))
            and OCCUPYING
        ) taken on true
        left join lateral (
          select range_agg(during) as times from rosters_absence
          where officer_id = work.officer_id and ended_at is null
            and during && tstzrange(days.begins, days.ends + %(length)s)
        ) away on true
      ) free
    ) starts
    where starts_at >= days.begins and starts_at < days.ends
  ) asked
  where missed = '{}' or not %(strict)s
  order by starts_at, cardinality(missed), load, hashtext(officer_id::text || starts_at::text)
) found
order by days.begins, found.starts_at
limit %(limit)s
""".replace("OPENING", _OPENING).replace("OCCUPYING", _OCCUPYING)

_ROSTERED = """
with OPENING
select coalesce((
    select range_agg(during) * (select times from opening) @> %(during)s::tstzrange
    from appointments_shift
    where desk_id = %(desk)s and officer_id = %(officer)s and during && %(during)s::tstzrange
  ), false)
  and not exists (
    select from rosters_absence
    where officer_id = %(officer)s and ended_at is null and during && %(during)s::tstzrange)
""".replace("OPENING", _OPENING)


def free_slots(
    desk, *, at, since=None, until=None, limit=12, every=STEP_MINUTES, wishes=None
) -> list[Slot]:
    """The desk's next free times, earliest first; each with the officer who has least to do.

    ``at`` is now; nothing sooner than LEAD_MINUTES from it or before ``since``, nothing later than
    ``until`` (default HORIZON_DAYS on). Times stand ``every`` so many minutes of the hour. Only
    times that meet every one of ``wishes``. Least to do is by the London week of the time, at every
    desk. One query. An empty list where no shift is rostered.
    """
    return _free(desk, at, since, until, limit, every, wishes or Wishes(), strict=True)


def slots_for(incident, *, kind="video", at, wishes=None, limit=6) -> list[Slot]:
    """Several times to offer for this incident: the earliest first, spread over days and officers.

    The urgency band of the incident says from when to when. What its flags and the victim's needs
    ask of the officer is always met. Times that meet every one of ``wishes`` come alone where there
    are any; else those that miss the fewest, which say what they miss. Where the band holds no time
    at all: the first ones after it, which miss the "band". Empty without a desk or a roster.
    """
    desk = desk_for(incident, kind)
    if desk is None:
        return []
    wishes = wishes or Wishes()
    asked = replace(wishes, skills=(*wishes.skills, *skills.required(incident, at=at)))
    band = bands.band_for(incident)
    since, until = band.window(at)
    step = CHOICE_STEP_MINUTES
    found = _free(desk, at, since, until, 400, step, asked, strict=False)
    late = ()
    if not found:
        since, until, late = until, at + timedelta(days=HORIZON_DAYS), ("band",)
        found = (
            _free(desk, at, since, until, 100, step, asked, strict=False) if since < until else []
        )
    fewest = min((len(slot.missed) for slot in found), default=0)
    best = [slot for slot in found if len(slot.missed) == fewest]
    apart = timedelta(minutes=max(desk.slot_minutes + desk.buffer_minutes, 60))
    chosen = _spread(best, limit, apart)
    return [replace(slot, missed=slot.missed + late) for slot in chosen]


def is_rostered(desk, officer, during) -> bool:
    """Whether ``officer`` may be given the whole of ``during`` (a range) at the desk.

    Their shifts there cover it end to end, no absence touches it and the desk is open. What is
    booked is not asked.
    """
    values = {
        "desk": desk.pk,
        "officer": officer.pk,
        "during": during,
        "from": during.lower,
        "until": during.upper,
        "holidays": list(BANK_HOLIDAYS),
    }
    with connection.cursor() as cursor:
        cursor.execute(
            _ROSTERED,
            values,
        )
        return cursor.fetchone()[0]


def _free(desk, at, since, until, limit, every, wishes, *, strict):
    soonest = at + timedelta(minutes=LEAD_MINUTES)
    hours = {hour for part in wishes.parts_of_day for hour in PARTS_OF_DAY[part]}
    values = {
        "from": max(soonest, since) if since else soonest,
        "until": until or at + timedelta(days=HORIZON_DAYS),
        "desk": desk.pk,
        "step": timedelta(minutes=every),
        "length": timedelta(minutes=desk.slot_minutes + desk.buffer_minutes),
        "limit": limit,
        "holidays": list(BANK_HOLIDAYS),
        "officer": wishes.officer_id,
        "gender": wishes.gender,
        "language": wishes.language,
        "skills": sorted(set(wishes.skills)),
        "hours": sorted(hours),
        "strict": strict,
    }
    talk = timedelta(minutes=desk.slot_minutes)
    with connection.cursor() as cursor:
        cursor.execute(_FREE, values)
        return [
            Slot(desk.pk, officer_id, starts_at, starts_at + talk, tuple(missed))
            for officer_id, starts_at, missed in cursor.fetchall()
        ]


def _spread(slots, limit, apart):
    """At most ``limit`` of them: the earliest of each half day, then the next; all ``apart``."""
    halves = {}
    for slot in slots:
        wall = local_time.local(slot.starts_at)
        halves.setdefault((wall.date(), wall.hour >= 13), []).append(slot)
    chosen = []
    for slot in (slot for turn in zip_longest(*halves.values()) for slot in turn if slot):
        if all(abs(slot.starts_at - other.starts_at) >= apart for other in chosen):
            chosen.append(slot)
        if len(chosen) == limit:
            break
    return sorted(chosen, key=lambda slot: slot.starts_at)
