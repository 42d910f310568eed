"""The diary inside a process of the house: what bench/diary.py asks of it, a line of JSON each."""

import contextlib
import json
import os
import random
import statistics
import sys
import threading
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import time as clock
from datetime import timedelta
from pathlib import Path

OFFICERS, DAYS = 72, 14

# The least that finds free times: one day's shifts less what is booked in it, by any officer.
BARE = """
with taken as (
  select officer_id, range_agg(occupies) as times from appointments_appointment
  where occupies && tstzrange(%(from)s, %(until)s)
    and status in ('held', 'booked', 'waiting', 'in_call', 'ended')
  group by officer_id
), free as (
  select work.officer_id, unnest(work.times - coalesce(taken.times, '{}')) as during
  from (
    select officer_id, range_agg(during * tstzrange(%(from)s, %(until)s)) as times
    from appointments_shift
    where desk_id = %(desk)s and during && tstzrange(%(from)s, %(until)s) group by 1
  ) work left join taken using (officer_id)
), starts as (
  select officer_id, generate_series(
    date_bin('15 minutes', lower(during) + interval '15 minutes' - interval '1 microsecond',
      '2000-01-01Z'), upper(during) - %(length)s, interval '15 minutes') as starts_at
  from free
)
select distinct on (starts_at) officer_id, starts_at from starts
order by starts_at, officer_id limit 5
"""
# The least of the chosen design: each time with the officer who has least to do in that week.
FAIR = """
with work as materialized (
  select officer_id, range_agg(during * tstzrange(%(from)s, %(until)s)) as times
  from appointments_shift
  where desk_id = %(desk)s and during && tstzrange(%(from)s, %(until)s) group by 1
), firsts as materialized (
  select officer_id, starts_at from work, lateral (
    select generate_series(
      date_bin('15 minutes', lower(during) + interval '15 minutes' - interval '1 microsecond',
        '2000-01-01Z'), upper(during) - %(length)s, interval '15 minutes') as starts_at
    from (select unnest(work.times - coalesce((
        select range_agg(occupies) from appointments_appointment
        where officer_id = work.officer_id and occupies && tstzrange(%(from)s, %(until)s)
          and status in ('held', 'booked', 'waiting', 'in_call', 'ended')), '{}')) as during) free
    limit 5) starts
), five as (
  select * from firsts
  where starts_at <= (select starts_at from firsts group by 1 order by 1 offset 4 limit 1)
), loads as materialized (
  select officer_id, (
      select count(*) from appointments_appointment
      where officer_id = one.officer_id and occupies && tstzrange(%(monday)s, %(sunday)s)
        and status in ('held', 'booked', 'waiting', 'in_call', 'ended')) as booked
  from (select distinct officer_id from five) one
)
select distinct on (starts_at) officer_id, starts_at from five join loads using (officer_id)
order by starts_at, booked limit 5
"""

_kept = {}


def answer():
    """Answer the questions that come in, a line each."""
    import django

    django.setup()
    for line in sys.stdin:
        name, *rest = line.split()
        sys.stdout.write(json.dumps(ANSWERS[name](*rest)) + "\n")
        sys.stdout.flush()


def _as_administrator(address, *statements):
    """Run statements, each with its values, past the triggers: they would take minutes."""
    import psycopg2
    from psycopg2.extras import register_uuid

    register_uuid()
    one = psycopg2.connect(address)
    one.autocommit = True
    with contextlib.closing(one), one.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        for statement, *values in statements:
            cursor.execute(statement, *values)


