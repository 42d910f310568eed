"""Real workers, each a process, with a provider and a queue of their test's own."""

import os
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
import redis
from django.conf import settings
from django.db import connection

from tests.faults.workers import kill
from tests.messaging import twilio_server


@pytest.fixture
def twilio():
    with twilio_server.TwilioServer() as server:
        yield server


@pytest.fixture
def broker():
    """A queue of this test's own: nudges of other tests must not reach its workers.

    Nor those of a test that runs beside it, whose Valkey database is another.
    """
    own = urlsplit(settings.REDIS_URL)
    url = own._replace(path=f"/{9 + int(own.path.strip('/') or 0)}").geturl()
    client = redis.Redis.from_url(url)
    client.flushdb()
    yield url
    client.flushdb()


@pytest.fixture
def environment(twilio, broker):
    """What another process needs to be a part of this test's house."""
    database = urlsplit(settings.DATABASE_URL)
    test_database = database._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    return os.environ | {
        "ENVIRONMENT": "test",
        "DATABASE_URL": test_database,
        "DATABASE_OWNER_URL": test_database,
        "PGAPPNAME": "another process",
        "REDIS_URL": broker,
        "PUBLIC_URL": "https://appointments.example.org",
        "TWILIO_ACCOUNT_SID": twilio_server.ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": twilio_server.AUTH_TOKEN,
        "TWILIO_FROM": twilio_server.SENDER,
        "TWILIO_API_BASE_URL": twilio.url,
        # The keys of this process: the worker must read what it wrote.
        "SECRET_KEY": settings.SECRET_KEY,
        "FIELD_KEYS": ",".join(f"{number}:{key}" for number, key in settings.FIELD_KEYS.items()),
        "INDEX_KEY": settings.INDEX_KEY,
    }


@pytest.fixture
def worker(environment):
    """Start a real worker in a process of its own; all are killed at the end."""
    running = []

    def start(**changes):
        process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "victimcontact", "worker", "--pool=threads"]
            + ["--concurrency=4", "--loglevel=warning"]
            + ["--without-gossip", "--without-mingle", "--without-heartbeat"],
            cwd=settings.BASE_DIR,
            env=environment | changes,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        kill(process)
