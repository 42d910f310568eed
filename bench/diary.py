"""How the diary stands a rush: free times and booking, beside floors and django-appointment.

Run: python bench/diary.py --peer PYTHON, where PYTHON has requirements-bench.txt installed in a
virtual environment of its own; without --peer only the floors stand beside. --past NUMBER for so
many past appointments (1,000,000 by default), --only slots races earliest http for some parts.
Prints ratios within one run, medians of interleaved rounds, since machines differ.
"""

import argparse
import contextlib
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[1]
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))

OFFICERS, DAYS = 72, 14
ROUNDS = 9
FILLINGS = [(30, 0.6), (45, 0.6), (30, 0.95), (45, 0.95)]
RACES, RACERS = 300, 24
PARTS = ["slots", "races", "earliest", "http"]
say = sys.stdout.write

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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", default="", metavar="PYTHON")
    parser.add_argument("--past", type=int, default=1_000_000)
    parser.add_argument("--races", type=int, default=RACES)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--answer", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.answer:
        return answer()
    if set(asked.only) - {"http"}:
        in_the_database(asked)
    if "http" in asked.only:
        by_http(asked)


class Child:
    """A process that answers questions, a line of JSON each."""

    def __init__(self, command, environment):
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, question):
        self.process.stdin.write(question + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"A process that was measured ended at “{question}”.")
        return json.loads(line)

    def end(self):
        self.process.stdin.close()
        self.process.wait(20)


def in_the_database(asked):
    """Free times at four fillings, the same with a long past, and races for one time."""
    from bench import triage
    from victimcontact import engines

    with tempfile.TemporaryDirectory(prefix="victimcontact-bench-") as folder:
        pair = engines.start(folder, throwaway=True)
        children = []
        try:
            plain = triage.environment(pair, folder)
            triage.manage("migrate", "--noinput", **plain, DATABASE_ROLE="owner")
            triage._as_superuser(pair, "create database past template victimcontact")
            command = [sys.executable, __file__, "--answer"]
            ours = Child(command, plain)
            children.append(ours)
            if "slots" in asked.only:
                long = Child(command, triage.environment(pair, folder, "past"))
                children.append(long)
                _slots(asked, pair, folder, ours, long, children)
            if {"races", "earliest"} & set(asked.only):
                ours.ask(f"rush {RACERS} {triage._address(pair.superuser_url, 'victimcontact')}")
            if "races" in asked.only:
                _races(asked, ours)
            if "earliest" in asked.only:
                _earliest(ours)
        finally:
            for one in children:
                one.end()
            pair.stop(remove=True)


def _slots(asked, pair, folder, ours, long, children):
    from bench import triage

    plain, past = (triage._address(pair.superuser_url, name) for name in ("victimcontact", "past"))
    for number, (minutes, full) in enumerate(FILLINGS):
        file = Path(folder) / f"desk{number}.json"
        first = ours.ask(f"fill {minutes} {full} {file} {plain}")["first"]
        long.ask(f"fill {minutes} {full} {file} {past}")
        if number == 0 and asked.past:
            started = time.monotonic()
            long.ask(f"past {asked.past} {past}")
            took = time.monotonic() - started
            say(f"{asked.past:,} past appointments filled in {took:.0f} s\n")
        taken = {"ours": [], "bare": [], "fair": [], "long": []}
        if asked.peer:
            triage._as_superuser(pair, f"create database peer{number}")
            environment = _peer_environment(pair, f"peer{number}")
            subprocess.run(
                [asked.peer, str(HERE / "peer.py"), "migrate"], env=environment, check=True
            )
            peer = Child([asked.peer, str(HERE / "peer.py")], environment)
            children.append(peer)
            peer.ask(f"fill {file}")
            taken["peer"] = []
        for turn in range(ROUNDS + 2):
            told = {name: ours.ask(name) for name in ("ours", "bare", "fair")}
            told["long"] = long.ask("ours")
            if asked.peer and turn < 5:
                told["peer"] = peer.ask(f"slots {first}")
                asked_of_peer = told["peer"]["queries"]
            for name, each in told.items():
                if turn >= 2 or name == "peer":
                    taken[name].append((each["ms"], each.get("cpu_ms", 0)))
        wall, cpu = (
            {name: statistics.median(each[kind] for each in times) for name, times in taken.items()}
            for kind in (0, 1)
        )
        say(f"next 5 times, {minutes} min, {full:.0%} booked: {wall['ours']:.1f} ms")
        say(f" in {told['ours']['queries']} query, {cpu['ours']:.1f} by CPU. Bare SQL of the same")
        say(f" design {wall['fair']:.1f} ms: {wall['ours'] / wall['fair']:.2f} times it, by CPU")
        say(f" {cpu['ours'] / cpu['fair']:.2f}; bare SQL that takes any officer")
        say(
            f" {wall['ours'] / wall['bare']:.2f}, by CPU {cpu['ours'] / cpu['bare']:.2f}; long past"
        )
        say(f" {wall['long'] / wall['ours']:.2f}, by CPU {cpu['long'] / cpu['ours']:.2f} times")
        if asked.peer:
            say(f"; django-appointment {wall['peer']:,.0f} ms in {asked_of_peer:,}")
            say(f" queries: {wall['peer'] / wall['ours']:,.0f} times ours")
        say("\n")
        sys.stdout.flush()


