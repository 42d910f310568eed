"""`make run` as a person meets it: started, stopped, started again, and let down by its parts.

One state folder goes through all of these in turn, as a checkout does through its days.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

from victimcontact import engines

ROOT = Path(__file__).resolve().parents[2]
GIVEN = {"ENVIRONMENT", "DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"}  # of the tests' own

pytestmark = [pytest.mark.house, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def state_dir():
    folder = Path(tempfile.mkdtemp(prefix="victimcontact-run-"))
    yield folder
    if engines.running(folder):
        engines.start(folder).stop(remove=True)
    shutil.rmtree(folder)


class Run:
    """`make run` without its set-up, on free ports; a context manager that leaves nothing."""

    def __init__(self, state_dir, port=None):
        self.state_dir, self.port = state_dir, port or engines.free_port()
        self.said = []
        environment = {name: value for name, value in os.environ.items() if name not in GIVEN}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "victimcontact.run"]
            + ["--port", str(self.port), "--socket-port", str(engines.free_port())],
            cwd=ROOT,
            env=environment | {"STATE_DIR": str(state_dir)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.stdout.close()
        self.process.wait()

    def until_it_stands(self):
        """Returns the seconds it took until the address was printed."""
        began = time.monotonic()
        for line in self.process.stdout:
            self.said.append(line)
            if "Victim Contact is at" in line:
                return time.monotonic() - began
        raise AssertionError("".join(self.said))

    def until_it_ends(self):
        """Returns (exit code, all that it said)."""
        said = "".join(self.said) + self.process.stdout.read()
        return self.process.wait(), said


def _processes(state_dir):
    """{pid: command line} of what runs for the house in ``state_dir``, its engines included."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "environ").read_bytes().decode(errors="replace")
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            place = os.readlink(process / "cwd")  # the engines work in their data
        except OSError:
            continue
        if f"STATE_DIR={state_dir}\0" in told or place.startswith(str(state_dir)):
            found[int(process.name)] = line
    return found


def _pids(state_dir, word):
    return [pid for pid, line in _processes(state_dir).items() if word in line]


def _settled(state_dir):
    """What is left of the house once its processes had time to notice."""
    deadline = time.monotonic() + 20
    while (left := _processes(state_dir)) and time.monotonic() < deadline:
        time.sleep(0.2)
    return left


def _page(run, path):
    with urlopen(f"http://localhost:{run.port}{path}", timeout=20) as answer:
        return answer.status, answer.read().decode()


def _people(state_dir):
    import psycopg2

    connection = psycopg2.connect(engines.running(state_dir).owner_url)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT (SELECT count(*) FROM accounts_user), count(*) FROM triage_incident")
        found = cursor.fetchone()
    connection.close()
    return found


def test_it_stands_and_ctrl_c_stops_all_of_it(state_dir):
    with Run(state_dir) as run:
        run.until_it_stands()
        health = _page(run, "/health/")
        sign_in = _page(run, "/sign-in/")
        parts = " ".join(_processes(state_dir).values())
        people = _people(state_dir)
        run.process.send_signal(signal.SIGINT)
        code, said = run.until_it_ends()

    assert health == (200, "ok")
    assert sign_in[0] == 200
    assert re.search(r"/static/css/staff\.[0-9a-f]{12}\.css", sign_in[1])
    for part in (
        "gunicorn",
        "uvicorn",
        "celery -A victimcontact worker",
        " beat ",
        "postgres",
        "valkey-server",
    ):
        assert part in parts
    assert min(people) > 0
    assert (code, _settled(state_dir)) == (0, {})
    assert "call handler" in said


def test_it_starts_again_in_seconds_with_what_was_there(state_dir):
    with Run(state_dir) as run:
        seconds = run.until_it_stands()
        again = _people(state_dir)
        run.process.terminate()
        code, _ = run.until_it_ends()

    with Run(state_dir) as run:
        run.until_it_stands()
        assert _people(state_dir) == again
        run.process.terminate()
        run.until_it_ends()

    assert seconds < 30
    assert (code, _settled(state_dir)) == (0, {})


@pytest.mark.parametrize(
    ("part", "word"),
    [("worker", "victimcontact worker"), ("postgres", "bin/postgres -D")],
)
def test_a_part_that_dies_is_named_and_takes_the_rest_with_it(state_dir, part, word):
    with Run(state_dir) as run:
        run.until_it_stands()
        (pid,) = _pids(state_dir, word)
        os.kill(pid, signal.SIGKILL)
        code, said = run.until_it_ends()

    assert code == 1
    assert f"{part} ended (exit code -9)" in said
    assert str(state_dir / "logs" / f"{part}.log") in said
    assert _settled(state_dir) == {}


def test_a_killed_supervisor_leaves_no_pages_and_the_next_start_works(state_dir):
    with Run(state_dir) as run:
        run.until_it_stands()
        run.process.kill()
        run.until_it_ends()
        deadline = time.monotonic() + 20
        while _pids(state_dir, "victimcontact.wsgi") and time.monotonic() < deadline:
            time.sleep(0.2)
        pages = _pids(state_dir, "victimcontact.wsgi")

    with Run(state_dir) as run:
        run.until_it_stands()
        health = _page(run, "/health/")
        run.process.terminate()
        code, _ = run.until_it_ends()

    assert (pages, health, code) == ([], (200, "ok"), 0)
    assert _settled(state_dir) == {}


def test_a_taken_port_is_said_plainly(state_dir):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with Run(state_dir, port=port) as run:
            code, said = run.until_it_ends()

    assert code == 1
    assert f"Port {port} is taken by another program" in said
    assert "Traceback" not in said
    assert _settled(state_dir) == {}


def test_logs_hold_no_secret(state_dir):
    secrets = set(json.loads((state_dir / "secrets.json").read_text()).values())
    for engine in json.loads((state_dir / "engines.json").read_text()).values():
        secrets |= set(engine["passwords"].values())
    logs = {path: path.read_text(errors="replace") for path in (state_dir / "logs").iterdir()}

    assert {path.name for path in logs} >= {"web.log", "worker.log", "beat.log", "postgres.log"}
    assert [path for path, text in logs.items() if any(secret in text for secret in secrets)] == []
    assert [path for path in logs if path.stat().st_mode & 0o077] == []
