"""Reads for other systems: one incident, lists by keyset, and how each stands."""

import base64
import binascii
import json
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Min, OuterRef, Q, Subquery

from triage.api.models import ApiClient, Change, DispatchChange, Scope, Sent
from triage.control import dispatching
from triage.control.models import Dispatch
from triage.models import Assessment, Incident


class UnknownCursor(ValueError):
    """The cursor is none of ours, or belongs to another list."""


def incidents_for(client: ApiClient):
    """The incidents that ``client`` may see: what it sent, or with that scope all of its force.

    Each is told with ``their_reference``, ``flags`` and ``decided_by``.
    """
    found = Incident.objects.filter(force=client.force)
    if Scope.READ_ALL not in client.scopes:
        found = found.filter(pk__in=Sent.objects.filter(client=client).values("incident"))
    return _told(found, client)


def _told(incidents, client):
    latest = Assessment.objects.filter(incident=OuterRef("pk")).order_by("-number")
    theirs = Sent.objects.filter(incident=OuterRef("pk"), client=client)
    return incidents.annotate(
        their_reference=Subquery(theirs.values("their_reference")[:1]),
        flags=Subquery(latest.values("flags")[:1]),
        graded=Subquery(latest.values("number")[:1]),
        decided_by=Subquery(latest.values("decided_by")[:1]),
    )


def incident_for(client: ApiClient, reference: str) -> Incident:
    """The incident under our ``reference`` or the client's own. Raises Incident.DoesNotExist."""
    mine = incidents_for(client)
    found = mine.filter(reference=reference.strip().upper()).first()
    if found is not None:
        return found
    theirs = Sent.objects.filter(client=client, their_reference=reference)
    return mine.get(pk__in=theirs.values("incident"))


def dispatched_for(client: ApiClient, reference: str) -> Incident:
    """The same among all of the force to which officers were sent, as ``dispatches`` gives them."""
    found = Incident.objects.filter(force=client.force, dispatches__isnull=False).distinct()
    theirs = Sent.objects.filter(client=client, their_reference=reference)
    ours = found.filter(reference=reference.strip().upper()).first()
    return ours or found.get(pk__in=theirs.values("incident"))


def standing(incident) -> dict:
    """How an incident of ``incidents_for`` stands, as serializers.Standing has it."""
    decided_by = "person" if incident.decided_by else "engine"
    return {
        "reference": incident.reference,
        "their_reference": incident.their_reference,
        "channel": incident.channel,
        "status": incident.status,
        "grade": incident.grade,
        "grade_label": incident.force.grade_label(incident.grade) if incident.grade else "",
        "graded_by": decided_by if incident.graded else None,
        "flags": incident.flags or [],
        "response": incident.response or None,
        "reported_at": incident.reported_at,
        "due_at": incident.due_at,
        "review_due_at": incident.review_due_at,
        "closed_at": incident.closed_at,
    }


# Lists


@dataclass(frozen=True)
class Page:
    """Rows in their order, and the cursor after the last; None at the end of a list that ends."""

    rows: list
    next: str | None


def by_creation(client: ApiClient, *, since: datetime | None, cursor: str | None, limit: int):
    """A Page of incidents in the order in which they were recorded. Raises UnknownCursor."""
    found = incidents_for(client).select_related("force")
    if cursor:
        (after,) = _opened("created", cursor, uuid.UUID)
        found = found.filter(pk__gt=after)
    elif since is not None:
        # Keys begin with the millisecond in which they were made.
        found = found.filter(pk__gte=_first_key_of(since))
    rows = list(found.order_by("pk")[: limit + 1])
    more = len(rows) > limit
    rows = rows[:limit]
    return Page(rows, _closed("created", rows[-1].pk) if more else None)


def by_change(client: ApiClient, *, since: datetime | None, cursor: str | None, limit: int):
    """A Page of incidents in the order of their last change. Raises UnknownCursor.

    Only what no running transaction can still precede is shown, so that whoever goes on from
    ``next`` misses no change, whichever of two changes was committed first.
    """
    changes = Change.objects.filter(force=client.force)
    if Scope.READ_ALL not in client.scopes:
        changes = changes.filter(incident__in=Sent.objects.filter(client=client).values("incident"))
    found, following = _in_order("changed", changes, "incident", since, cursor, limit)
    incidents = _told(Incident.objects.select_related("force"), client).in_bulk(found)
    return Page([incidents[pk] for pk in found], following)


