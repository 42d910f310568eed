"""How the diary stands a rush: free times and booking, beside floors and django-appointment.

Run: python bench/diary.py --peer PYTHON, where PYTHON has requirements-bench.txt installed in a
virtual environment of its own; without --peer only the floors stand beside. --past NUMBER for so
many past appointments (1,000,000 by default), --only slots|races|http for a part. Prints ratios
within one run, medians of interleaved rounds, since machines differ.
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
say = sys.stdout.write

# The least that answers the same question: one day's shifts less what is booked in it.
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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", default="", metavar="PYTHON")
    parser.add_argument("--past", type=int, default=1_000_000)
    parser.add_argument("--races", type=int, default=RACES)
    parser.add_argument("--only", choices=["slots", "races", "http"], default="")
    parser.add_argument("--answer", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.answer:
        return answer()
    if asked.only != "http":
        in_the_database(asked)
    if asked.only in ("", "http"):
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
            long = Child(command, triage.environment(pair, folder, "past"))
            children += [ours, long]
            if asked.only in ("", "slots"):
                with contextlib.ExitStack() as stack:
                    _slots(asked, pair, folder, ours, long, stack, children)
            if asked.only in ("", "races"):
                _races(asked, ours)
        finally:
            for one in children:
                one.end()
            pair.stop(remove=True)


def _slots(asked, pair, folder, ours, long, stack, children):
    from bench import triage

    for number, (minutes, full) in enumerate(FILLINGS):
        file = Path(folder) / f"desk{number}.json"
        first = ours.ask(f"fill {minutes} {full} {file}")["first"]
        long.ask(f"fill {minutes} {full} {file}")
        if number == 0 and asked.past:
            started = time.monotonic()
            address = triage._address(pair.superuser_url, "past")
            long.ask(f"past {asked.past} {address}")
            took = time.monotonic() - started
            say(f"{asked.past:,} past appointments filled in {took:.0f} s\n")
        taken = {"ours": [], "bare": [], "long": []}
        if asked.peer:
            triage._as_superuser(pair, f"create database peer{number}")
            environment = _peer_environment(pair, f"peer{number}")
            subprocess.run(
                [asked.peer, str(HERE / "peer.py"), "migrate"], env=environment, check=True
            )
            peer = Child([asked.peer, str(HERE / "peer.py")], environment)
            children.append(peer)
            file.chmod(0o644)
            peer.ask(f"fill {file}")
            taken["peer"] = []
        for turn in range(ROUNDS + 2):
            told = {name: ours.ask(name) for name in ("ours", "bare")}
            told["long"] = long.ask("ours")
            if asked.peer:
                told["peer"] = peer.ask(f"slots {first}")
            if turn >= 2:
                for name, each in told.items():
                    taken[name].append(each["ms"])
        median = {name: statistics.median(times) for name, times in taken.items()}
        say(f"next 5 times, {minutes} min, {full:.0%} booked: {median['ours']:.1f} ms")
        say(f" in {told['ours']['queries']} query; bare SQL {median['bare']:.1f} ms:")
        say(f" {median['ours'] / median['bare']:.2f} times it")
        say(f"; long past {median['long'] / median['ours']:.2f} times")
        if asked.peer:
            say(f"; django-appointment {median['peer']:,.0f} ms in {told['peer']['queries']:,}")
            say(f" queries: {median['peer'] / median['ours']:,.0f} times ours")
        say("\n")
        sys.stdout.flush()


def _races(asked, ours):
    ours.ask(f"rush {RACERS}")
    found = ours.ask(f"races {asked.races} {RACERS}")
    say(
        f"{asked.races} races of {RACERS} for one time: double {found['double']}, nobody"
        f" {found['none']}, errors {found['errors']}; median {found['median_ms']:.0f} ms, worst"
        f" {found['worst_ms']:.0f} ms: {found['worst_ms'] / found['median_ms']:.1f} times it\n"
    )
    found = ours.ask("earliest 200 16")
    say(
        f"200 want the earliest: {found['booked']} settled in {found['seconds']:.1f} s with"
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


def fill(minutes, full, file):
    """A desk with 72 officers of 7 to 23 o'clock for 14 days, so much of it booked by chance."""
    from django.db import connection
    from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
    from django.utils.timezone import now

    from appointments.models import Appointment, Shift
    from tests import factories
    from tests.appointments import factories as diary
    from victimcontact.lib import local_time

    minutes, full = int(minutes), float(full)
    if "officers" not in _kept:
        _kept["force"] = factories.force()
        _kept["officers"] = [factories.user("video_officer") for _ in range(OFFICERS)]
        _kept["incident"] = diary.video_incident()
        _kept["first"] = local_time.local(now()).date() + timedelta(days=1)
    Appointment.objects.filter(
        during__endswith__gt=local_time.day_bounds(_kept["first"])[0]
    ).delete()
    Shift.objects.all().delete()
    desk = diary.desk(slug=f"bench{minutes}", hours={}, opens=clock(7), closes=clock(23))
    desk.slot_minutes, desk.buffer_minutes = minutes, 0
    desk.save()
    incident = _kept["incident"]
    offer = incident.offers.get()
    chance, length = random.Random(f"{minutes} {full}"), timedelta(minutes=minutes)
    shifts, rows, booked = [], [], []
    for number, officer in enumerate(_kept["officers"]):
        for ahead in range(DAYS):
            day = _kept["first"] + timedelta(days=ahead)
            start, end = (local_time.from_local(day, clock(hour)) for hour in (7, 23))
            shifts.append(Shift(desk=desk, officer=officer, during=DateTimeTZRange(start, end)))
            while start + length <= end:
                if chance.random() < full:
                    during = DateTimeTZRange(start, start + length)
                    booked.append(
                        [number, local_time.local(start).replace(tzinfo=None).isoformat()]
                    )
                    rows.append(
                        Appointment(
                            incident=incident,
                            offer=offer,
                            contact=incident.victim,
                            desk=desk,
                            officer=officer,
                            during=during,
                            occupies=during,
                            status="ended",
                            held_by=officer,
                            idempotency_key=uuid.uuid4(),
                            created_at=start,
                            booked_at=start,
                        )
                    )
                start += length
    Shift.objects.bulk_create(shifts)
    Appointment.objects.bulk_create(rows, batch_size=2000)
    Path(file).write_text(json.dumps({"minutes": minutes, "officers": OFFICERS, "booked": booked}))
    with connection.cursor() as cursor:
        cursor.execute("analyze")
    _kept["desk"] = desk
    _kept["at"] = local_time.from_local(_kept["first"], clock(6, 30))
    return {"first": _kept["first"].isoformat()}


