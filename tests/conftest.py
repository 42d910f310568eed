"""Every run of pytest has servers, a database and a state folder of its own.

The engines start while this file is read: before Django reads its settings, and before xdist
starts its workers, which inherit the environment. With DATABASE_URL and REDIS_URL set, those are
used instead; the owner's role then needs CREATEDB.

Tests talk to the database as the application does, by a role that owns nothing. Only making,
emptying and removing the test database is the owner's work.
"""

import contextlib
import fcntl
import functools
import os
import re
import shutil
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import django
import psycopg2
import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from tests import migrated
from victimcontact import engines

# How long an example takes says how busy the machine is, not whether the product is right.
hypothesis_settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("any machine")

IS_WORKER = "PYTEST_XDIST_WORKER" in os.environ
STATE_PREFIX = "victimcontact-tests-"
LONG = re.compile(r"tests/(faults|matrix|machine)/|test_\w*(page|pages|leaving|browser)\.py")
KEPT_TABLES = {"django_migrations", "django_content_type", "auth_permission"}

_engines = None


def _private_state_dir():
    """A fresh folder; what killed runs left behind is removed first."""
    parent = Path(tempfile.gettempdir())
    for old in parent.glob(f"{STATE_PREFIX}*"):
        if old.stat().st_mtime > time.time() - 600:
            continue  # perhaps just being made
        with contextlib.suppress(OSError), open(old / "engines.users", "a") as users:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)  # held while a run uses it
            shutil.rmtree(old, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=STATE_PREFIX))


if not IS_WORKER:
    os.environ["ENVIRONMENT"] = "test"
    os.environ["STATE_DIR"] = str(_private_state_dir())
    os.environ.pop("DATABASE_ROLE", None)
    if not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")):
        _engines = engines.start(os.environ["STATE_DIR"], throwaway=True)
        _engines.fill(os.environ)
else:
    # A Valkey database of its own: what one worker's tests count is not another's.
    number = int(os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw")) + 1
    redis_url = urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{number}").geturl()
    os.environ["REDIS_URL"] = redis_url
    # A worker inherits the name of the settings, and they were read before this file.
    django_settings.REDIS_URL = django_settings.CELERY_BROKER_URL = redis_url
    django_settings.CACHES["default"]["LOCATION"] = redis_url
    django_settings.CHANNEL_LAYERS["default"]["CONFIG"]["hosts"] = [redis_url]
if django_settings.configured and not IS_WORKER:
    raise pytest.UsageError("Unset DJANGO_SETTINGS_MODULE: tests choose their settings themselves.")
os.environ["DJANGO_SETTINGS_MODULE"] = "victimcontact.settings"
# pytest-django looks for settings before this file exists to it: tests import models, so now.
django.setup()

from victimcontact.people import words  # noqa: E402 - it needs the settings

# Nearly every test makes people with a word or a password, and few are about hashing them slowly.
words._COST["n"] = 2
django_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def pytest_unconfigure():
    if IS_WORKER:
        return
    if _engines:
        _engines.stop(remove=True)
    shutil.rmtree(os.environ["STATE_DIR"], ignore_errors=True)


def pytest_collection_modifyitems(items):
    """What drives the whole house runs by itself: see victimcontact/checks.py."""
    for item in items:
        if "house" in item.fixturenames or "e2e" in item.path.parts:
            item.add_marker("house")
    # The longest files first: one begun last would keep one core waiting for the other.
    items.sort(key=lambda item: not LONG.search(str(item.path)))


@pytest.fixture(autouse=True)
def nothing_remembered():
    """Begin with an empty cache: addresses are counted there, and tests share one address."""
    cache.clear()


# The test database


def _database():
    from django.conf import settings

    return settings.DATABASES["default"]


def _role_of(url):
    import environ

    config = environ.Env.db_url_config(url)
    return {"USER": config["USER"], "PASSWORD": config["PASSWORD"]}


def _become(role):
    """Let every connection of this process be made by ``role`` ("app" or "owner") from now on."""
    from django.conf import settings
    from django.db import connection

    url = settings.DATABASE_URL if role == "app" else settings.DATABASE_OWNER_URL
    connection.close()
    _database().update(_role_of(url))
    connection.settings_dict.update(_role_of(url))


def _is_ours():
    """Whether the server is the one started above, whose programs lie beside it."""
    pair = engines.running(os.environ["STATE_DIR"])
    return pair is not None and pair.database_url == os.environ["DATABASE_URL"]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix):
    _become("owner")
    name = f"migrated_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
    if _is_ours() and migrated.template(os.environ["DATABASE_OWNER_URL"], name):
        _database()["TEST"]["TEMPLATE"] = name


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Migrate as the owner, then be the application."""
    with django_db_blocker.unblock():
        from django.test import TransactionTestCase

        _empty_database(is_told=True)
        if _is_ours():
            url = urlsplit(os.environ["DATABASE_OWNER_URL"])
            migrated.keep(url._replace(path=f"/{_database()['NAME']}").geturl())
        _become("app")
        # The application may not TRUNCATE, and triggers guard what is written once: Django's
        # own flush cannot work here.
        TransactionTestCase._fixture_teardown = _empty_database
    yield
    _emptier().close()
    with django_db_blocker.unblock():
        _become("owner")


def _owners_connection():
    from django.conf import settings

    database = _database()
    role = _role_of(settings.DATABASE_OWNER_URL)
    connection = psycopg2.connect(
        host=database["HOST"],
        port=database["PORT"] or None,
        dbname=database["NAME"],
        user=role["USER"],
        password=role["PASSWORD"],
    )
    # A test that leaves a transaction open elsewhere fails here instead of hanging.
    with connection, connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '10s'")
    return connection


@contextlib.contextmanager
def _as_owner():
    """A cursor of the owner in one transaction of its own on the test database."""
    with contextlib.closing(_owners_connection()) as opened, opened, opened.cursor() as cursor:
        yield cursor


@pytest.fixture
def as_owner():
    """Ask the test database as the owner of its tables: ``with as_owner() as cursor: ...``.

    A transaction of its own, so it sees only what a ``transaction=True`` test has committed.
    """
    return _as_owner


# Table by table, for one statement about all of them takes longer to plan than to run. Rows and
# not TRUNCATE, for that makes every table anew which refers to one of these.
EMPTY = """
DO $$
DECLARE
  one regclass;
  has_rows boolean;
  filled regclass[] := '{}';