def dispatches(client: ApiClient, *, since: datetime | None, cursor: str | None, limit: int):
    """A Page of (dispatching.Row, their reference or None) in the order of their last change.

    Of the whole force: where officers go is command and control's business. Raises UnknownCursor.
    """
    changes = DispatchChange.objects.filter(force=client.force)
    found, following = _in_order("dispatches", changes, "dispatch", since, cursor, limit)
    rows = {row.id: row for row in dispatching.rows(Dispatch.objects.filter(pk__in=found))}
    sent = Sent.objects.filter(client=client, incident__dispatches__in=found)
    theirs = dict(sent.values_list("incident__reference", "their_reference"))
    ordered = [rows[str(pk)] for pk in found]
    return Page([(row, theirs.get(row.incident)) for row in ordered], following)


def is_by_change(cursor: str | None) -> bool:
    """Whether ``cursor`` goes on with the list by change."""
    try:
        return bool(cursor) and bool(_opened("changed", cursor, int, uuid.UUID))
    except UnknownCursor:
        return False


def exported(row: dispatching.Row, their_reference: str | None) -> dict:
    """A dispatch as serializers.DispatchExported has it."""
    return {
        "id": row.id,
        "reference": row.incident,
        "their_reference": their_reference,
        "number": row.number,
        "state": row.state,
        "grade": row.grade,
        "flags": row.flags,
        "asked_at": row.asked_at,
        "asked_by": row.asked_by,
        "acknowledged_at": row.acknowledged_at,
        "arrived_at": row.arrived_at,
        "stood_down_at": row.stood_down_at,
        "due_at": row.due_at,
        "location": row.where,
        "reason": row.reason,
        "safety_note": row.safety_note,
        "person": row.person,
        "number_to_ring": row.number_to_ring,
    }


def _in_order(name, changes, key, since, cursor, limit):
    """Keys of what changed after ``cursor`` (else from ``since`` on), and the cursor after them."""
    with connection.cursor() as database:
        database.execute(
            "select pg_snapshot_xmin(now_seen)::text::bigint, pg_snapshot_xmax(now_seen)::text"
            "::bigint from pg_current_snapshot() now_seen"
        )
        settled_before, not_begun = database.fetchone()
    # A number that has not begun yet is of a database that was restored from a dump: long settled.
    found = changes.filter(Q(changed_in__lt=settled_before) | Q(changed_in__gte=not_begun))
    after = None
    if cursor:
        changed_in, last = after = _opened(name, cursor, int, uuid.UUID)
        found = found.filter(
            Q(changed_in__gt=changed_in) | Q(**{"changed_in": changed_in, f"{key}__gt": last})
        )
    elif since is not None:
        found = found.filter(changed_at__gte=since, changed_in__gte=_number_at(changes, since))
    rows = list(found.order_by("changed_in", key).values_list(f"{key}_id", "changed_in")[:limit])
    if rows:
        after = (rows[-1][1], rows[-1][0])
    elif after is None:
        # Nothing yet: go on from here, where everything before is settled.
        after = (settled_before - 1, uuid.UUID(int=(1 << 128) - 1))
    return [pk for pk, _ in rows], _closed(name, *after)


def _number_at(changes, since):
    """The least number of a change from ``since`` on, found by time; no transaction lasts an hour.

    So that a list by number need not be read from its beginning.
    """
    later = changes.filter(changed_at__gte=since)
    first = later.order_by("changed_at").values_list("changed_at", flat=True).first()
    if first is None:
        return 0
    return later.filter(changed_at__lt=first + timedelta(hours=1)).aggregate(
        least=Min("changed_in")
    )["least"]


def _first_key_of(moment):
    return uuid.UUID(int=max(0, int(moment.timestamp() * 1000)) << 80)


def _closed(name, *parts):
    text = json.dumps([name, *(str(part) for part in parts)], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _opened(name, cursor, *kinds):
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        said, *parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if said != name or len(parts) != len(kinds):
            raise UnknownCursor
        opened = [kind(part) for kind, part in zip(kinds, parts, strict=True)]
    except (ValueError, TypeError, binascii.Error, AttributeError):
        raise UnknownCursor from None
    if any(isinstance(part, int) and not -(2**62) < part < 2**62 for part in opened):
        raise UnknownCursor
    return opened
