"""What the clock hands to a worker."""

from celery import shared_task
from django.utils.timezone import now

from triage import jobs


@shared_task
def raise_late_reviews():
    jobs.raise_late_reviews(now())
