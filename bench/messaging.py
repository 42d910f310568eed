"""How fast and how surely texts go out, and what the outbox and the server cost.

Run: python bench/messaging.py, with --only rate, killed, outbox or server for one part. Prints
ratios within one run, since machines differ: a worker against threads / delay, the outbox against
bare statements on a bare table, the server as shipped against a new Django project's view; and what
is left of 400 texts whose worker is killed twenty times.
"""

import argparse
import contextlib
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

ROUNDS = 5
TEXTS = 1_000
THREADS = 32
DELAY = 0.15
KILLS, KILLED_TEXTS = 20, 400
BATCH = 100
PAST = 1_000_000
REQUESTS = 10_000
say = sys.stdout.write


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=["rate", "killed", "outbox", "server"], default="")
    parser.add_argument("--answer", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--provider", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.answer:
        return answer()
    if asked.provider:
        from bench import provider

        return provider.run()
    if asked.only in ("", "rate", "killed", "outbox"):
        with _world() as world:
            if asked.only in ("", "rate"):
                rate(world)
            if asked.only in ("", "killed"):
                killed(world)
            if asked.only in ("", "outbox"):
                outbox(world)
    if asked.only in ("", "server"):
        server()
    return None


# P9: a thousand texts while the provider answers in 150 ms


def rate(world):
    """Texts a second of one worker as shipped, and of as many bare threads, in turn."""
    world.provider.ask(f"delay {DELAY}")
    ours, bare = [], []
    with world.worker():
        _send(world, 64)  # the pools open
        for _ in range(ROUNDS):
            bare.append(TEXTS / _bare_threads(world))
            ours.append(TEXTS / _send(world, TEXTS))
    floor = THREADS / DELAY
    mine, plain = statistics.median(ours), statistics.median(bare)
    say(
        f"P9 {TEXTS:,} texts, answered in {DELAY * 1000:.0f} ms: {mine:.0f}/s,"
        f" {mine / floor:.2f} of threads / delay ({floor:.0f}/s);"
        f" {THREADS} bare threads {plain:.0f}/s, {plain / floor:.2f} of it\n"
    )
    say(f"   rounds: {', '.join(f'{each:.0f}' for each in ours)}\n")


def _send(world, count):
    """Seconds from the nudge until the last of ``count`` queued texts is settled."""
    world.child.ask(f"queue {count}")
    started = time.monotonic()
    world.child.ask("nudge")
    while world.child.ask("state")["open"]:
        time.sleep(0.02)
    return time.monotonic() - started


def _bare_threads(world):
    """Seconds that 32 threads take to post as many texts with nothing else to do."""
    import requests

    local = threading.local()

    def post(number):
        if not hasattr(local, "session"):
            local.session = requests.Session()
            local.session.auth = (world.account, world.token)
        form = {"To": f"+447700{900000 + number}", "From": "+447700900999", "Body": "Hello"}
        answer = local.session.post(world.messages_url, data=form)
        answer.raise_for_status()

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(post, range(64)))
        started = time.monotonic()
        list(pool.map(post, range(TEXTS)))
        return time.monotonic() - started


# P9: a worker killed twenty times


def killed(world):
    """What became of texts whose worker dies again and again: lost, sent twice, looked up."""
    world.provider.ask(f"delay {DELAY}")
    world.provider.ask("forget")
    world.child.ask("clear")
    world.child.ask(f"queue {KILLED_TEXTS}")
    in_flight = 0
    for number in range(KILLS):
        with world.worker() as process:
            world.child.ask("nudge")
            waited = time.monotonic()
            begun = world.child.ask("state")["sent"]
            while world.child.ask("state")["sent"] < begun + 5 and time.monotonic() < waited + 20:
                time.sleep(0.01)
            time.sleep(random.uniform(0, 0.15))
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        time.sleep(DELAY * 2)  # what was on the wire arrives
        in_flight += world.child.ask("pass_over")["moved"]
        if world.child.ask("state")["open"] < 10 * (KILLS - number):
            world.child.ask("queue 40")
    with world.worker():
        started = time.monotonic()
        while world.child.ask("state")["open"] and time.monotonic() < started + 120:
            world.child.ask("sweep")
            time.sleep(0.5)
    told, taken = world.child.ask("sids"), world.provider.ask("journal")
    times = {pk: taken.get(pk, 0) for pk in told["all"]}
    say(
        f"P9 killed {KILLS} times over {len(times)} texts: {told['open']} left undecided,"
        f" {sum(1 for count in times.values() if not count)} lost,"
        f" {sum(1 for count in times.values() if count > 1)} sent twice;"
        f" {in_flight} were with a dead worker, each looked up; {told['again']} of them had not\n"
        "   left and went by another try\n"
    )


