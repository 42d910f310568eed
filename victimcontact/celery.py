"""Worker and beat. A task is only ever a nudge: the row in the database is the truth."""

import importlib
import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "victimcontact.settings")

app = Celery("victimcontact")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

JOBS = (
    "messaging.jobs",
    "triage.jobs",
    "triage.shifts.jobs",
    "triage.desk.jobs",
    "triage.chat.jobs",
    "triage.partners.jobs",
    "triage.api.jobs",
    "triage.quality.jobs",
    "appointments.jobs",
    "appointments.rosters.jobs",
    "appointments.attempts.jobs",
)


@app.on_after_finalize.connect
def _schedule(sender, **_):
    """Collect each app's ``BEAT``: what the clock starts, and how often."""
    for name in JOBS:
        sender.conf.beat_schedule.update(importlib.import_module(name).BEAT)
