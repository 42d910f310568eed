"""What the application's database role may do: everything but change what is kept for ever.

Runs after each migration, as the owner. A model that says ``append_only = True`` may only be
inserted into and read; one that says ``database_writes = True`` may only be read. The triggers in
the migrations refuse the same again, to the owner too.
"""

from django.apps import apps
from django.conf import settings
from django.db import connections
from psycopg2 import sql


def grant(using="default", **_):
    """Give the application's role its rights on every table. Does nothing when run as that role."""
    role = settings.DATABASE_APP_USER
    connection = connections[using]
    with connection.cursor() as cursor:
        cursor.execute(
            "select current_user, exists(select from pg_roles where rolname = %s)", [role]
        )
        current, exists = cursor.fetchone()
        if current == role or not exists:
            return
        tables = set(connection.introspection.table_names(cursor))

        def run(text, **names):
            cursor.execute(
                sql.SQL(text)
                .format(role=sql.Identifier(role), **names)
                .as_string(cursor.connection)
            )

        run("grant usage on schema public to {role}")
        run("grant select, insert, update, delete on all tables in schema public to {role}")
        run("grant usage, select on all sequences in schema public to {role}")
        for model in apps.get_models():
            table = model._meta.db_table
            if table not in tables:
                continue
            if getattr(model, "append_only", False):
                run("revoke update, delete, truncate on {t} from {role}", t=sql.Identifier(table))
            if getattr(model, "database_writes", False):
                run("revoke insert on {t} from {role}", t=sql.Identifier(table))