# P10: the outbox


def outbox(world):
    """Claiming and settling against bare statements, and the poll that finds nothing."""
    world.child.ask("clear")
    taken = {name: [] for name in ("bare", "statements", "house")}
    for number in range(ROUNDS + 1):
        for name, rates in taken.items():
            told = world.child.ask(f"{name}_batches {BATCH}")
            if number:
                rates.append(told["per_second"])
    medians = {name: statistics.median(rates) for name, rates in taken.items()}
    say(
        f"P10 claim and settle at batch {BATCH}: bare table {medians['bare']:,.0f} rows/s;"
        f" the outbox's statements {medians['statements']:,.0f}/s"
        f" ({medians['statements'] / medians['bare']:.2f});"
        f" with plans, encryption, ledger and news {medians['house']:,.0f}/s"
        f" ({medians['house'] / medians['bare']:.2f})\n"
    )
    world.fill(PAST)
    polls = {"bare": [], "house": []}
    for number in range(ROUNDS + 1):
        for name, times in polls.items():
            told = world.child.ask(f"{name}_poll")
            if number:
                times.append(told["ms"])
    medians = {name: statistics.median(times) for name, times in polls.items()}
    say(
        f"P10 empty poll over {PAST:,} sent rows: {medians['house']:.3f} ms,"
        f" {medians['house'] / medians['bare']:.2f} of the bare SQL ({medians['bare']:.3f} ms)\n"
    )


# P8: the server as shipped


