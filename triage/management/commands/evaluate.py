"""Measure a THRIVE policy on labelled reports, and show every miss in full as a page."""

import sys
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.template.loader import render_to_string

from triage import evaluation, thrive

from .thrive import published_policy

HALVES = {"held-back": "held back", "tune": "for tuning", "all": "all"}


class Command(BaseCommand):
    """Prints the figures and writes the page. Ends with 1 when ``--check`` is not met."""

    help = "Measure the THRIVE policy on labelled reports; writes a page with every miss."
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser):
        parser.add_argument(
            "--cases", help=f"labelled reports as JSON lines (default: {evaluation.CASES})"
        )
        parser.add_argument("--half", choices=HALVES, default="held-back")
        parser.add_argument("--policy", help="a policy as TOML; default: the shipped one")
        parser.add_argument("--published", action="store_true", help="the published policy")
        parser.add_argument("--page", help="where to write the page (default: in the state folder)")
        parser.add_argument(
            "--check", action="store_true", help="fail when the goals of this house are not met"
        )

    def handle(self, *, cases, half, policy, published, page, check, **options):
        policy = self._policy(policy, published)
        labelled = self._cases(Path(cases) if cases else Path(settings.BASE_DIR) / evaluation.CASES)
        if half != "all":
            tuning = half == "tune"
            labelled = [case for case in labelled if evaluation.is_for_tuning(case) == tuning]
        judged = evaluation.judge(labelled, policy)
        measured = evaluation.figures(judged)
        for line in evaluation.lines(measured):
            self.stdout.write(line)
        where = Path(page) if page else Path(settings.STATE_DIR) / "evaluation.html"
        where.parent.mkdir(parents=True, exist_ok=True)
        where.write_text(self._page(judged, measured, policy, HALVES[half]), encoding="utf-8")
        self.stdout.write(f"Each miss in full: {where}")
        if check and (failed := evaluation.goals_missed(measured)):
            self.stderr.write("Not met: " + "; ".join(failed))
            sys.exit(1)

    def _policy(self, path, published):
        if published:
            found = published_policy()
            if found is None:
                raise CommandError("No published policy was found.")
            return found
        if path is None:
            return thrive.default_policy()
        try:
            return thrive.Policy.from_toml(Path(path).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, thrive.PolicyError) as error:
            raise CommandError(str(error)) from error

    def _cases(self, path):
        try:
            return evaluation.read_all(path)
        except (OSError, ValueError) as error:
            raise CommandError(f"{path}: {error}") from error

    def _page(self, judged, measured, policy, half):
        grades = list(thrive.GRADES)
        return render_to_string(
            "triage/evaluation.html",
            {
                "policy": policy,
                "half": half,
                "lines": evaluation.lines(measured),
                "failed": evaluation.goals_missed(measured),
                "grades": grades,
                "matrix": [
                    (right, [(g, measured.matrix.get((right, g), 0)) for g in grades])
                    for right in grades
                ],
                "flags": [(thrive.FLAGS[name], *counts) for name, counts in measured.flags.items()],
                "misses": sorted(
                    (j for j in judged if not j.right),
                    key=lambda j: (not j.dangerous, not j.under, not j.over),
                ),
            },
        )
