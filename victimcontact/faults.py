"""A fault leaves its kind and place in the log, and nothing of what anybody asked or said.

Django's own entry names the address asked for, which may hold a token, and the error's message,
which may hold what somebody typed.
"""

import logging
import sys
import traceback

from django.core.signals import got_request_exception
from django.dispatch import receiver

log = logging.getLogger(__name__)


@receiver(got_request_exception)
def note(sender, request=None, **_):
    """Log the exception that is being handled: its class, the page, and the lines it came by."""
    kind, _value, trace = sys.exc_info()
    match = getattr(request, "resolver_match", None)
    lines = [f"{each.filename}:{each.lineno} {each.name}" for each in traceback.extract_tb(trace)]
    page = match.view_name if match else "no page"
    log.error("%s in %s\n  %s", kind.__name__, page, "\n  ".join(lines))
