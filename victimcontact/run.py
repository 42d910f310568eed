"""Runs the whole house on one machine: engines, web, sockets, worker, beat and standby.

``make run`` comes here once everything is installed. Each process has a session of its own, so
that Ctrl-C reaches only this one, which then stops the others in order: first who answers
people, then who works for them, the engines last. What they say is in STATE_DIR/logs.
"""

import argparse
import contextlib
import ctypes
import hashlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from victimcontact import engines
from victimcontact.accounts.roles import Role

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 60
STOP_SECONDS = 15
WEB, SOCKETS, WORKER, BEAT, STANDBY = "web", "sockets", "worker", "beat", "standby"
PARTS = (WEB, SOCKETS, WORKER, BEAT, STANDBY)
# Who watches the sockets goes before they do.
ORDER_OF_STOPPING = (STANDBY, WEB, SOCKETS, BEAT, WORKER)


class HouseError(Exception):
    """The house cannot stand; the message says what to do or where the log is."""


@dataclass
class House:
    """The running house, as a context manager.

    ``port`` and ``socket_port`` of None mean any free one. ``environment`` overrides what the
    processes get, for example ``{"TWILIO_API_BASE_URL": "http://127.0.0.1:9999"}``. ``throwaway``
    is for tests: engines of its own whatever the environment names, and nothing kept. ``say`` is
    called with each line a person should read.
    """

    state_dir: Path
    port: int | None = None
    socket_port: int | None = None
    environment: dict = field(default_factory=dict)
    throwaway: bool = False
    say: object = field(default=lambda line: None)
    processes: dict = field(default_factory=dict)

    def __post_init__(self):
        self.state_dir = Path(self.state_dir).resolve()
        self.logs = self.state_dir / "logs"
        self._pair = None

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def url(self):
        return f"http://localhost:{self.port}"

    def start(self):
        """Bring everything up; returns when each part answers. Raises HouseError, EngineError."""
        self.port = _our_port(self.port, "PORT")
        self.socket_port = _our_port(self.socket_port, "SOCKET_PORT")
        self.state_dir.mkdir(parents=True, exist_ok=True)
        self._start_engines()
        self.environment = self._complete_environment()
        self.say("Preparing the database …")
        self.manage("migrate", "--noinput", DATABASE_ROLE="owner")
        self.say("Looking after the demonstration force (the first time, building it) …")
        self.manage("demo")
        self._collect_static_files()
        self.say("Starting web, sockets, worker and beat …")
        for name in PARTS:
            self.begin(name, wait=False)
        for name in PARTS:
            self._wait_until_ready(name)

    def stop(self):
        """Stop every process, then let go of the engines. Safe to call at any point."""
        for name in ORDER_OF_STOPPING:
            if name in self.processes:
                _signal(self.processes[name], signal.SIGTERM)
        for name in ORDER_OF_STOPPING:
            if name in self.processes:
                _finish(self.processes.pop(name))
        if self._pair:
            self._pair.stop(remove=self.throwaway)
            self._pair = None

    def begin(self, name, *, wait=True, **environment):
        """Start one of the five processes, perhaps again after a :meth:`kill`."""
        self.logs.mkdir(mode=0o700, exist_ok=True)
        log = self.log(name)
        with open(log, "ab") as output:
            log.chmod(0o600)
            began_at = output.tell()
            self.processes[name] = subprocess.Popen(
                self._command(name),
                cwd=ROOT,
                env=self.environment | self._own_environment(name) | environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )
            self.processes[name].log_began_at = began_at
        if wait:
            self._wait_until_ready(name)

    def kill(self, name):
        """End one of the five processes without warning, as a lost machine would."""
        process = self.processes.pop(name)
        _signal(process, signal.SIGKILL)
        process.wait()

    def log(self, name):
        return self.logs / f"{name}.log"

    def dead(self):
        """The name of a process, or of an engine started here, that ended by itself; or None."""
        for name, process in self._watched().items():
            if process.poll() is not None:
                return name
        return None

    def manage(self, *arguments, **environment):
        """Run a management command in this house; returns what it printed. Raises HouseError."""
        result = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,
        )
        if result.returncode:
            self.logs.mkdir(mode=0o700, exist_ok=True)
            log = self.log("manage")
            log.write_text(result.stdout + result.stderr)
            log.chmod(0o600)
            raise HouseError(
                f"`manage.py {' '.join(arguments)}` failed:\n{_last_lines(result.stderr)}\n"
                f"All of it is in {log}"
            )
        return result.stdout

    def sql(self, query, parameters=None):
        """Rows of a query asked as the owner of the tables; [] for a statement without rows."""
        import psycopg2

        owner = psycopg2.connect(self.environment["DATABASE_OWNER_URL"])
        with contextlib.closing(owner), owner, owner.cursor() as cursor:
            cursor.execute(query, parameters)
            return cursor.fetchall() if cursor.description else []

    # How each part is started

    def _start_engines(self):
        given = os.environ | self.environment
        named = given.get("DATABASE_URL") and given.get("REDIS_URL")
        if self.throwaway or not named:
            self.say("Starting PostgreSQL and Valkey …")
            self._pair = engines.start(self.state_dir, throwaway=self.throwaway)

    def _complete_environment(self):
        base = dict(os.environ)
        base.pop("DATABASE_ROLE", None)
        if self.throwaway:
            for name in ("ENVIRONMENT", "DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
                base.pop(name, None)  # these are the tests' own, not this house's
        if self._pair:
            self._pair.fill(base)
        base.setdefault("DATABASE_OWNER_URL", base["DATABASE_URL"])
        defaults = {
            "STAFF_URL": self.url,
            "PUBLIC_URL": self.url,
            "SOCKET_URL": f"ws://localhost:{self.socket_port}",
        }
        return {
            **defaults,
            **base,
            "DJANGO_SETTINGS_MODULE": "victimcontact.settings",
            "STATE_DIR": str(self.state_dir),
            "PYTHONUNBUFFERED": "1",
            **self.environment,
        }

    def _command(self, name):
        python = sys.executable
        # No access log anywhere: an address can hold the token of a victim's link.
        return {
            WEB: [
                *(python, "-m", "gunicorn", "victimcontact.wsgi", "--worker-class", "gthread"),
                *("--workers", "2", "--threads", "4", "--bind", f"127.0.0.1:{self.port}"),
                *("--graceful-timeout", "5", "--no-control-socket", "--log-level", "info"),
            ],
            SOCKETS: [
                *(python, "-m", "uvicorn", "victimcontact.asgi:application"),
                *("--host", "127.0.0.1", "--port", str(self.socket_port), "--lifespan", "off"),
                *("--no-access-log", "--log-level", "warning", "--timeout-graceful-shutdown", "3"),
            ],
            WORKER: [
                *(python, "-m", "celery", "-A", "victimcontact", "worker", "--pool", "threads"),
                *("--concurrency", "32", "--without-mingle", "--without-gossip"),
                *("--loglevel", "info"),
            ],
            BEAT: [
                *(python, "-m", "celery", "-A", "victimcontact", "beat", "--loglevel", "info"),
                *("--schedule", str(self.state_dir / "beat-schedule"), "--pidfile="),
            ],
            STANDBY: [python, "manage.py", "stand_by"],
        }[name]

    @staticmethod
    def _own_environment(name):
        # Threads that live on keep their connections; under ASGI that would leak them.
        return {WEB: {"CONN_MAX_AGE": "600"}, SOCKETS: {"CONN_MAX_AGE": "0"}}.get(name, {})

    def _wait_until_ready(self, name):
        process = self.processes[name]
        deadline = time.monotonic() + READY_SECONDS
        while not self._ready(name):
            if process.poll() is not None or time.monotonic() > deadline:
                raise HouseError(self.epitaph(name))
            time.sleep(0.05)

    def _ready(self, name):
        if name == WEB:
            return _answers(self.port)
        if name == SOCKETS:
            return _listens(self.socket_port)  # it binds last, and speaks no plain HTTP
        signs = {WORKER: b" ready.", BEAT: b"beat: Starting", STANDBY: b"standing by"}
        sign = signs[name]
        with open(self.log(name), "rb") as log:
            log.seek(self.processes[name].log_began_at)
            return sign in log.read()

    def _watched(self):
        # An engine that dies takes the others down: name the engine, not them.
        return (self._pair.children if self._pair else {}) | self.processes

    def epitaph(self, name):
        """What to tell a person about a process that ended or never answered."""
        process = self._watched()[name]
        code = process.poll()
        fate = "does not answer" if code is None else f"ended (exit code {code})"
        with open(self.log(name), errors="replace") as log:
            log.seek(process.log_began_at)
            last = _last_lines(log.read())
        return f"{name} {fate}. The end of its log, {self.log(name)}:\n{last}"

    def _collect_static_files(self):
        """Gather static files under hashed names when one of them, or a package, has changed."""
        if self.environment.get("ENVIRONMENT") == "test":
            return  # served from where they lie
        mark = hashlib.sha256()
        for file in sorted((ROOT / "static").rglob("*")):
            if file.is_file():
                mark.update(f"{file.relative_to(ROOT)} {file.stat().st_mtime_ns}\n".encode())
        for lock in ("requirements-dev.txt", "package-lock.json", "victimcontact/settings.py"):
            mark.update((ROOT / lock).read_bytes())
        done = self.state_dir / "static.collected"
        if done.exists() and done.read_text() == mark.hexdigest():
            return
        sources = ("*.scss", "*.njk", "*.map", "*.md", "fixtures.json")  # no browser asks for these
        self.manage("collectstatic", "--noinput", "--clear", *[f"--ignore={s}" for s in sources])
        done.write_text(mark.hexdigest())


def _our_port(port, name):
    """``port`` if it is free, any free one for None. Raises HouseError."""
    if port is None:
        return engines.free_port()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as problem:
            raise HouseError(
                f"Port {port} is taken by another program ({problem.strerror}). Stop that one,"
                f" or choose another: make run {name}={port + 100}"
            ) from None
    return port


def _answers(port):
    """Whether an HTTP server answers there with no fault of its own (a status below 500)."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/health/", headers={"Host": f"localhost:{port}"})
        return connection.getresponse().status < 500
    return False


def _listens(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False


def _end_with_parent():
    """Ask Linux to end this process when the supervisor dies, even by kill -9."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


def _signal(process, number):
    """Signal a process and all it started: each leads a session of its own."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _finish(process):
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=STOP_SECONDS)
    _signal(process, signal.SIGKILL)  # whoever of its session is still there
    process.wait()


def _last_lines(text, lines=12):
    return "\n".join("  " + line for line in text.strip().splitlines()[-lines:])


# `make run`


class _Asked(Exception):
    """Not an error: someone asked us to stop."""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=8000, help="of the pages")
    parser.add_argument("--socket-port", type=int, default=None, help="default: port + 1")
    options = parser.parse_args()
    house = House(
        state_dir=os.environ.get("STATE_DIR") or ROOT / ".run",
        port=options.port,
        socket_port=options.socket_port or options.port + 1,
        say=_say,
    )

    def asked(*_):
        # Once is enough: a second Ctrl-C must not interrupt the stopping.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        raise _Asked

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, asked)
    code, was_up = 0, False
    try:
        try:
            house.start()
            was_up = True
            _welcome(house)
            while not house.dead():
                time.sleep(0.5)
            _say(f"\n{house.epitaph(house.dead())}")
            code = 1
        finally:
            if was_up:
                _say("\nStopping …")
            house.stop()
    except _Asked:
        house.stop()
    except (HouseError, engines.EngineError) as problem:
        _say(f"\n{problem}")
        code = 1
    if was_up:
        _say("Stopped. What was entered is kept; `make run` brings it back.")
    sys.exit(code)


def _welcome(house):
    roles = ", ".join(role.label.lower() for role in Role)
    _say(
        f"\n  Victim Contact is at {house.url}\n\n"
        f"  Sign in with one click as: {roles}.\n"
        f"  Texts to victims' phones appear at {house.url}/handset/\n"
        f"  Logs are in {house.logs}. Ctrl-C stops everything.\n"
    )


def _say(line):
    print(line, flush=True)


if __name__ == "__main__":
    main()