def _races(asked, ours):
    ours.ask(f"races 10 {RACERS}")  # caches and plans, before anything is timed
    found = ours.ask(f"races {asked.races} {RACERS}")
    say(
        f"{asked.races} races of {RACERS} for one time: double {found['double']}, nobody"
        f" {found['none']}, errors {found['errors']}; median {found['median_ms']:.0f} ms, worst"
        f" {found['worst_ms']:.0f} ms: {found['worst_ms'] / found['median_ms']:.1f} times it\n"
    )
    sys.stdout.flush()


def _earliest(ours):
    told = [ours.ask("earliest 200 16") for _ in range(1 + 5)][1:]
    found = {name: statistics.median(each[name] for each in told) for name in told[0]}
    say(
        f"200 want the earliest: {found['booked']:.0f} settled in {found['seconds']:.1f} s with"
        f" {found['claims'] / max(found['booked'], 1):.2f} claims each; bare SKIP LOCKED claim"
        f" {found['floor_seconds']:.2f} s: {found['seconds'] / found['floor_seconds']:.1f} times\n"
    )
    sys.stdout.flush()


def _peer_environment(pair, database):
    url = urlsplit(pair.superuser_url)
    return {
        **os.environ,
        "PEER_HOST": url.hostname,
        "PEER_PORT": str(url.port),
        "PEER_DATABASE": database,
        "PEER_USER": url.username,
        "PEER_PASSWORD": url.password or "",
        "PYTHONPATH": str(HERE),
    }


# Inside a process of the house


_kept = {}


def answer():
    import django

    django.setup()
    for line in sys.stdin:
        name, *rest = line.split()
        say(json.dumps(ANSWERS[name](*rest)) + "\n")
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


# Through the servers


def by_http(asked):
    """Races of 50 and 200 for one time, and full bookings, each through its own gunicorn."""
    from bench import served
    from victimcontact.run import STANDBY, WORKER

    with served.house(DJANGO_SETTINGS_MODULE="bench.settings") as house:
        house.sql("create table bench_slot (id int primary key, is_taken boolean)")
        house.sql("insert into bench_slot select n, false from generate_series(1, 100000) n")
        house.sql("grant select, update on bench_slot to vc_app")
        made = house.manage("shell", "-c", "from bench import diary; diary.make(280)")
        world = json.loads(made.strip().splitlines()[-1])
        for name in (WORKER, STANDBY):  # a booking is measured, not the sending of its text
            house.kill(name)
        with contextlib.ExitStack() as stack:
            peer = stack.enter_context(_peer(asked.peer, house)) if asked.peer else None
            _bookings(house, world, peer)
            _our_races(house, world)
            if peer:
                peer.races()


def make(many):
    """Incidents to book, a desk for them and officers of the demonstration force."""
    from django.utils.timezone import now

    from appointments.models import Desk
    from tests import factories
    from tests.appointments import factories as diary
    from victimcontact.accounts.models import Force

    force = Force.objects.get()
    desk = diary.desk(force, slug="rush", slot_minutes=30, buffer_minutes=0)
    Desk.objects.exclude(pk=desk.pk).update(is_active=False)
    shifts = [diary.shift(desk, hours=12) for _ in range(40)]
    found = []
    for _ in range(int(many)):
        victim = diary.reachable_victim(force)
        made = factories.incident(force, victim=victim, grade=3, at=now())
        factories.offer(made, at=now())
        found.append(str(made.pk))
    starts = [[str(one.officer_id), one.during.lower.isoformat()] for one in shifts]
    say(json.dumps({"incidents": found, "starts": starts}) + "\n")


