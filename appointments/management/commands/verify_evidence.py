"""Do the files of evidence and the rows that name them agree?"""

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now

from appointments import evidence, sealing


class Command(BaseCommand):
    """Exit 0 when every row has its file with its bytes and no file lacks a row; else 1."""

    help = "Compares every exhibit and statement file with its row, and names what disagrees."

    def handle(self, **options):
        sealing.clear_parts(at=now())
        found = sealing.compare(evidence.files_on_record())
        for name in found.without_file:
            self.stdout.write(f"missing: {name}")
        for name in found.changed:
            self.stdout.write(f"changed: {name}")
        for name in found.without_row:
            self.stdout.write(f"without a row: {name}")
        faults = len(found.without_file) + len(found.changed) + len(found.without_row)
        if faults:
            raise CommandError(f"{faults} files disagree with their rows")
        self.stdout.write("Every file agrees with its row")
