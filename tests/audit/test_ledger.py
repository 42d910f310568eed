"""The ledger: appended to by anyone, changed by nobody, and a change is found."""

from functools import partial
from urllib.parse import unquote, urlsplit

import psycopg2
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils.timezone import now

from tests.at_once import at_once, broken
from victimcontact.audit import ledger
from victimcontact.audit.models import ChainLink, Entry, Head

pytestmark = pytest.mark.django_db(transaction=True)


def record(number):
    ledger.record("test.done", at=now(), number=number)


@pytest.fixture
def owner():
    """A cursor of the tables' owner, who could do harm with intent."""
    named = {
        key: value
        for key, value in connection.get_connection_params().items()
        if key in ("host", "port", "dbname")
    }
    parts = urlsplit(settings.DATABASE_OWNER_URL)
    opened = psycopg2.connect(
        **named, user=unquote(parts.username), password=unquote(parts.password or "")
    )
    opened.autocommit = True
    yield opened.cursor()
    opened.close()


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_entry set type = 'x'",
        "delete from audit_entry",
        "truncate audit_entry",
        "update audit_chainlink set hash = ''",
        "delete from audit_chainlink",
        "insert into audit_chainlink values (99, gen_random_uuid(), '', '')",
        "update audit_head set seq = 9",
        "alter table audit_entry disable trigger all",
        "drop table audit_entry",
        "set session_replication_role = replica",
    ],
)
def test_application_cannot_change_it(statement):
    record(1)

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert ledger.verify() == []
    assert Entry.objects.count() == 1


@pytest.mark.parametrize(
    "statement", ["update audit_entry set type = 'x'", "truncate audit_entry, audit_chainlink"]
)
def test_owner_is_refused_too_until_triggers_are_off(owner, statement):
    record(1)

    with pytest.raises(psycopg2.Error):
        owner.execute(statement)


def test_chain_holds_after_many_writers():
    def write(base):
        for number in range(20):
            with transaction.atomic():
                record(base + number)

    found = at_once(*(partial(write, base) for base in range(0, 160, 20)))

    assert broken(found) == []
    assert ledger.verify() == []
    assert Head.objects.get().seq == ChainLink.objects.count() == Entry.objects.count() == 160


def test_rolled_back_entry_leaves_no_gap():
    record(1)
    with pytest.raises(RuntimeError), transaction.atomic():
        record(2)
        raise RuntimeError
    record(3)

    assert ledger.verify() == []
    assert [link.seq for link in ChainLink.objects.all()] == [1, 2]


@pytest.mark.parametrize(
    ("harm", "found"),
    [
        ("update audit_entry set actor = 'nobody' where detail->>'number' = '2'", [2]),
        ("delete from audit_entry where detail->>'number' = '2'", [2]),
        ("delete from audit_chainlink where seq = 3", [None, None]),
        ("delete from audit_chainlink where seq = 2", [3, None]),
    ],
    ids=["changed", "removed", "tail cut", "link cut"],
)
def test_verify_names_the_harm(owner, harm, found):
    for number in (1, 2, 3):
        record(number)
    for table in ("audit_entry", "audit_chainlink"):
        owner.execute(f"alter table {table} disable trigger user")
    owner.execute(harm)
    for table in ("audit_entry", "audit_chainlink"):
        owner.execute(f"alter table {table} enable trigger user")

    assert [fault.seq for fault in ledger.verify()] == found
    with pytest.raises(CommandError):
        call_command("verify_ledger")