def fill(minutes, full, file, address):
    """A desk with 72 officers of 7 to 23 o'clock for 14 days, so much of it booked by chance."""
    from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
    from django.utils.timezone import now

    from appointments.models import Shift
    from tests import factories
    from tests.appointments import factories as diary
    from victimcontact.lib import local_time

    minutes, full = int(minutes), float(full)
    if "officers" not in _kept:
        _kept["force"] = factories.force()
        _kept["officers"] = [factories.user("video_officer") for _ in range(OFFICERS)]
        _kept["incident"] = diary.video_incident()
        _kept["first"] = local_time.local(now()).date() + timedelta(days=1)
    begins = local_time.day_bounds(_kept["first"])[0]
    _as_administrator(
        address,
        ("delete from appointments_appointment where upper(during) > %s", [begins]),
        ("delete from appointments_shift",),
    )
    desk = diary.desk(slug=f"bench{minutes}", hours={}, opens=clock(7), closes=clock(23))
    desk.slot_minutes, desk.buffer_minutes = minutes, 0
    desk.save()
    chance, length = random.Random(f"{minutes} {full}"), timedelta(minutes=minutes)
    shifts, rows, booked = [], [], []
    for number, officer in enumerate(_kept["officers"]):
        for ahead in range(DAYS):
            day = _kept["first"] + timedelta(days=ahead)
            start, end = (local_time.from_local(day, clock(hour)) for hour in (7, 23))
            shifts.append(Shift(desk=desk, officer=officer, during=DateTimeTZRange(start, end)))
            while start + length <= end:
                if chance.random() < full:
                    booked.append(
                        [number, local_time.local(start).replace(tzinfo=None).isoformat()]
                    )
                    rows.append((officer.pk, start))
                start += length
    Shift.objects.bulk_create(shifts)
    Path(file).write_text(json.dumps({"minutes": minutes, "officers": OFFICERS, "booked": booked}))
    _kept["desk"] = desk
    values = _values() | {"length": length}
    values["officers"], values["starts"] = (list(column) for column in zip(*rows, strict=True))
    _as_administrator(
        address,
        (
            ENDED + "unnest(%(officers)s::uuid[], %(starts)s::timestamptz[]) as x (officer, start)",
            values,
        ),
        ("vacuum analyze",),
    )
    _kept["at"] = local_time.from_local(_kept["first"], clock(6, 30))
    return {"first": _kept["first"].isoformat()}


# Appointments that are over, of the officers and starts that a table function gives.
ENDED = """
insert into appointments_appointment (id, incident_id, offer_id, kind, role, contact_id, desk_id,
  officer_id, during, occupies, status, held_by_id, idempotency_key, created_at, booked_at,
  cancelled_reason)
select uuidv7(), %(incident)s, %(offer)s, 'video', 'victim', %(contact)s, %(desk)s, officer,
  tstzrange(start, start + %(length)s), tstzrange(start, start + %(length)s), 'ended', officer,
  gen_random_uuid(), start, start, ''
from """


def _values():
    one = _kept["incident"]
    return {
        "incident": one.pk,
        "offer": one.offers.get().pk,
        "contact": one.victim.pk,
        "desk": _kept["desk"].pk,
    }


def past(many, address):
    """So many appointments of the same officers in the years before."""
    values = _values() | {
        "length": timedelta(minutes=30),
        "officers": [officer.pk for officer in _kept["officers"]],
        "last": int(many) - 1,
        "until": _kept["at"] - timedelta(days=2),
    }
    numbers = f"""(select (%(officers)s::uuid[])[n %% {OFFICERS} + 1],
      %(until)s - (n / {OFFICERS}) * interval '45 minutes' from generate_series(0, %(last)s) n)
      as x (officer, start)"""
    _as_administrator(address, (ENDED + numbers, values), ("vacuum analyze",))
    return {}


def _timed(work):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    if "queries" not in _kept.setdefault(work.__name__, {}):
        with CaptureQueriesContext(connection) as found:
            work()
        _kept[work.__name__]["queries"] = len(found)
    before, started = _cpu_ms(connection), time.perf_counter()
    work()
    took = (time.perf_counter() - started) * 1000
    return {"ms": took, "cpu_ms": _cpu_ms(connection) - before, **_kept[work.__name__]}


def _cpu_ms(connection):
    """What this process and its database backend have worked: steady where others work beside."""
    backend = connection.connection.info.backend_pid
    spent = int(Path(f"/proc/{backend}/schedstat").read_text().split()[0])
    return time.process_time() * 1000 + spent / 1_000_000


def ours():
    """The next five times, as the product asks."""
    from appointments import selectors

    def product():
        found = selectors.free_slots(_kept["desk"], at=_kept["at"], limit=5)
        assert len(found) == 5

    return _timed(product)


def bare():
    """The next five times by the least SQL, on the day that has them, by any officer."""

    def any_officer():
        _floor(BARE)

    return _timed(any_officer)


def fair():
    """The same, each with the officer who has least to do."""

    def least_to_do():
        _floor(FAIR)

    return _timed(least_to_do)


def _floor(statement):
    from django.db import connection

    from victimcontact.lib import local_time

    day = local_time.local(_kept["at"]).date()
    monday = day - timedelta(days=day.weekday())
    asked = {
        "from": _kept["at"],
        "until": _kept["at"] + timedelta(hours=18),
        "monday": local_time.day_bounds(monday)[0],
        "sunday": local_time.day_bounds(monday + timedelta(days=7))[0],
        "desk": _kept["desk"].pk,
        "length": timedelta(minutes=_kept["desk"].slot_minutes),
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, asked)
        assert len(cursor.fetchall()) == 5


