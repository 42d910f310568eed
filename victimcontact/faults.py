"""A fault leaves its kind and place in the log, and nothing of what anybody asked or said.

Django's own entry names the address asked for, which may hold a token, and the error's message,
which may hold what somebody typed.
"""

import logging
import sys
import traceback

from celery.signals import task_failure, task_internal_error, task_retry
from django.core.signals import got_request_exception
from django.dispatch import receiver

log = logging.getLogger(__name__)


@receiver(got_request_exception)
def note(sender, request=None, **_):
    """Log the exception that is being handled: its class, the page, and the lines it came by."""
    kind, _value, trace = sys.exc_info()
    match = getattr(request, "resolver_match", None)
    _say(kind, match.view_name if match else "no page", trace)


@task_failure.connect(dispatch_uid="faults.note_task")
@task_retry.connect(dispatch_uid="faults.note_retry")
@task_internal_error.connect(dispatch_uid="faults.note_internal")
def note_task(sender=None, exception=None, reason=None, **_):
    """The same of what goes wrong in the worker, whose own log names messages and arguments."""
    error = exception if exception is not None else reason
    error = getattr(error, "exc", None) or error  # a retry holds what made it necessary
    trace = getattr(error, "__traceback__", None)
    _say(type(error), getattr(sender, "name", None) or "a task", trace)


def _say(kind, place, trace):
    lines = [f"{each.filename}:{each.lineno} {each.name}" for each in traceback.extract_tb(trace)]
    log.error("%s in %s\n  %s", kind.__name__, place, "\n  ".join(lines))
