"""kill -9 of the database while many write: what was acknowledged is there, and the chain holds."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path

import psycopg2
import pytest

from victimcontact import engines

ROOT = Path(__file__).resolve().parents[2]
ADD = (
    "insert into audit_entry (id, type, actor, about_type, about_id, detail, at)"
    " values (%s, 'test.done', 'system', '', '', '{}', now())"
)


@pytest.fixture
def state_dir():
    folder = Path(tempfile.mkdtemp(prefix="victimcontact-killed-"))
    yield folder
    if engines.running(folder):
        engines.start(folder).stop(remove=True)
    shutil.rmtree(folder)


def manage(state_dir, pair, *command, **more):
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")
    }
    environment |= {"STATE_DIR": str(state_dir), **more}
    pair.fill(environment)
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_chain_holds_after_the_database_is_killed_under_many_writers(state_dir):
    pair = engines.start(state_dir)
    made = manage(state_dir, pair, "migrate", "audit", "--noinput", DATABASE_ROLE="owner")
    assert made.returncode == 0, made.stderr
    acknowledged = []

    def write():
        connection = psycopg2.connect(pair.database_url)
        with contextlib.suppress(psycopg2.Error):
            while True:
                key = str(uuid.uuid4())
                with connection, connection.cursor() as cursor:
                    cursor.execute(ADD, [key])
                acknowledged.append(key)
        connection.close()

    writers = [threading.Thread(target=write) for _ in range(6)]
    for writer in writers:
        writer.start()
    deadline = time.monotonic() + 20
    while len(acknowledged) < 60 and time.monotonic() < deadline:
        time.sleep(0.01)
    postmaster = int((state_dir / "pg" / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGKILL)
    for writer in writers:
        writer.join(timeout=30)
    pair.stop()

    again = engines.start(state_dir)

    connection = psycopg2.connect(again.database_url)
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute("select id::text from audit_entry")
        kept = {key for (key,) in cursor.fetchall()}
    assert len(acknowledged) >= 60
    assert set(acknowledged) <= kept
    verified = manage(state_dir, again, "verify_ledger")
    assert verified.returncode == 0, verified.stderr
    again.stop()