def rush(many, address):
    """An empty desk and so many incidents whose victims chose video."""
    from tests import factories
    from tests.appointments import factories as diary

    _as_administrator(
        address,
        ("delete from appointments_appointment",),
        ("delete from appointments_shift",),
    )
    desk = diary.desk(slug="rush", slot_minutes=30, buffer_minutes=0)
    desk.__class__.objects.exclude(pk=desk.pk).update(is_active=False)
    _kept["by"] = factories.user("supervisor")
    _kept["rush"] = [diary.shift(desk, hours=12) for _ in range(OFFICERS)]
    _kept["incidents"] = [diary.video_incident() for _ in range(max(int(many), 200))]
    _kept["desk"] = desk
    _as_administrator(address, ("vacuum analyze",))
    return {}


def _hold(incident, officer_id, starts_at):
    from django.utils.timezone import now

    from appointments import booking

    try:
        booking.hold(
            incident_id=incident.pk,
            officer_id=officer_id,
            starts_at=starts_at,
            idempotency_key=uuid.uuid4(),
            by=_kept["by"],
            at=now(),
        )
    except booking.SlotTaken as taken:
        return f"taken {bool(taken.alternatives)}"
    except Exception as error:
        return f"error {type(error).__name__}"
    return "held"


def races(many, racers):
    """So many want one officer's one time at once, again and again. Everybody gets an answer."""
    from appointments.models import Appointment

    racers, found, took = int(racers), Counter(), []
    for number in range(int(many)):
        shift = _kept["rush"][number % OFFICERS]
        starts_at = shift.during.lower + timedelta(minutes=30 * (number // OFFICERS))
        begin = threading.Barrier(racers + 1)
        with ThreadPoolExecutor(racers) as pool:

            def race(incident, shift=shift, starts_at=starts_at, begin=begin):
                from django.db import connection

                connection.ensure_connection()
                begin.wait()
                try:
                    return _hold(incident, shift.officer_id, starts_at)
                finally:
                    connection.close()

            told = [pool.submit(race, one) for one in _kept["incidents"][:racers]]
            begin.wait()
            started = time.perf_counter()
            answers = [one.result() for one in told]
            took.append((time.perf_counter() - started) * 1000)
        held = Appointment.objects.filter(
            officer=shift.officer, during__startswith=starts_at, status="held"
        ).count()
        found["double"] += max(held - 1, 0)
        found["none"] += held == 0
        found["errors"] += sum(each.startswith("error") for each in answers)
        Appointment.objects.filter(status="held").update(status="released", held_until=None)
    return {
        **{name: found[name] for name in ("double", "none", "errors")},
        "median_ms": statistics.median(took),
        "worst_ms": max(took),
    }


def earliest(many, threads):
    """So many take the earliest time there is."""
    from django.utils.timezone import now

    from appointments import booking
    from appointments.models import Appointment

    many, threads, claims, place = int(many), int(threads), [], booking._place

    def counted(*arguments, **more):
        claims.append(1)
        return place(*arguments, **more)

    def take(incident):
        try:
            booking.hold_earliest(
                incident_id=incident.pk, idempotency_key=uuid.uuid4(), by=_kept["by"], at=now()
            )
        except booking.SlotTaken:
            return False
        return True

    booking._place = counted
    started = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        done = list(pool.map(take, _kept["incidents"][:many]))
    seconds = time.perf_counter() - started
    booking._place = place
    Appointment.objects.filter(status="held").update(status="released", held_until=None)
    return {
        "booked": sum(done),
        "claims": len(claims),
        "seconds": seconds,
        "floor_seconds": _floor_of_claims(many, threads),
    }


def _floor_of_claims(many, threads):
    """The least that settles it: a row a time, claimed by SKIP LOCKED. Tables of the owner."""
    import psycopg2

    owner = psycopg2.connect(os.environ["DATABASE_OWNER_URL"])
    owner.autocommit = True
    with contextlib.closing(owner), owner.cursor() as cursor:
        cursor.execute("drop table if exists bench_slot")
        cursor.execute("create table bench_slot (id int primary key, is_taken boolean)")
        cursor.execute("insert into bench_slot select n, false from generate_series(1, 400) n")
        cursor.execute("grant select, update on bench_slot to public")

    local = threading.local()

    def claim(_):
        if not hasattr(local, "one"):
            local.one = psycopg2.connect(os.environ["DATABASE_URL"])
            local.one.autocommit = True
        with local.one.cursor() as cursor:
            cursor.execute(
                "update bench_slot set is_taken = true where id = (select id from bench_slot"
                " where not is_taken order by id limit 1 for update skip locked) returning id"
            )
            return cursor.fetchone()

    started = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        assert len(set(pool.map(claim, range(many)))) == many
    return time.perf_counter() - started


ANSWERS = {each.__name__: each for each in (fill, past, ours, bare, fair, rush, races, earliest)}
