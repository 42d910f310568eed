"""Free time: shifts, less what is taken, less absences, within a desk's hours. Arithmetic, no rows.

See docs/decisions/0002-free-time-is-arithmetic.md and 0013-which-slots-are-offered.md.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import zip_longest
from uuid import UUID

from django.db import connection

from appointments.models import Desk
from appointments.rosters import bands, hours, skills
from victimcontact.lib import local_time
from victimcontact.lib.prepared import Prepared
from victimcontact.people import needs

LEAD_MINUTES = 15  # a text must arrive, and a person must find a quiet room
HORIZON_DAYS = 14
STEP_MINUTES = 15
CHOICE_STEP_MINUTES = 30
# Hours of London's clock; the night belongs to the evening before it.
WAKING_HOURS = range(7, 22)
SOON = timedelta(hours=3)  # whoever asks at night is awake
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


def wishes_of(contact, officer_id=None) -> Wishes:
    """What this person needs of the officer. ``officer_id`` is one they know already."""
    return Wishes(
        officer_id=officer_id, gender=needs.officer(contact), language=needs.language(contact)
    )


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
    desks = [desk for desk in _desks(force=incident.force_id) if kind in desk.kinds]
    special = [desk for desk in desks if flags & set(desk.takes_flags)]
    general = [desk for desk in desks if not desk.takes_flags]
    return next(iter(special or general), None)


@Prepared
def _desks(force):
    return Desk.objects.filter(force=force, is_active=True)


# When the desk is open, as one multirange: its usual hours, but for dates that have their own.
_OPENING = """
opening as materialized (
  select range_agg(case
      when one.id is null then tstzrange(usual.begins, usual.ends)
      when begins_at < ends_at then tstzrange(begins_at, ends_at)
      else 'empty' end) as times
  from unnest(%(days)s::date[], %(opens)s::timestamptz[], %(closes)s::timestamptz[])
    as usual(day, begins, ends)
  left join rosters_deskday one on one.desk_id = %(desk)s and one."on" = usual.day
  left join lateral (select (one."on" + one.opens) at time zone 'Europe/London' as begins_at,
    (one."on" + one.closes
      + case when one.closes <= one.opens then interval '1 day' else interval '0' end)
      at time zone 'Europe/London' as ends_at) bounds on true
)
"""
_OCCUPYING = """status in ('held', 'booked', 'waiting', 'in_call', 'ended')
            and (status <> 'held' or held_until > clock_timestamp())"""

# What a time misses of the wishes, as bits: of officer s, user u with profile p, and of starts_at.
_MISSES = ("officer", "gender", "language", "time")
_OF_OFFICER = """case when s.officer_id = coalesce(%(officer)s, s.officer_id) then 0 else 1 end
        | case when %(gender)s in ('', u.gender) then 0 else 2 end
        | case when %(language)s = '' or %(language)s = any(p.languages) then 0 else 4 end"""
_OF_TIME = """case when %(hours)s::int[] = '{}' or
            extract(hour from starts_at at time zone 'Europe/London')::int = any(%(hours)s::int[])
          then 0 else 8 end"""

# Day by day of London's calendar, each only once the days before it gave too little: "days" are
# in order, for each the lateral part is asked, and the limit ends the loop. Of each officer only so
# many starts are cut as are wanted: they come in order, and whoever has the n-th time of all has it
# among their own first n, so nobody who is free at a time found is left out. Of each time, those
# officers who meet the most wishes; how much they have to do is asked of them alone. Holds that
# lapsed do not count; whoever takes such a time releases them first. Among equals chance decides:
# of many callers who want the earliest time at once, each is then shown another officer's.
_FREE = """
with OPENING, days as materialized (
  select begins, ends, tstzrange(begins, ends + %(length)s) as during,
    tstzrange(date_trunc('week', day) at time zone 'Europe/London',
      (date_trunc('week', day) + interval '7 days') at time zone 'Europe/London') as week
  from (
    select day, greatest(day at time zone 'Europe/London', %(from)s) as begins,
      least((day + interval '1 day') at time zone 'Europe/London', %(until)s) as ends
    from generate_series((%(from)s at time zone 'Europe/London')::date::timestamp,
      (%(until)s at time zone 'Europe/London')::date::timestamp, interval '1 day') day
  ) bounds
  where begins < ends
  order by begins
), found as materialized (
  select days.week, times.*
  from days, lateral (
    select starts_at, array_agg(officer_id) as officers, array_agg(missed) as missed
    from (
      select s.officer_id,
        OF_OFFICER as wanted,
        range_agg(s.during * days.during) as times
      from appointments_shift s
      join accounts_user u on u.id = s.officer_id and u.is_active
      left join rosters_profile p on p.user_id = u.id
      where s.desk_id = %(desk)s and s.during && days.during
        and coalesce(p.skills, '{}') @> %(skills)s::varchar[]
      group by s.officer_id, u.gender, p.languages
    ) work, lateral (
      select starts_at, wanted | missed as missed
      from (
        select starts_at, OF_TIME as missed
        from (
          select generate_series(
            date_bin(%(step)s, lower(during) + %(step)s - interval '1 microsecond', '2000-01-01Z'),
            upper(during) - %(length)s, %(step)s) as starts_at
          from (
            select unnest(
              work.times * (select times from opening) - coalesce((
                select range_agg(occupies) from appointments_appointment
                where officer_id = work.officer_id and occupies && days.during
                  and OCCUPYING), '{}')
              - coalesce((
                select range_agg(during) from rosters_absence
                where officer_id = work.officer_id and ended_at is null and during && days.during
              ), '{}')) as during
          ) free
        ) starts
        where starts_at >= days.begins and starts_at < days.ends
      ) asked
      where wanted | missed = 0 or not %(strict)s
      limit %(limit)s
    ) starts
    group by starts_at
    order by starts_at
  ) times
  order by days.begins
  limit %(limit)s
), candidates as (
  select found.starts_at, found.week, one.officer_id, one.missed
  from found, lateral unnest(found.officers, found.missed) as one(officer_id, missed)
), loads as (
  select officer_id, week, (
      select count(*) from appointments_appointment
      where officer_id = each.officer_id and occupies && week and OCCUPYING) as booked
  from (select distinct officer_id, week from candidates) each
)
select ONE_EACH officer_id, starts_at, missed
from candidates join loads using (officer_id, week)
order by starts_at, bit_count(missed::bit(4)), booked, random()
limit %(most)s
"""
_FREE = _FREE.replace("OPENING", _OPENING).replace("OCCUPYING", _OCCUPYING)
_FREE = _FREE.replace("OF_OFFICER", _OF_OFFICER).replace("OF_TIME", _OF_TIME)
_EACH_TIME = _FREE.replace("ONE_EACH", "distinct on (starts_at)")
_EACH_OFFICER = _FREE.replace("ONE_EACH", "")
_MISSED = """
select (OF_OFFICER) | (OF_TIME)
from (select %(who)s::uuid as officer_id, %(starts_at)s::timestamptz as starts_at) s
join accounts_user u on u.id = s.officer_id
left join rosters_profile p on p.user_id = u.id
""".replace("OF_OFFICER", _OF_OFFICER).replace("OF_TIME", _OF_TIME)
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
    apart = timedelta(minutes=max(desk.slot_minutes + desk.buffer_minutes, 60))
    return _spread(_in_band(incident, desk, at, 400, asked), limit, apart)


def earliest(incident, *, kind="video", at, wishes=None, contact=None) -> list[Slot]:
    """Everybody who is free at the first few times that ``slots_for`` could offer, best first.

    Several Slots of one time, each with another officer: whoever wants the earliest takes the first
    whose officer nobody else is just booking. ``contact`` is a witness, whom no band hurries.
    """
    desk = desk_for(incident, kind)
    if desk is None:
        return []
    required = skills.required(incident, at=at, contact=contact)
    asked = replace(wishes or Wishes(), skills=tuple(required))
    if contact is None:
        return _in_band(incident, desk, at, 48, asked, most=400)
    found = _free(desk, at, None, None, 48, CHOICE_STEP_MINUTES, asked, strict=False, most=400)
    return _by_day(_fewest_missed(found), at)


def fitting(desk, *, at, wishes, since=None, until=None, limit) -> list[Slot]:
    """Half-hourly times, earliest first: those that meet every wish, where there are any.

    Else those that miss the fewest, which say what they miss. Skills are never missed. Without a
    ``since`` nobody is offered the night where there is a day.
    """
    found = _free(desk, at, since, until, 400, CHOICE_STEP_MINUTES, wishes, strict=False)
    best = _fewest_missed(found)
    return (best if since else _by_day(best, at))[:limit]


def at_time(desk, starts_at, *, at, wishes=None) -> list[Slot]:
    """The one Slot that begins exactly then, with the best officer for it; else an empty list.

    However soon it is: for somebody who is expected then already.
    """
    end = starts_at + timedelta(microseconds=1)
    if starts_at <= at:
        return []
    return _free(desk, at, starts_at, end, 1, 5, wishes or Wishes(), strict=True, lead=0)


def around(incident, near, *, kind, at, contact=None, count=4) -> list[Slot]:
    """The ``count`` free times nearest to ``near``, in order of time, once that one is gone.

    With what the victim, or the witness ``contact``, needs of the officer where there is such a
    time, else saying what is missed; by day where there is one, as the times that were offered
    first. Looks at the day around it first: many ask at once, when one time is gone.
    """
    desk = desk_for(incident, kind)
    if desk is None:
        return []
    required = skills.required(incident, at=at, contact=contact)
    asked = replace(wishes_of(contact or incident.victim), skills=tuple(required))
    band = bands.band_for(incident)

    def best(since, until, limit):
        step = CHOICE_STEP_MINUTES
        found = _fewest_missed(_free(desk, at, since, until, limit, step, asked, strict=False))
        return found if band.is_critical else _by_day(found, at)

    found = best(near - timedelta(hours=12), near + timedelta(hours=24), 100)
    if len(found) < count:
        found = best(None, None, 400)
    chosen = sorted(found, key=lambda slot: abs(slot.starts_at - near))[:count]
    chosen.sort(key=lambda slot: slot.starts_at)
    return chosen if contact else _said_late(chosen, band, at)


def nearest(desk, *, at, since, until, wishes, parts_of_day) -> list[Slot]:
    """Times from ``since`` on that meet all of ``wishes``; in those parts of the day first."""
    asked = replace(wishes, parts_of_day=parts_of_day)
    found = _free(desk, at, since, until, 100, CHOICE_STEP_MINUTES, asked, strict=False)
    able = [slot for slot in found if set(slot.missed) <= {"time"}]
    return sorted(able, key=lambda slot: (bool(slot.missed), slot.starts_at))


def missed(appointment, *, wishes) -> tuple[str, ...]:
    """What its time and officer do not meet, named as ``Slot.missed`` names it.

    The urgency band counts from when it was made; it hurries neither a witness nor a second talk.
    """
    wished, named = _wished(wishes), ()
    if any(wished.values()):
        time = {"who": appointment.officer_id, "starts_at": appointment.starts_at}
        with connection.cursor() as cursor:
            cursor.execute(_MISSED, wished | time)
            named = _named(cursor.fetchone()[0])
    if appointment.witness or appointment.follows_id:
        return named
    band = bands.band_for(appointment.incident)
    return named + _late(band, appointment.starts_at, appointment.created_at)


def is_rostered(desk, officer, during) -> bool:
    """Whether ``officer`` may be given the whole of ``during`` (a range) at the desk.

    Their shifts there cover it end to end, no absence touches it and the desk is open. What is
    booked is not asked.
    """
    values = {
        "desk": desk.pk,
        "officer": officer.pk,
        "during": during,
        **_usual_hours(desk, during.lower, during.upper),
    }
    with connection.cursor() as cursor:
        cursor.execute(_ROSTERED, values)
        return cursor.fetchone()[0]


def _free(desk, at, since, until, limit, every, wishes, *, strict, lead=LEAD_MINUTES, most=0):
    """Slots at the first ``limit`` times: one each, or with ``most`` one for each officer."""
    soonest = at + timedelta(minutes=lead)
    begins = max(soonest, since) if since else soonest
    ends = until or at + timedelta(days=HORIZON_DAYS)
    values = {
        "from": begins,
        "until": ends,
        "desk": desk.pk,
        "step": timedelta(minutes=every),
        "length": timedelta(minutes=desk.slot_minutes + desk.buffer_minutes),
        "limit": limit,
        "most": most or limit,
        "skills": sorted({*wishes.skills, *desk.skills}),
        "strict": strict,
        **_wished(wishes),
        **_usual_hours(desk, begins, ends),
    }
    talk = timedelta(minutes=desk.slot_minutes)
    with connection.cursor() as cursor:
        cursor.execute(_EACH_OFFICER if most else _EACH_TIME, values)
        return [
            Slot(desk.pk, officer_id, starts_at, starts_at + talk, _named(missed))
            for officer_id, starts_at, missed in cursor.fetchall()
        ]


def _wished(wishes):
    """The wishes that a time can miss, as the queries take them."""
    return {
        "officer": wishes.officer_id,
        "gender": wishes.gender,
        "language": wishes.language,
        "hours": sorted({hour for part in wishes.parts_of_day for hour in PARTS_OF_DAY[part]}),
    }


def _in_band(incident, desk, at, limit, asked, *, most=0):
    """The best of the urgency band, else of the time after it: those miss the "band"."""
    band = bands.band_for(incident)
    since, until = band.window(at)
    step = CHOICE_STEP_MINUTES
    found = _free(desk, at, since, until, limit, step, asked, strict=False, most=most)
    if not found:
        since, until = until, at + timedelta(days=HORIZON_DAYS)
        if since < until:
            found = _free(desk, at, since, until, limit, step, asked, strict=False, most=most)
    best = _fewest_missed(found)
    if not band.is_critical:
        best = _by_day(best, at)
    return _said_late(best, band, at)


def of_day(incident, desk, *, at, since, until, wishes, limit) -> list[Slot]:
    """``fitting`` of those hours for the victim: what is later than the band allows says so."""
    found = fitting(desk, at=at, since=since, until=until, wishes=wishes, limit=limit)
    return _said_late(found, bands.band_for(incident), at)


def _said_late(slots, band, at):
    return [replace(slot, missed=slot.missed + _late(band, slot.starts_at, at)) for slot in slots]


def _late(band, starts_at, at):
    return ("band",) if starts_at >= band.window(at)[1] else ()


def _by_day(slots, at):
    """Those in waking hours, and what comes soon; all of them where there is no other."""

    def is_good(slot):
        hour = local_time.local(slot.starts_at).hour
        return hour in WAKING_HOURS or slot.starts_at <= at + SOON

    return [slot for slot in slots if is_good(slot)] or slots


def _fewest_missed(slots):
    fewest = min((len(slot.missed) for slot in slots), default=0)
    return [slot for slot in slots if len(slot.missed) == fewest]


def _named(missed):
    return tuple(name for bit, name in enumerate(_MISSES) if missed >> bit & 1)


def _usual_hours(desk, begins, ends):
    openings = hours.openings(desk, begins, ends) if desk.is_active else []
    return {
        "days": [each.on for each in openings],
        "opens": [each.begins for each in openings],
        "closes": [each.ends for each in openings],
    }


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
