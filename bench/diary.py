"""How the diary stands a rush: free times and booking, beside floors and django-appointment.

Run: python bench/diary.py --peer PYTHON, where PYTHON has requirements-bench.txt installed in a
virtual environment of its own; without --peer only the floors stand beside. --past NUMBER for so
many past appointments (1,000,000 by default), --only slots races earliest http for some parts.
Prints ratios within one run, medians of interleaved rounds, since machines differ.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

ROUNDS = 9
FILLINGS = [(30, 0.6), (45, 0.6), (30, 0.95), (45, 0.95)]
RACES, RACERS = 300, 24
PARTS = ["slots", "races", "earliest", "http"]
say = sys.stdout.write


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", default="", metavar="PYTHON")
    parser.add_argument("--past", type=int, default=1_000_000)
    parser.add_argument("--races", type=int, default=RACES)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--answer", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.answer:
        from bench import rush

        return rush.answer()
    if set(asked.only) - {"http"}:
        in_the_database(asked)
    if "http" in asked.only:
        from bench import booked

        booked.by_http(asked)


def in_the_database(asked):
    """Free times at four fillings, the same with a long past, and races for one time."""
    from bench import triage
    from bench.child import Child
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
    from bench.child import HERE, Child, peer_environment

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
            environment = peer_environment(pair, f"peer{number}")
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


if __name__ == "__main__":
    main()
