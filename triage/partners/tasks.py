"""What the clock hands to a worker."""

from celery import shared_task
from django.utils.timezone import now

from triage.partners import jobs


@shared_task
def chase_late_referrals():
    jobs.chase_late_referrals(now())


@shared_task
def count_repeats():
    jobs.count_repeats(now())
