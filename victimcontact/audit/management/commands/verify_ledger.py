"""``manage.py verify_ledger``: whether anybody changed, removed or reordered an entry."""

from django.core.management.base import BaseCommand, CommandError

from victimcontact.audit import ledger
from victimcontact.audit.models import Head


class Command(BaseCommand):
    help = "Recompute the ledger's chain and name every place where it does not hold."

    def handle(self, **options):
        faults = ledger.verify()
        for fault in faults:
            self.stderr.write(f"{fault.seq if fault.seq is not None else '-'}: {fault.what}")
        if faults:
            raise CommandError(f"The ledger does not hold: {len(faults)} faults.")
        head = Head.objects.first()
        if head is None:
            self.stdout.write("The ledger is empty.")
        else:
            self.stdout.write(f"The ledger holds: {head.seq} entries, head {head.hash.hex()}.")