BEGIN
  FOR one IN
    SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND n.nspname NOT LIKE 'pg\\_%%' AND n.nspname <> 'information_schema'
      AND NOT c.relname = ANY(%(kept)s)
    -- First what refers by a key that is looked at row by row, not at commit.
    ORDER BY NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = c.oid AND contype = 'f'
      AND NOT condeferrable)
  LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %%s)', one) INTO has_rows;
    IF has_rows THEN
      filled := filled || one;
    END IF;
  END LOOP;
  IF %(is_told)s AND filled <> '{}' THEN
    RAISE EXCEPTION 'A migration wrote rows that a flush would lose: %%', filled;
  END IF;
  FOREACH one IN ARRAY filled LOOP
    EXECUTE format('ALTER TABLE %%s DISABLE TRIGGER USER', one);  -- what guards against us
  END LOOP;
  FOREACH one IN ARRAY filled LOOP
    EXECUTE format('DELETE FROM %%s', one);
  END LOOP;
  SET CONSTRAINTS ALL IMMEDIATE;  -- nothing refers to what is gone
  FOREACH one IN ARRAY filled LOOP
    EXECUTE format('ALTER TABLE %%s ENABLE TRIGGER USER', one);
  END LOOP;
  PERFORM setval(s.seqrelid, s.seqstart, false)
  FROM pg_sequence s JOIN pg_depend d ON d.objid = s.seqrelid AND d.deptype IN ('a', 'i')
  WHERE d.refobjid = ANY(filled);
END $$
"""


def _empty_database(_test_case=None, *, is_told=False):
    """Bring the database back to how the migrations left it: every table of ours empty.

    With ``is_told``, a row that stands in one is an error instead.
    """
    try:
        with _emptier() as opened, opened.cursor() as cursor:
            cursor.execute(EMPTY, {"kept": list(KEPT_TABLES), "is_told": is_told})
    except (psycopg2.OperationalError, psycopg2.InterfaceError):
        if not _emptier().closed:
            raise
        _emptier.cache_clear()  # a test cut off everybody
        _empty_database(is_told=is_told)


# One for all of them: a fresh one reads the descriptions of all tables first.
_emptier = functools.cache(_owners_connection)


# The whole house


@pytest.fixture(scope="session")
def house():
    """The house as `make run` starts it: engines, web, sockets, worker and beat, on free ports.

    It has a database of its own, filled by the demonstration force: `house.url` is the address,
    `house.manage(...)` runs a command in it, `house.sql(...)` asks its database as the owner.
    """
    from victimcontact.run import House

    class Migrated(House):
        def _start_engines(self):
            super()._start_engines()
            migrated.fill(self._pair.owner_url)

    state_dir = Path(tempfile.mkdtemp(prefix=STATE_PREFIX))
    with Migrated(state_dir, throwaway=True) as running:
        yield running
    shutil.rmtree(state_dir, ignore_errors=True)


@pytest.fixture(scope="module")
def emptied(house):
    """For tests that fill the house: what they leave open is over when others come to it."""
    [(began,)] = house.sql("select clock_timestamp()")
    yield
    house.sql(
        "update appointments_appointment set status = 'cancelled', cancelled_at = now(),"
        " cancelled_reason = 'over' where created_at >= %s"
        " and status in ('booked', 'waiting', 'in_call')",
        [began],
    )
    house.sql(
        "update triage_incident set status = 'closed', closed_at = now(),"
        " closed_by_id = (select id from accounts_user order by id limit 1)"
        " where reported_at >= %s and status = 'open'",
        [began],
    )
