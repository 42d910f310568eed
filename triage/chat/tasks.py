"""What the clock, or a visitor who left, hands to a worker."""

from celery import shared_task
from django.utils.timezone import now

from triage.chat import chats


@shared_task
def receive_waiting():
    at = now()
    chats.end_quiet(at)
    chats.let_go(at)
    chats.receive_waiting(at)
