"""The tests' own ground: who asks the database, and what a flush leaves behind."""

from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.db import ProgrammingError, connection, transaction

from victimcontact.audit import ledger
from victimcontact.audit.models import Entry

NOON = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def _ask(query):
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def test_the_application_owns_nothing():
    owned = _ask("SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole")

    assert (_ask("SELECT current_user"), owned) == ([("vc_app",)], [(0,)])


def test_the_application_is_not_a_superuser_and_makes_no_roles():
    rights = _ask(
        "SELECT rolsuper, rolcreaterole, rolcreatedb, rolbypassrls"
        " FROM pg_roles WHERE rolname = current_user"
    )

    assert rights == [(False, False, False, False)]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (a int)",
        "TRUNCATE accounts_user",
        "ALTER TABLE accounts_user DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
        "SET ROLE vc_owner",
        "DROP TABLE django_migrations",
    ],
)
def test_the_application_may_not(statement):
    with pytest.raises(ProgrammingError), transaction.atomic():
        _ask(statement)


def test_every_model_change_has_its_migration(capsys):
    call_command("makemigrations", check=True, dry_run=True)

    assert capsys.readouterr().out == "No changes detected\n"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("again", [1, 2])
def test_a_flush_empties_what_the_application_may_not(again, as_owner):
    """Each run writes to the guarded ledger and would find the other's entry."""
    found = Entry.objects.count()
    with transaction.atomic():
        ledger.record("case.viewed", by=None, about=None, at=NOON)
    with as_owner() as cursor:
        cursor.execute("SELECT count(*) FROM audit_chainlink")
        links = cursor.fetchone()

    assert (found, links) == (0, (1,))


@pytest.mark.django_db(transaction=True)
def test_a_flush_leaves_the_guards_on(as_owner):
    with as_owner() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgenabled = 'D'")

        assert cursor.fetchall() == []
