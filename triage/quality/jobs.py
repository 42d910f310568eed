"""What the clock starts: samples for the reviewers, every day."""

from celery.schedules import crontab

from triage.quality import sampling
from victimcontact.accounts.models import Force

BEAT = {
    "draw samples for review": {
        "task": "triage.quality.tasks.draw_samples",
        "schedule": crontab(hour=4, minute=20),
        "options": {"expires": 3600},
    }
}


def draw_samples(at) -> int:
    """Draw for every force, each in a transaction of its own; how many samples are new."""
    return sum(sampling.draw(force, at=at).total for force in Force.objects.order_by("slug"))
