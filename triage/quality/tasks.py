"""What the clock hands to a worker."""

from celery import shared_task
from django.utils.timezone import now

from triage.quality import jobs


@shared_task
def draw_samples():
    jobs.draw_samples(now())
