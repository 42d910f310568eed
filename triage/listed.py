"""An incident as the queue and the board list it: what they say of it, and no more.

A page of fifty or a hundred is read every few seconds. A row of the database is one, as it comes;
whatever takes work is worked out only where a line is drawn anew (see ``drawn``).
"""

import json
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from django.db.models import F, Func, TextField
from django.db.models.functions import Cast

from victimcontact.accounts.models import Force, User


def name_columns(who):
    """The columns of a person's name."""
    return (f"{who}__first_name", f"{who}__last_name", f"{who}__username")


# For an incident with the ``flags`` and ``because`` of ``selectors.open_queue``. Keys as text: to
# make a hundred of them takes longer than to read them.
COLUMNS = (
    Cast("pk", TextField()),
    *("reference", "channel", "status", "reported_at", "grade", "due_at", "review_due_at"),
    *("is_seen", "response", "because"),
    Cast(Func(F("flags"), function="array_to_json"), TextField()),
    *("force__grades", "force__review_after_minutes", "force__review_warn_minutes"),
    *name_columns("handler"),
    Cast("owner", TextField()),
    *name_columns("owner"),
)


class Listed(NamedTuple):
    """Reads like the Incident as far as lists ask; handler and owner are names, or None."""

    key: str
    reference: str
    channel: str
    status: str
    reported_at: datetime
    grade: int
    due_at: datetime
    review_due_at: datetime
    is_seen: bool
    response: str
    because: str | None
    flags_json: str | None
    grades_json: str
    review_after_minutes: int
    review_warn_minutes: int
    handler_first: str | None
    handler_last: str | None
    handler_username: str | None
    owner_key: str | None
    owner_first: str | None
    owner_last: str | None
    owner_username: str | None

    @property
    def pk(self):
        return UUID(self.key)

    @property
    def flags(self):
        return json.loads(self.flags_json or "[]")

    @property
    def force(self):
        return _force(self.grades_json, self.review_after_minutes, self.review_warn_minutes)

    @property
    def handler(self):
        return name_of(self.handler_first, self.handler_last, self.handler_username)

    @property
    def owner(self):
        return name_of(self.owner_first, self.owner_last, self.owner_username)

    @property
    def owner_id(self):
        return UUID(self.owner_key) if self.owner_key else None


@lru_cache(maxsize=2_000)
def name_of(first, last, username) -> str | None:
    """What a person of the staff is called, None where there is nobody."""
    if username is None:
        return None
    return str(User(first_name=first, last_name=last, username=username))


@lru_cache(maxsize=100)
def _force(grades, review_after, review_warn):
    return Force(
        grades=json.loads(grades),
        review_after_minutes=review_after,
        review_warn_minutes=review_warn,
    )
