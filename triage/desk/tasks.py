"""What the clock hands to a worker."""

from celery import shared_task
from django.utils.timezone import now

from triage.desk import reports, throttle


@shared_task
def forget_idle():
    at = now()
    reports.take_up_unsent(at)
    reports.forget_idle(at)
    throttle.forget_old(at)
