"""Learn the weights by which the reader reads a report as a whole, from the reports for tuning."""

import tomllib
from pathlib import Path

import numpy as np
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from triage import evaluation, thrive
from triage.thrive import reading

TOLD = reading.FOLDER / "demonstration_cases.toml"


class Command(BaseCommand):
    """Writes ``triage/data/reader_<name>.npz``. Reports that are held back are never read."""

    help = "Learn the reader's weights from the labelled reports for tuning (needs scikit-learn)."
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser):
        parser.add_argument("name", help="of the weights, as the policy's [reading] will name them")

    def handle(self, *, name, **options):
        try:
            from triage import training
        except ImportError as error:
            raise CommandError(f"{error.name} is missing: see the development packages") from error
        labelled = evaluation.read_all(Path(settings.BASE_DIR) / evaluation.CASES)
        cases = [case for case in labelled if evaluation.is_for_tuning(case)]
        cases += tomllib.loads(TOLD.read_text(encoding="utf-8"))["cases"]
        arrays = training.learn(cases, thrive.default_policy())
        path = reading.FOLDER / f"reader_{name}.npz"
        np.savez_compressed(path, **arrays)
        self.stdout.write(
            f"{len(cases)} reports, {len(arrays['rarity']):,} terms: {path.name},"
            f" {path.stat().st_size / 1000:,.0f} kB"
        )
