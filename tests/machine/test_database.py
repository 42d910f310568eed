"""The tests' own ground: who asks the database, and what a flush leaves behind."""

import pytest
from django.core.management import call_command
from django.db import ProgrammingError, connection, transaction

from victimcontact.accounts.models import User

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
def test_a_flush_leaves_what_the_migrations_left(again, as_owner):
    """Each run writes a row and would find the other's; the seed rows are there both times."""
    found = User.objects.count()
    User.objects.create(username="left-behind")
    with as_owner() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'after_migrations'::regnamespace"
        )
        seeded = [name for (name,) in cursor.fetchall()]
        counts = {name: _counts(cursor, name) for name in seeded}

    assert found == 0
    assert "public.audit_head" in counts
    assert {name: kept for name, (kept, _) in counts.items()} == {
        name: live for name, (_, live) in counts.items()
    }


def _counts(cursor, name):
    """Rows remembered of a table, and rows that are in it."""
    schema, table = name.split(".")
    cursor.execute(
        f'SELECT (SELECT count(*) FROM after_migrations."{name}"),'
        f' (SELECT count(*) FROM "{schema}"."{table}")'
    )
    return cursor.fetchone()