def past(many, address):
    """So many appointments of the same officers in the years before, set by set."""
    import psycopg2

    many = int(many)
    one = _kept["incident"]
    values = {
        "incident": one.pk,
        "offer": one.offers.get().pk,
        "contact": one.victim.pk,
        "desk": _kept["desk"].pk,
        "officers": [officer.pk for officer in _kept["officers"]],
        "many": many,
        "officer_count": OFFICERS,
        "until": _kept["at"] - timedelta(days=2),
    }
    from psycopg2.extras import register_uuid

    register_uuid()
    other = psycopg2.connect(address)
    other.autocommit = True
    with contextlib.closing(other), other.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        cursor.execute(
            """
            insert into appointments_appointment (id, incident_id, offer_id, kind, contact_id,
              desk_id, officer_id, during, occupies, status, held_by_id, idempotency_key,
              created_at, booked_at, cancelled_reason)
            select uuidv7(), %(incident)s, %(offer)s, 'video', %(contact)s, %(desk)s, officer,
              tstzrange(start, start + interval '30 minutes'),
              tstzrange(start, start + interval '30 minutes'), 'ended', officer,
              gen_random_uuid(), start, start, ''
            from (select (%(officers)s::uuid[])[n %% %(officer_count)s + 1] as officer,
              %(until)s - (n / %(officer_count)s) * interval '45 minutes' as start
              from generate_series(0, %(many)s - 1) n) x
            """,
            values,
        )
        cursor.execute("vacuum analyze")
    return {}


def _timed(work):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    if "queries" not in _kept.setdefault(work.__name__, {}):
        with CaptureQueriesContext(connection) as found:
            work()
        _kept[work.__name__]["queries"] = len(found)
    started = time.perf_counter()
    work()
    return {"ms": (time.perf_counter() - started) * 1000, **_kept[work.__name__]}


