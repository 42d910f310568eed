"""Assess reports in batch: one JSON object a line in, one assessment a line out, in order."""

import json
import sys

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection

from triage import thrive

PATIENCE_SECONDS = 3  # for a database that does not answer


class Command(BaseCommand):
    """Reads standard input, writes standard output, touches no row.

    A line that cannot be read gives {"error": "…"} and the rest go on. The policy is the published
    one, or the one that ships with the code when no database answers; standard error says which.
    """

    help = "Assess reports by THRIVE: JSON lines in, JSON lines out."
    # Nothing here needs the database: it is asked for the policy, and may stay silent.
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser):
        parser.add_argument("--jsonl", action="store_true", help="one JSON object a line")
        parser.add_argument(
            "--shipped", action="store_true", help="use the policy that ships with the code"
        )

    def handle(self, *, jsonl, shipped, **options):
        if not jsonl:
            raise CommandError("Say --jsonl: one JSON object a line on standard input.")
        policy = thrive.default_policy() if shipped else self._policy()
        source = getattr(sys.stdin, "buffer", sys.stdin)
        for raw in source:
            line = raw.decode("utf-8", errors="replace") if isinstance(raw, bytes) else raw
            self.stdout.write(json.dumps(answer(line, policy), ensure_ascii=False))
            self.stdout.flush()

    def _policy(self):
        policy = published_policy()
        if policy is None:
            policy = thrive.default_policy()
            self.stderr.write(f"No published policy: using the shipped one, {policy.version}.")
        return policy


def answer(line, policy):
    """The assessment of one JSON line as a plain dict, or {"error": …}."""
    try:
        report = thrive.Report.from_dict(json.loads(line))
        return thrive.assess(report, policy, questions=False).as_line()
    except json.JSONDecodeError as error:
        return {"error": f"not a JSON object: {error}"}
    except thrive.ReportError as error:
        return {"error": str(error)}
    except RecursionError:
        return {"error": "not a JSON object: nested too deeply"}


def published_policy():
    """The published policy; None when no database answers or none that can be read is there."""
    from triage.models import Policy

    connection.settings_dict.setdefault("OPTIONS", {}).setdefault(
        "connect_timeout", PATIENCE_SECONDS
    )
    try:
        row = Policy.objects.filter(status=Policy.Status.PUBLISHED).first()
        return thrive.Policy.from_dict(row.data) if row else None
    except (DatabaseError, thrive.PolicyError):
        return None
    finally:
        connection.close()