def server():
    """A view of one SELECT as shipped against the same behind bare Django, and its backends."""
    from bench import served
    from victimcontact.engines import free_port

    with served.house(DJANGO_SETTINGS_MODULE="bench.settings") as house:
        port = free_port()
        bare = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "bench.bare:application"]
            + ["--worker-class", "gthread", "--workers", "2", "--threads", "4"]
            + ["--bind", f"127.0.0.1:{port}", "--no-control-socket", "--log-level", "error"],
            cwd=ROOT,
            env=house.environment | {"CONN_MAX_AGE": "600"},
            start_new_session=True,
        )
        try:
            urls = {
                "bare": f"http://127.0.0.1:{port}/health/",
                "shipped": f"{house.url.replace('localhost', '127.0.0.1')}/health/",
            }
            _until_answered(urls["bare"])
            each = REQUESTS // ((ROUNDS + 1) * 2)
            rates = {name: [] for name in urls}
            for number in range(ROUNDS + 1):
                for name, url in urls.items():
                    took = _ask_many(url, each)
                    if number:
                        rates[name].append(each / took)
            _ask_many(urls["shipped"], REQUESTS // 2)
            backends = house.sql(
                "select count(*) from pg_stat_activity where usename = 'vc_app'"
                " and datname = current_database() and application_name <> 'bench'"
            )[0][0]
        finally:
            os.killpg(bare.pid, signal.SIGTERM)
            bare.wait(10)
        time.sleep(0.5)
        alone = house.sql(
            "select count(*) from pg_stat_activity where usename = 'vc_app'"
            " and datname = current_database()"
        )[0][0]
    medians = {name: statistics.median(found) for name, found in rates.items()}
    say(
        f"P8 one SELECT as shipped: {medians['shipped']:.0f}/s,"
        f" {medians['shipped'] / medians['bare']:.2f} of gthread with bare Django"
        f" ({medians['bare']:.0f}/s); {alone} backends after {REQUESTS:,} requests, sockets and"
        f" worker included ({2 * 4 + 4} allowed; {backends} with the bare server's)\n"
    )


def _until_answered(url):
    import requests

    for _ in range(200):
        with contextlib.suppress(requests.RequestException):
            if requests.get(url, timeout=2).ok:
                return
        time.sleep(0.05)
    raise SystemExit(f"Nobody answers at {url}")


def _ask_many(url, count, at_once=8):
    """Seconds for ``count`` requests on kept connections.

    By bare sockets: a client that reads every header into an object costs as much as the server.
    """
    import socket
    from urllib.parse import urlsplit

    host, path = urlsplit(url).netloc, urlsplit(url).path
    name, port = host.split(":")
    words = f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n".encode()

    def ask(number):
        with socket.create_connection((name, int(port)), timeout=20) as connection:
            for _ in range(number):
                connection.sendall(words)
                answer = b""
                while not answer.endswith(b"\r\n\r\nok"):
                    read = connection.recv(8192)
                    if not read or not (answer + read).startswith(b"HTTP/1.1 200"):
                        raise SystemExit(f"{url} answered {(answer + read)[:80]!r}")
                    answer += read

    with ThreadPoolExecutor(at_once) as pool:
        started = time.monotonic()
        list(pool.map(ask, [count // at_once] * at_once))
        return time.monotonic() - started


# The world that is measured


class _Process:
    """A process of its own that answers one line with one line of JSON."""

    def __init__(self, environment, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, __file__, *arguments],
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
            raise SystemExit("A process that was measured ended.")
        return json.loads(line)

    def end(self):
        self.process.stdin.close()
        self.process.wait(20)


class _World:
    def __init__(self, pair, folder):
        from tests.messaging import twilio_server

        self.pair, self.log = pair, Path(folder) / "worker.log"
        self.account, self.token = twilio_server.ACCOUNT_SID, twilio_server.AUTH_TOKEN
        self.provider = _Process(dict(os.environ), "--provider")
        url = self.provider.ask("url")["url"]
        self.messages_url = f"{url}/2010-04-01/Accounts/{self.account}/Messages.json"
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "bench.settings",
            "ENVIRONMENT": "test",
            "STATE_DIR": str(folder),
            "DATABASE_URL": pair.database_url,
            "DATABASE_OWNER_URL": pair.owner_url,
            "REDIS_URL": pair.redis_url,
            "PUBLIC_URL": "https://appointments.example.org",
            "TWILIO_ACCOUNT_SID": self.account,
            "TWILIO_AUTH_TOKEN": self.token,
            "TWILIO_FROM": twilio_server.SENDER,
            "TWILIO_API_BASE_URL": url,
            "TWILIO_PER_SECOND": "10000",  # what is measured is the worker, not the pace
            "SENDING_THREADS": str(THREADS),
        }
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--noinput"],
            cwd=ROOT,
            env=self.environment | {"DATABASE_ROLE": "owner"},
            check=True,
            stdout=subprocess.DEVNULL,
        )
        self.child = _Process(self.environment, "--answer")

    @contextlib.contextmanager
    def worker(self):
        """One worker as `make run` starts it."""
        began = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "victimcontact", "worker"]
                + ["--pool", "threads", "--concurrency", "32"]
                + ["--without-mingle", "--without-gossip", "--loglevel", "info"],
                cwd=ROOT,
                env=self.environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            for _ in range(600):
                if b" ready." in self.log.read_bytes()[began:]:
                    break
                time.sleep(0.05)
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def fill(self, count):
        """Rows of the past, sent and decided, as the owner of the tables."""
        import psycopg2

        connection = psycopg2.connect(self.pair.owner_url)
        connection.autocommit = True
        with contextlib.closing(connection), connection.cursor() as cursor:
            cursor.execute(
                "insert into messaging_notification (id, force_id, contact_id, template, channel,"
                " language, subject, body, sent_to, sender, context, about_type, status, attempts,"
                " next_attempt_at, claimed_by, provider_id, error_code, held_reason, queued_at,"
                " sent_at, settled_at)"
                " select gen_random_uuid(), n.force_id, n.contact_id, n.template, n.channel,"
                "  n.language, n.subject, n.body, n.sent_to, n.sender, n.context, '', 'delivered',"
                "  1, now() - interval '1 day' * (g %% 900), '', '', '', '',"
                "  now() - interval '1 day' * (g %% 900), now() - interval '1 day' * (g %% 900),"
                "  now() - interval '1 day' * (g %% 900)"
                " from generate_series(1, %s) g,"
                "  (select * from messaging_notification limit 1) n",
                [count],
            )
            cursor.execute("vacuum analyze messaging_notification")


@contextlib.contextmanager
def _world():
    from victimcontact import engines

    with tempfile.TemporaryDirectory(prefix="victimcontact-bench-") as folder:
        pair = engines.start(folder, throwaway=True)
        world = None
        try:
            world = _World(pair, folder)
            yield world
        finally:
            if world is not None:
                world.child.end()
                world.provider.end()
            pair.stop(remove=True)


# Inside such a process


def answer():
    import django

    django.setup()
    from bench import posted

    for line in sys.stdin:
        name, *rest = line.split()
        say(json.dumps(getattr(posted, name)(*rest)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