def ours():
    """The next five times, as the product asks."""
    from appointments import selectors

    def product():
        found = selectors.free_slots(_kept["desk"], at=_kept["at"], limit=5)
        assert len(found) == 5

    return _timed(product)


def bare():
    """The next five times by the least SQL, on the day that has them."""
    from django.db import connection

    def floor():
        with connection.cursor() as cursor:
            cursor.execute(
                BARE,
                {
                    "from": _kept["at"],
                    "until": _kept["at"] + timedelta(hours=18),
                    "desk": _kept["desk"].pk,
                    "length": timedelta(minutes=_kept["desk"].slot_minutes),
                },
            )
            assert len(cursor.fetchall()) == 5

    return _timed(floor)


def rush(many):
    """An empty desk and so many incidents whose victims chose video."""
    from appointments.models import Appointment, Shift
    from tests import factories
    from tests.appointments import factories as diary

    Appointment.objects.all().delete()
    Shift.objects.all().delete()
    desk = diary.desk(slug="rush", slot_minutes=30, buffer_minutes=0)
    desk.__class__.objects.exclude(pk=desk.pk).delete()
    _kept["by"] = factories.user("supervisor")
    _kept["rush"] = [diary.shift(desk, hours=12) for _ in range(OFFICERS)]
    _kept["incidents"] = [diary.video_incident() for _ in range(max(int(many), 200))]
    _kept["desk"] = desk
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
    """So many take the earliest time there is, each looking until they hold one."""
    from django.db import connection
    from django.utils.timezone import now

    from appointments import selectors

    many, threads, claims = int(many), int(threads), []

    def take(incident):
        tries = 0
        while True:
            slot = next(iter(selectors.free_slots(_kept["desk"], at=now(), limit=1)), None)
            if slot is None:
                return False
            tries += 1
            claims.append(1)
            if _hold(incident, slot.officer_id, slot.starts_at) == "held":
                return True

    with connection.cursor() as cursor:
        cursor.execute("create temp table bench_earliest (id int primary key, taken boolean)")
    started = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        done = list(pool.map(take, _kept["incidents"][:many]))
    seconds = time.perf_counter() - started
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


ANSWERS = {each.__name__: each for each in (fill, past, ours, bare, rush, races, earliest)}


# Through the servers


def by_http(asked):
    """Races of 50 and 200 for one time, and full bookings, each through its own gunicorn."""
    from bench import served

    with served.house(DJANGO_SETTINGS_MODULE="bench.settings") as house:
        house.sql("create table bench_slot (id int primary key, is_taken boolean)")
        house.sql("insert into bench_slot select n, false from generate_series(1, 100000) n")
        house.sql("grant select, update on bench_slot to vc_app")
        made = house.manage("shell", "-c", "from bench import diary; diary.make(200)")
        world = json.loads(made.strip().splitlines()[-1])
        rates = {"ours": _our_bookings(house, world), "floor": _floor_bookings(house)}
        say(f"full booking, two POSTs, 8 at a time: {rates['ours']:.1f} a second;")
        say(f" bare claim through the same server {rates['floor']:.0f} a second\n")
        _our_races(house, world)
        if asked.peer:
            _peer_races(asked, house, rates["ours"])


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


def _our_bookings(house, world, many=80):
    browsers = _browsers(house, 8)

    def book(number):
        browser, incident = browsers[number % 8], world["incidents"][number]
        held = _post(browser, house, incident, _slot(world, number + 400))
        assert held.status_code in (200, 302), held.status_code
        pk = house.sql(
            "select id from appointments_appointment where status = 'held'"
            f" and incident_id = '{incident}'"
        )[0][0]
        done = browser.post(f"{house.url}/diary/{pk}/confirm/", {}, allow_redirects=False)
        assert done.status_code in (200, 302), done.status_code

    started = time.perf_counter()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(book, range(many)))
    took = time.perf_counter() - started
    booked = house.sql("select count(*) from appointments_appointment where status = 'booked'")
    say(f"booked {booked[0][0]} in all, each with its text in the outbox\n")
    return many / took


def _floor_bookings(house, many=400):
    browsers = _browsers(house, 8)

    def claim(number):
        browsers[number % 8].post(f"{house.url}/bench/claim/").raise_for_status()

    started = time.perf_counter()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(claim, range(many)))
    return many / (time.perf_counter() - started)


