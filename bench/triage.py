"""How the control room holds out as the years go by, and on its busiest day.

Run: python bench/triage.py, with --five-million for that many past incidents too (some minutes and
6 GB), with --day NUMBER for a simulated day of that many reports (30,000 is the whole). Prints
ratios within one run, since machines differ: the queue, the board and what repeats with the same
2,000 open incidents over 10,000 and 1,000,000 past ones; each staff page's CPU against a plain
page with session, user, 25 rows of one table and Django's usual middleware (the queue has 100 rows,
the board 50); a report taken in by the API against one bare INSERT through the same server. That
INSERT writes one row; the report is listened to by the engine, looked for among what was reported
before, and leaves some twenty rows, five of them in the ledger's chain.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

HERE = Path(__file__).resolve().parent
SIZES = [10_000, 1_000_000]
ROUNDS = 15
WORKS = ("queue", "board", "lines", "ordinary", "busiest", "place", "changes")
PAGES = (
    "/triage/",
    "/triage/rows/",
    "/triage/board/",
    "/triage/board/now/",
    "/triage/new/",
    "incident",
)
say = sys.stdout.write


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--five-million", action="store_true")
    parser.add_argument("--day", type=int, default=0, metavar="NUMBER")
    parser.add_argument("--only", choices=["scale", "intake"], default="")
    parser.add_argument("--answer", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.answer:
        return answer()
    if asked.only != "intake":
        scale([*SIZES, *([5_000_000] if asked.five_million else [])])
    if asked.only != "scale":
        intake()
    if asked.day:
        from bench import day

        day.run(asked.day)


# The same questions over little and much past: a process for each, asked in turn


def scale(sizes):
    from victimcontact import engines

    with tempfile.TemporaryDirectory(prefix="victimcontact-bench-") as folder:
        pair = engines.start(folder, throwaway=True)
        children = {}
        try:
            plain = environment(pair, folder)
            manage("migrate", "--noinput", **plain, DATABASE_ROLE="owner")
            with child(plain) as first:
                first.ask("world")
            for size in sizes:
                _as_superuser(pair, f"create database past_{size} template victimcontact")
                started = time.monotonic()
                children[size] = _child(environment(pair, folder, f"past_{size}"))
                children[size].ask(f"past {size} {_address(pair.superuser_url, f'past_{size}')}")
                say(f"{size:,} past incidents filled in {time.monotonic() - started:.0f} s\n")
            _compare(children, sizes)
        finally:
            for one in children.values():
                one.end()
            pair.stop(remove=True)


def _compare(children, sizes):
    small = sizes[0]
    taken = {(work, size): [] for work in WORKS for size in sizes}
    for work in WORKS:
        for number in range(ROUNDS + 3):
            for size in sizes:
                ms = children[size].ask(work)["ms"]
                if number >= 3:  # the first ones warm caches and plans
                    taken[work, size].append(ms)
    medians = {key: statistics.median(times) for key, times in taken.items()}
    for work in WORKS:
        queries = children[small].ask(work)["queries"]
        figures = ", ".join(f"{size:,}: {medians[work, size]:.1f} ms" for size in sizes)
        ratios = ", ".join(
            f"{medians[work, size] / medians[work, small]:.2f}" for size in sizes[1:]
        )
        say(f"{work} ({queries} queries): {figures}; ratio {ratios}\n")
    for size in sizes:
        ratio = medians["busiest", size] / medians["ordinary", size]
        say(f"busiest number and address against ordinary ones, {size:,}: {ratio:.2f}\n")
    cpu = {page: [] for page in ("/bench/rows/", *PAGES)}
    for number in range(ROUNDS + 3):
        for page, times in cpu.items():
            told = children[small].ask(f"page {page}")
            if number >= 3:
                times.append(told["cpu_ms"])
    plain = statistics.median(cpu.pop("/bench/rows/"))
    say(f"a page of 25 rows: {plain:.1f} ms of CPU\n")
    for page, times in cpu.items():
        told = children[small].ask(f"page {page}")
        median = statistics.median(times)
        say(f"{page}: {median:.1f} ms, {median / plain:.2f} times it, {told['queries']} queries\n")


def _child(environment):
    """A process of its own that answers questions about one database."""
    from bench.child import Child

    return Child([sys.executable, __file__, "--answer"], environment)


@contextlib.contextmanager
def child(environment):
    made = _child(environment)
    try:
        yield made
    finally:
        made.end()


def environment(pair, folder, database="victimcontact"):
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "bench.settings",
        "ENVIRONMENT": "test",
        "STATE_DIR": str(folder),
        "DATABASE_URL": _address(pair.database_url, database),
        "DATABASE_OWNER_URL": _address(pair.owner_url, database),
        "REDIS_URL": pair.redis_url,
        "CONN_MAX_AGE": "600",
    }


def _address(url, database):
    return url.rpartition("/")[0] + f"/{database}"


def manage(*arguments, **environment):
    subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )


def _as_superuser(pair, statement):
    import psycopg2

    connection = psycopg2.connect(_address(pair.superuser_url, "postgres"))
    connection.autocommit = True
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute(statement)


# Inside such a process


def answer():
    import django

    django.setup()
    from bench import asked

    for line in sys.stdin:
        name, *rest = line.split()
        told = getattr(asked, name)(*rest)
        say(json.dumps(told) + "\n")
        sys.stdout.flush()


# A report from another system


def intake(rounds=60):
    from bench import served
    from bench.thrive import WORDS

    with served.house(DJANGO_SETTINGS_MODULE="bench.settings") as house:
        house.sql("create table bench_row (id bigserial primary key, words text)")
        house.sql("grant insert on bench_row to vc_app")
        house.sql("grant usage on bench_row_id_seq to vc_app")
        token = house.manage(
            "shell",
            "-c",
            "from bench import asked; print(asked.token())",
        ).split()[-1]
        import requests

        session = requests.Session()
        report = {
            "channel": "online",
            "words": WORDS,
            "answers": {"victim_age": 38, "offender_present": False, "safe_to_talk": True},
            "location": "Example Street, Northmoor",
        }
        body = json.dumps(report)

        def insert(_):
            session.post(f"{house.url}/bench/insert/", data=body).raise_for_status()

        def take_in(number):
            person = {"name": f"Robin {number}", "phone": f"07700 900{number % 1000:03d}"}
            # Each from elsewhere: what came from one place before would be looked at again, too.
            sent = {**report, "their_reference": str(uuid.uuid4()), "caller": person}
            sent["location"] = f"{number} Example Street, Northmoor"
            headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid.uuid4())}
            answer = session.post(f"{house.url}/api/v1/incidents/", json=sent, headers=headers)
            answer.raise_for_status()

        for number in range(10):
            insert(number)
            take_in(number)
        taken = served.interleaved(rounds, insert=insert, take_in=take_in)
    ratio = taken["take_in"] / taken["insert"]
    say(
        f"report by API: {taken['take_in']:.1f} ms, {ratio:.1f} times a bare INSERT"
        f" ({taken['insert']:.1f} ms) through the same server\n"
    )


if __name__ == "__main__":
    main()
