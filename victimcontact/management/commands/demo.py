"""``manage.py demo``: a believable force to try the house with. Refused in production."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.timezone import now

from triage import policies
from victimcontact.accounts.models import Force
from victimcontact.demonstration import desk, quality, reports, rosters, staff, systems


class Command(BaseCommand):
    help = "Build the demonstration force once; later, only add the next days' shifts."

    def handle(self, **options):
        if not settings.DEMONSTRATION:
            raise CommandError("DEMONSTRATION is off: there are no invented people here.")
        at = now()
        with transaction.atomic():
            policies.ensure_shipped_policy(at)
            force = Force.objects.filter(slug=staff.SLUG).first()
            is_new = force is None
            if is_new:
                force = staff.make_force()
                rosters.build(force, at=at)
            shifts = staff.fill_roster(force, at=at)
            count = reports.build(force, at=at) if is_new else 0
            desk.open_chat(force)
            if is_new:
                desk.build(force, at=at)
                quality.build(force, reports.cases(), at=at)
                systems.build(force, at=at)
        if is_new:
            desk.write(at=at)
        self.stdout.write(f"{force}: {count} reports, {shifts} shifts added.")