def _browsers(house, many):
    """As many browsers with one person's sign-in."""
    from bench import served

    first = served.Browser(house.url, "call_handler")
    found = []
    for _ in range(many):
        import requests

        one = requests.Session()
        one.cookies.update(first.cookies)
        one.headers["X-CSRFToken"] = first.token
        found.append(one)
    return found


def _slot(world, number):
    officer, first = world["starts"][number % 40]
    starts_at = datetime.fromisoformat(first) + timedelta(minutes=30 * (number // 40))
    return f"{officer} {starts_at.isoformat()}"


def _post(browser, house, incident, slot):
    form = {"slot": slot, "key": str(uuid.uuid4())}
    return browser.post(f"{house.url}/diary/book/{incident}/", form, allow_redirects=False)


def _bookings(house, world, peer, rounds=5, many=16):
    """Bookings a second, eight at a time: ours, the bare claim and the peer's, in turn."""
    browsers = _browsers(house, 8)
    rates = {"ours": [], "confirm": [], "floor": [], "peer": []}

    def hold(number):
        slot = _slot(world, number + 400)
        held = _post(browsers[number % 8], house, world["incidents"][number], slot)
        assert held.status_code == 302, held.status_code

    def confirm(pair):
        number, pk = pair
        done = browsers[number % 8].post(
            f"{house.url}/diary/{pk}/confirm/", {}, allow_redirects=False
        )
        assert done.status_code == 302, done.status_code

    def claim(number):
        browsers[number % 8].post(f"{house.url}/bench/claim/").raise_for_status()

    def timed(work, over):
        started = time.perf_counter()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(work, over))
        return time.perf_counter() - started

    timed(claim, range(50))
    for turn in range(rounds):
        rates["floor"].append(200 / timed(claim, range(200)))
        numbers = range(turn * many, (turn + 1) * many)
        held = timed(hold, numbers)
        keys = dict(
            house.sql(
                "select incident_id::text, id::text from appointments_appointment"
                " where status = 'held'"
            )
        )
        pairs = [(number, keys[world["incidents"][number]]) for number in numbers]
        confirmed = timed(confirm, pairs)
        rates["ours"].append(many / (held + confirmed))
        rates["confirm"].append(many / confirmed)
        if peer:
            rates["peer"].append(
                many / timed(lambda n: peer.book(n % 200, n % 40, clock(10 + n // 40)), numbers)
            )
    booked = house.sql(
        "select count(*), count(n.id) from appointments_appointment a left join"
        " messaging_notification n on n.about_id = a.id where a.status = 'booked'"
        " and a.desk_id = (select id from appointments_desk where slug = 'rush')"
    )[0]
    assert booked == (rounds * many, rounds * many), booked
    rate = {name: statistics.median(each) for name, each in rates.items() if each}
    say(f"{booked[0]} booked, each with its text. Eight at a time, the bare claim through the")
    say(f" same server {rate['floor']:.0f} a second; the POST that books {rate['confirm']:.1f}:")
    say(f" {rate['confirm'] / rate['floor']:.2f} times it; hold and book, two POSTs,")
    say(f" {rate['ours']:.1f}: {rate['ours'] / rate['floor']:.2f} times it")
    if peer:
        say(f"; django-appointment, its two POSTs, {rate['peer']:.1f}: ours")
        say(f" {rate['ours'] / rate['peer']:.1f} times it")
    say("\n")
    sys.stdout.flush()


def _our_races(house, world):
    free = world["incidents"][80:]
    for many, rounds in ((50, 8), (200, 8)):
        browsers, took, answers, double = _browsers(house, many), [], Counter(), 0
        for one in browsers:
            one.headers["Connection"] = "close"  # the server ends idle ones between two races
        for number in range(-1, rounds):  # the first is not timed: threads open connections
            slot = _slot(world, number + (1 if many == 50 else 101))
            begin = threading.Barrier(many + 1)

            def race(place, slot=slot, begin=begin, browsers=browsers):
                begin.wait()
                try:
                    return _post(browsers[place], house, free[place], slot).status_code
                except OSError:
                    return 0  # the connection was lost: no answer at all

            with ThreadPoolExecutor(many) as pool:
                told = [pool.submit(race, place) for place in range(many)]
                begin.wait()
                started = time.perf_counter()
                answers.update(one.result() for one in told)
                if number >= 0:
                    took.append(time.perf_counter() - started)
            officer, _, starts = slot.partition(" ")
            held = house.sql(
                "select count(*) from appointments_appointment where status in ('held', 'booked')"
                f" and officer_id = '{officer}' and lower(during) = '{starts}'"
            )[0][0]
            double += max(held - 1, 0)
        failed = sum(count for status, count in answers.items() if status >= 500)
        say(f"{rounds} races of {many} by HTTP: double {double}, 5xx {failed}, lost {answers[0]},")
        say(" answers")
        say(f" {dict(answers)}; median {statistics.median(took):.2f} s, worst {max(took):.2f} s,")
        say(f" {max(took) / statistics.median(took):.1f} times it\n")
        sys.stdout.flush()


class _Peer:
    """django-appointment behind a gunicorn like ours: its two forms, no sign-in, no CSRF."""

    def __init__(self, url, child):
        self.url, self.child, self.ids = url, child, child.ask("ids")
        self.day = str(datetime.now(tz=UTC).date() + timedelta(days=3))

    def book(self, booker, staff, start):
        """The status of the second form's answer, or what the first one answered instead."""
        import requests

        end = datetime.combine(datetime.now(tz=UTC), start) + timedelta(minutes=30)
        with requests.Session() as one:
            one.headers["X-Booker"] = f"booker{booker}"
            answer = one.post(
                f"{self.url}/request-submit/",
                {
                    "date": self.day,
                    "start_time": f"{start:%H:%M}",
                    "end_time": f"{end:%H:%M}",
                    "service": self.ids["service"],
                    "staff_member": self.ids["staff"][staff],
                },
                allow_redirects=False,
            )
            if answer.status_code != 302:
                return f"first form {answer.status_code}"
            answer = one.post(
                self.url + answer.headers["Location"],
                {
                    "name": "Robin Example",
                    "email": "r@example.org",
                    "phone_0": "GB",
                    "phone_1": "07911123456",
                    "address": "1 Example Street",
                    "payment_type": "full",
                },
                allow_redirects=False,
            )
            return answer.status_code

    def races(self):
        for many, start in ((50, clock(8)), (200, clock(9))):
            before = self.child.ask("doubles")["doubles"]
            with ThreadPoolExecutor(many) as pool:
                told = Counter(pool.map(lambda n, at=start: self.book(n, 0, at), range(many)))
            double = self.child.ask("doubles")["doubles"] - before
            say(f"django-appointment, {many} at one time: double {double}, answers {dict(told)}\n")
            sys.stdout.flush()


@contextlib.contextmanager
def _peer(python, house):
    import requests

    from bench import triage
    from victimcontact import engines

    pair = house._pair
    triage._as_superuser(pair, "create database peer")
    environment = _peer_environment(pair, "peer")
    subprocess.run([python, str(HERE / "peer.py"), "migrate"], env=environment, check=True)
    child = Child([python, str(HERE / "peer.py")], environment)
    port, server = engines.free_port(), None
    try:
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump({"minutes": 30, "officers": 40, "booked": []}, file)
            file.flush()
            child.ask(f"fill {file.name}")
        server = subprocess.Popen(
            [
                *(python, "-m", "gunicorn", "-k", "gthread", "-w", "2", "--threads", "4"),
                *("-b", f"127.0.0.1:{port}", "--log-level", "error", "--no-control-socket"),
                "peer:application",
            ],
            cwd=HERE,
            env=environment,
        )
        url = f"http://127.0.0.1:{port}"
        for _ in range(300):
            with contextlib.suppress(requests.ConnectionError):
                requests.get(url, headers={"X-Booker": "booker0"}, timeout=20)
                break
            time.sleep(0.2)
        peer = _Peer(url, child)
        answers = {peer.book(number, number, clock(7)) for number in range(8)}
        assert answers == {302}, answers
        yield peer
    finally:
        child.end()
        if server:
            server.terminate()
            server.wait(20)


if __name__ == "__main__":
    main()
