"""The one place that every page of practice passes: it may write its own table and no other.

What goes out to people goes out by a row: a notification, a task, a webhook, a file's entry. So a
page that can write no such row reaches nobody, whatever code it should one day call.
"""

import re
from contextlib import contextmanager
from functools import wraps

from django.db import connection
from django.utils.timezone import now

from triage import policies

# Practice itself, that it was practised, and the session of whoever practises.
MAY_WRITE = frozenset({"quality_practiceattempt", "audit_entry", "django_session"})

_READS = re.compile(
    r"^\s*(select|savepoint|release\s+savepoint|rollback|explain|show|begin|commit"
    r"|set\s+constraints|declare|fetch|close)\b",
    re.IGNORECASE,
)
_WRITES = re.compile(
    r'^\s*(?:insert\s+into|update|delete\s+from)\s+"?(?P<table>\w+)"?', re.IGNORECASE
)
# A statement that begins as a read may still change something further on.
_HIDDEN = re.compile(
    r"\b(insert\s+into|delete\s+from|merge\s+into|truncate|nextval|setval|copy|pg_notify)\b"
    r"|\bupdate\s+\"?\w+\"?\s+set\b|\b(?:alter|drop|create|grant|call|notify|do)\s",
    re.IGNORECASE,
)


class PracticeBreach(RuntimeError):
    """Practice tried to write where something real is kept. Nothing was written."""


def _check(execute, sql, params, many, context):
    if not is_allowed(sql):
        raise PracticeBreach("Practice may write nothing but its own attempts.")
    return execute(sql, params, many, context)


def is_allowed(sql: str) -> bool:
    """Whether practice may run this statement. Values stand apart from it, as parameters."""
    if found := _WRITES.match(sql):
        rest = sql[found.end() :]
        return found["table"].lower() in MAY_WRITE and not _HIDDEN.search(rest)
    return bool(_READS.match(sql)) and not _HIDDEN.search(sql)


@contextmanager
def raised():
    """While this is open, this thread's connection writes nothing but what practice may."""
    with connection.execute_wrapper(_check):
        yield


def practice(view):
    """A view of practice: behind the shield until its page is rendered."""

    @wraps(view)
    def shielded(request, *args, **kwargs):
        policies.published(at=now())  # the very first call of a new house publishes one
        with raised():
            response = view(request, *args, **kwargs)
            if hasattr(response, "render"):
                response = response.render()
        return response

    return shielded
