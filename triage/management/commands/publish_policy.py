"""Publish the THRIVE policy of this release: after every `migrate`, before the new code serves."""

from django.core.management.base import BaseCommand
from django.utils.timezone import now

from triage import policies


class Command(BaseCommand):
    help = (
        "Publish the THRIVE policy that ships with this release, unless the force has published"
        " one of its own. Safe to run again."
    )

    def handle(self, *args, **options):
        policy = policies.ensure_shipped_policy(now())
        self.stdout.write(f"In force: {policy}")
