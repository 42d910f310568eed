"""``manage.py rotate_keys``: write every encrypted column again under the newest key.

Add a key at the end of FIELD_KEYS, restart, run this as the owner (DATABASE_ROLE=owner), then take
the old key away. It can be stopped and run again: rows that have the newest key are passed over.
"""

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.utils.timezone import now
from psycopg2 import sql

from victimcontact.audit import ledger
from victimcontact.lib import encryption

BATCH = 500


class Command(BaseCommand):
    help = "Re-encrypt every encrypted column with the newest of FIELD_KEYS."

    def handle(self, **options):
        done = 0
        for model in apps.get_models():
            for field in model._meta.local_concrete_fields:
                if isinstance(field, encryption.EncryptedTextField):
                    done += self._rotate(model, field)
        ledger.record("keys.rotated", at=now(), key=encryption.current_key(), values=done)
        self.stdout.write(f"{done} values now have key {encryption.current_key()}.")

    def _rotate(self, model, field):
        done = 0
        while batch := self._batch(model, field):
            done += batch
        if done:
            self.stdout.write(f"{model._meta.label}.{field.name}: {done}")
        return done

    def _batch(self, model, field):
        names = {
            "table": sql.Identifier(model._meta.db_table),
            "column": sql.Identifier(field.column),
            "key": sql.Identifier(model._meta.pk.column),
        }
        with transaction.atomic(), connection.cursor() as cursor:
            # The triggers that keep rows as they are let the owner through while this is on.
            cursor.execute("set local house.rotating_keys = 'on'")
            select = sql.SQL(
                "select {key}, {column} from {table}"
                " where get_byte({column}, 1) <> %s limit %s for update"
            ).format(**names)
            cursor.execute(select.as_string(cursor.connection), [encryption.current_key(), BATCH])
            rows = cursor.fetchall()
            update = sql.SQL("update {table} set {column} = %s where {key} = %s").format(**names)
            for key, value in rows:
                fresh = encryption.encrypt(encryption.decrypt(value, field.place), field.place)
                cursor.execute(update.as_string(cursor.connection), [fresh, key])
                if cursor.rowcount != 1:
                    raise CommandError(f"{field.place}: run this with DATABASE_ROLE=owner.")
        return len(rows)
