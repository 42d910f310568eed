"""Bookings and races for one time through the servers, for bench/diary.py."""

import contextlib
import json
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

from bench.child import HERE, Child, peer_environment

say = sys.stdout.write


def by_http(asked):
    """Races of 50 and 200 for one time, and full bookings, each through its own gunicorn."""
    from bench import served
    from victimcontact.run import STANDBY, WORKER

    with served.house(DJANGO_SETTINGS_MODULE="bench.settings") as house:
        house.sql("create table bench_slot (id int primary key, is_taken boolean)")
        house.sql("insert into bench_slot select n, false from generate_series(1, 100000) n")
        house.sql("grant select, update on bench_slot to vc_app")
        made = house.manage("shell", "-c", "from bench import booked; booked.make(480)")
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


def _bookings(house, world, peer, rounds=5, many=40):
    """Bookings a second, eight at a time: ours, the bare claim and the peer's, in turn.

    One round before those that count: each thread of the servers has to meet its statements.
    """
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
    for turn in range(1 + rounds):
        if turn == 1:
            rates = {name: [] for name in rates}
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
    assert booked == ((1 + rounds) * many,) * 2, booked
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
    free = world["incidents"][240:]
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
    environment = peer_environment(pair, "peer")
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
