"""The embedded engines: started twice, killed, left behind, and as different people."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg2
import pytest
import redis

from victimcontact import engines

ROOT = Path(__file__).resolve().parents[2]
STARTS = """
import sys
sys.path.insert(0, {root!r})
from victimcontact import engines
pair = engines.start({state!r})
print(pair.database_url, flush=True)
sys.stdin.readline()
pair.stop()
"""


@pytest.fixture
def state_dir():
    """A folder whose parents anyone may enter, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="victimcontact-engines-"))
    yield folder
    if engines.running(folder):
        engines.start(folder).stop(remove=True)
    shutil.rmtree(folder)


def _ask(url, query):
    with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute(query)
        return cursor.fetchall() if cursor.description else None


def _pid(state_dir):
    return int((state_dir / "pg" / "postmaster.pid").read_text().split()[0])


def _starter(state_dir, *, python=sys.executable, before=()):
    code = STARTS.format(root=str(ROOT), state=str(state_dir))
    return subprocess.Popen(
        [*before, python, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd="/",
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )


def test_yesterdays_data_is_there_today(state_dir):
    first = engines.start(state_dir)
    _ask(first.owner_url, "CREATE TABLE kept AS SELECT 1 AS a")
    redis.Redis.from_url(first.redis_url).rpush("queue", "task")
    first.stop()

    assert engines.running(state_dir) is None
    second = engines.start(state_dir)
    assert _ask(second.owner_url, "SELECT a FROM kept") == [(1,)]
    assert redis.Redis.from_url(second.redis_url).lrange("queue", 0, -1) == [b"task"]
    second.stop()


def test_the_last_one_to_leave_stops_them(state_dir):
    first = engines.start(state_dir)
    second = engines.start(state_dir)

    assert second.database_url == first.database_url
    first.stop()
    assert _ask(second.database_url, "SELECT 1") == [(1,)]
    second.stop()
    assert engines.running(state_dir) is None


def test_looking_does_not_hold_them(state_dir):
    pair = engines.start(state_dir)
    looked = engines.running(state_dir)

    looked.stop()
    assert _ask(looked.database_url, "SELECT current_user") == [("vc_app",)]
    pair.stop()
    assert engines.running(state_dir) is None


def test_two_starts_at_once_share_one_pair(state_dir):
    starters = [_starter(state_dir) for _ in range(3)]

    addresses = {starter.stdout.readline() for starter in starters}

    for starter in starters:
        starter.communicate("\n")
    assert len(addresses) == 1
    assert [starter.returncode for starter in starters] == [0, 0, 0]
    assert engines.running(state_dir) is None


def test_what_was_committed_survives_a_kill(state_dir):
    first = engines.start(state_dir)
    _ask(first.owner_url, "CREATE TABLE kept AS SELECT 1 AS a")
    os.kill(_pid(state_dir), signal.SIGKILL)
    valkey = redis.Redis.from_url(first.redis_url).info("server")["process_id"]
    os.kill(valkey, signal.SIGKILL)
    for child in first.children.values():
        child.wait()

    second = engines.start(state_dir)
    assert _ask(second.owner_url, "SELECT a FROM kept") == [(1,)]
    assert redis.Redis.from_url(second.redis_url).ping()
    second.stop()
    first.stop()


def test_engines_whose_starter_was_killed_are_found_again(state_dir):
    starter = _starter(state_dir)
    address = starter.stdout.readline().strip()
    starter.kill()
    starter.communicate()

    pair = engines.start(state_dir)
    assert pair.database_url == address
    pair.stop()
    assert engines.running(state_dir) is None


def test_a_pid_file_that_names_a_stranger_does_not_stop_the_start(state_dir):
    engines.start(state_dir).stop()
    stranger = subprocess.Popen(["sleep", "60"], preexec_fn=_as_engines_user)
    pid_file = state_dir / "pg" / "postmaster.pid"
    pid_file.write_text(f"{stranger.pid}\n{state_dir}/pg\n")

    pair = engines.start(state_dir)

    assert _ask(pair.database_url, "SELECT 1") == [(1,)]
    pair.stop()
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def _as_engines_user():
    """PostgreSQL takes no notice of a process of another user: make it one of its own."""
    if os.geteuid() == 0:
        os.setuid(pwd.getpwnam(engines.SYSTEM_USER).pw_uid)


def test_a_taken_port_is_left_to_who_has_it(state_dir):
    first = engines.start(state_dir)
    port = int(first.database_url.rpartition(":")[2].split("/")[0])
    first.stop()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()

        second = engines.start(state_dir)

        assert f":{port}/" not in second.database_url
        assert _ask(second.database_url, "SELECT 1") == [(1,)]
        second.stop()


def test_lost_passwords_are_said_plainly(state_dir):
    engines.start(state_dir).stop()
    (state_dir / "engines.json").unlink()

    with pytest.raises(engines.EngineError, match="engines.json is missing"):
        engines.start(state_dir)


def test_passwords_are_for_their_owner_alone(state_dir):
    pair = engines.start(state_dir)
    password = pair.database_url.split(":")[2].split("@")[0]
    readable = [
        path
        for path in state_dir.rglob("*")
        if path.is_file() and path.stat().st_mode & 0o077 and password in path.read_text("latin-1")
    ]
    arguments = [Path(f"/proc/{child.pid}/cmdline").read_text() for child in pair.children.values()]
    pair.stop()

    assert (state_dir / "engines.json").stat().st_mode & 0o777 == 0o600
    assert readable == []
    assert not any(password in line for line in arguments)


def test_statements_and_values_stay_out_of_the_log(state_dir):
    pair = engines.start(state_dir)
    _ask(pair.owner_url, "CREATE TABLE person (name text UNIQUE)")
    for name in ("Marigold", "Marigold", "O'Marigold", "'; SELECT 'Marigold'::int --"):
        with contextlib.suppress(psycopg2.Error):
            _ask(pair.owner_url, f"INSERT INTO person VALUES ('{name}')")
    pair.stop()

    log = (state_dir / "logs" / "postgres.log").read_text()
    assert "database system is ready" in log
    assert "Marigold" not in log


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two people")
class TestAsRoot:
    def test_servers_are_not_root(self, state_dir):
        pair = engines.start(state_dir)
        users = {Path(f"/proc/{child.pid}").stat().st_uid for child in pair.children.values()}
        pair.stop()

        assert users == {pwd.getpwnam(engines.SYSTEM_USER).pw_uid}

    def test_a_closed_folder_stays_closed(self, state_dir):
        closed = state_dir / "closed"
        closed.mkdir(mode=0o700)

        pair = engines.start(closed / "house")

        assert closed.stat().st_mode & 0o777 == 0o700
        assert _ask(pair.database_url, "SELECT 1") == [(1,)]
        pair.stop(remove=True)

    def test_data_that_are_gone_are_missed_and_not_begun_anew(self, state_dir):
        closed = state_dir / "closed"
        closed.mkdir(mode=0o700)
        house = closed / "house"
        engines.start(house).stop()
        target = (house / "pg").resolve()
        away = target.rename(target.with_name("pg-elsewhere"))

        with pytest.raises(engines.EngineError, match="are gone"):
            engines.start(house)
        assert not target.exists()

        away.rename(target)
        engines.start(house).stop(remove=True)

    def test_an_ordinary_user_has_servers_of_their_own(self, state_dir):
        python = _python_for_all()
        someone = pwd.getpwnam("nobody")
        os.chown(state_dir, someone.pw_uid, someone.pw_gid)
        become = ["setpriv", f"--reuid={someone.pw_uid}", f"--regid={someone.pw_gid}"]

        starter = _starter(state_dir, python=python, before=[*become, "--clear-groups"])
        address = starter.stdout.readline().strip()

        assert _ask(address, "SELECT current_user") == [("vc_app",)]
        assert Path(f"/proc/{_pid(state_dir)}").stat().st_uid == someone.pw_uid
        starter.communicate("\n")
        assert starter.returncode == 0
        assert engines.running(state_dir) is None
        # Root may come and look after them: the servers still belong to whose data it is.
        pair = engines.start(state_dir)
        assert Path(f"/proc/{_pid(state_dir)}").stat().st_uid == someone.pw_uid
        pair.stop()

    def test_a_folder_of_roots_is_said_plainly(self, state_dir):
        engines.start(state_dir).stop()
        become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]

        starter = _starter(state_dir, python=_python_for_all(), before=become)
        said = starter.communicate("\n")[1]

        assert starter.returncode == 1
        assert "is not yours to write" in said.splitlines()[-1]


def _python_for_all():
    """A Python that another user may run and that can load our packages."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    for python in (os.path.realpath(sys.executable), f"/usr/bin/{version}"):
        asked = subprocess.run(
            ["setpriv", "--reuid=65534", python, "-c", "import psycopg2"],
            env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            capture_output=True,
            check=False,
            cwd="/",
        )
        if asked.returncode == 0:
            return python
    pytest.skip("no Python or no checkout here that another user may read")
