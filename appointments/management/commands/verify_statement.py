"""Is this file a statement that was sealed here?"""

import re

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.timezone import now

from appointments import sealing, statements
from appointments.models import ContinuityEntry, StatementVersion
from victimcontact.audit import ledger
from victimcontact.lib.local_time import staff_time


class Command(BaseCommand):
    """Exit 0 when the file is a sealed statement, byte for byte; 1 when it is not."""

    help = (
        "Says whether FILE is a sealed statement, byte for byte. With --hash it compares the file "
        "with that hash alone and needs no database."
    )
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("file")
        parser.add_argument(
            "--hash", dest="sha256", help="SHA-256 of the sealed statement, 64 hexadecimal digits"
        )

    def handle(self, *, file, sha256, **options):
        try:
            found = sealing.sha256_of(file)
        except OSError as error:
            raise CommandError(f"Cannot read {file}: {error.strerror}") from None
        if sha256:
            self._compare(found, sha256)
        else:
            self._look_up(found)

    def _compare(self, found, sha256):
        if not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
            raise CommandError("--hash takes 64 hexadecimal digits")
        if found != sha256.lower():
            raise CommandError(f"Not the same: the file's SHA-256 is {found}")
        self.stdout.write(f"The same, byte for byte. SHA-256 {found}")

    def _look_up(self, found):
        version = statements.find_sealed(found)
        if version is None:
            shown = StatementVersion.objects.filter(final_sha256=found).exists()
            why = "it is the unsigned text that was shown for signing" if shown else "no such seal"
            raise CommandError(f"Not a sealed statement: {why}. SHA-256 {found}")
        at = now()
        with transaction.atomic():
            ContinuityEntry.objects.create(
                statement_version=version,
                act=ContinuityEntry.Act.VERIFIED,
                actor=ledger.actor(None),
                sha256=found,
                at=at,
            )
            ledger.record("statement.verified", about=version, at=at, sha256=found)
        signature = statements.witness_signature(version)
        self.stdout.write(
            f"Sealed statement {version.statement_id}, version {version.number}, "
            f"{version.page_count} page(s), signed {staff_time(signature.signed_at)}. "
            f"SHA-256 {found}"
        )