def _our_races(house, world):
    free = world["incidents"][80:]
    for many, rounds in ((50, 8), (100, 8)):
        browsers, took, answers, double = _browsers(house, many), [], Counter(), 0
        for number in range(rounds):
            slot = _slot(world, number + (0 if many == 50 else 100))
            begin = threading.Barrier(many + 1)

            def race(place, slot=slot, begin=begin, browsers=browsers):
                begin.wait()
                answer = _post(browsers[place], house, free[place], slot)
                return answer.status_code

            with ThreadPoolExecutor(many) as pool:
                told = [pool.submit(race, place) for place in range(many)]
                begin.wait()
                started = time.perf_counter()
                answers.update(one.result() for one in told)
                took.append(time.perf_counter() - started)
            officer, _, starts = slot.partition(" ")
            held = house.sql(
                "select count(*) from appointments_appointment where status in ('held', 'booked')"
                f" and officer_id = '{officer}' and lower(during) = '{starts}'"
            )[0][0]
            double += max(held - 1, 0)
        failed = sum(count for status, count in answers.items() if status >= 500)
        say(f"{rounds} races of {many} by HTTP: double {double}, 5xx {failed}, answers")
        say(f" {dict(answers)}; median {statistics.median(took):.2f} s, worst {max(took):.2f} s,")
        say(f" {max(took) / statistics.median(took):.1f} times it\n")
        sys.stdout.flush()


def _peer_races(asked, house, our_rate):
    """The peer behind its own gunicorn, by its own two forms, signed in for nothing."""
    import requests

    from bench import triage

    pair = house._pair
    triage._as_superuser(pair, "create database peer")
    environment = _peer_environment(pair, "peer")
    subprocess.run([asked.peer, str(HERE / "peer.py"), "migrate"], env=environment, check=True)
    child = Child([asked.peer, str(HERE / "peer.py")], environment)
    server = None
    try:
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump({"minutes": 30, "officers": 40, "booked": []}, file)
            file.flush()
            child.ask(f"fill {file.name}")
        ids = child.ask("ids")
        port = 8_760
        server = subprocess.Popen(
            [
                asked.peer,
                "-m",
                "gunicorn",
                *("-k", "gthread", "-w", "2", "--threads", "16"),
                *("-b", f"127.0.0.1:{port}", "--log-level", "error"),
                "peer:application",
            ],
            cwd=HERE,
            env=environment,
        )
        url = f"http://127.0.0.1:{port}"
        for _ in range(100):
            with contextlib.suppress(requests.ConnectionError):
                requests.get(url, headers={"X-Booker": "booker0"}, timeout=5)
                break
            time.sleep(0.2)
        day = datetime.now(tz=UTC).date() + timedelta(days=3)

        def book(booker, staff, start):
            one = requests.Session()
            one.headers["X-Booker"] = f"booker{booker}"
            answer = one.post(
                f"{url}/request-submit/",
                {
                    "date": str(day),
                    "start_time": f"{start:%H:%M}",
                    "end_time": f"{(start.hour * 60 + start.minute + 30) // 60:02d}:"
                    f"{(start.minute + 30) % 60:02d}",
                    "service": ids["service"],
                    "staff_member": ids["staff"][staff],
                },
                allow_redirects=False,
            )
            if answer.status_code != 302:
                return f"form {answer.status_code}"
            told = one.post(
                url + answer.headers["Location"],
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
            return told.status_code

        for many in (50, 200):
            before = child.ask("doubles")["doubles"]
            start = clock(8 if many == 50 else 9)
            with ThreadPoolExecutor(many) as pool:
                told = Counter(pool.map(lambda one, s=start: book(one, 0, s), range(many)))
            double = child.ask("doubles")["doubles"] - before
            say(f"django-appointment, {many} at one time: double {double}, answers {dict(told)}\n")
        started = time.perf_counter()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: book(n % 200, n % 40, clock(10 + n // 40)), range(80)))
        rate = 80 / (time.perf_counter() - started)
        say(f"django-appointment books {rate:.1f} a second; ours {our_rate / rate:.1f} times it\n")
    finally:
        child.end()
        if server:
            server.terminate()
            server.wait(20)


if __name__ == "__main__":
    main()
