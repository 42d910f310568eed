"""News for other systems: a row for each subscription, in the transaction of what happened.

What is told is a reference, a grade, times and the kind of thing: nothing about anybody.
"""

from django.db import transaction

from triage.api.models import Event, Sent, WebhookDelivery, WebhookSubscription
from victimcontact.lib.keys import uuid7


def tell_grade(incident, assessment, *, before, by, at, client=None) -> list[WebhookDelivery]:
    """Queue that ``assessment`` graded ``incident``; ``client`` as in ``tell``."""
    return tell(
        Event.GRADED,
        incident,
        at=at,
        client=client,
        grade=assessment.decided_grade,
        grade_before=before.decided_grade if before else None,
        graded_by="person" if by else "engine",
        due_at=incident.due_at and incident.due_at.isoformat(),
    )


def tell(event: Event, incident, *, at, client=None, **more) -> list[WebhookDelivery]:
    """Queue ``event`` about ``incident`` for whoever asked for it. ``more`` stands in the body.

    With a ``client`` only for what that one asked for.
    """
    asked = WebhookSubscription.objects.filter(
        force_id=incident.force_id, is_active=True, events__contains=[event]
    )
    asked = list(asked.filter(client=client) if client else asked)
    if not asked:
        return []
    sent = Sent.objects.filter(incident=incident).first()
    queued = []
    for subscription in asked:
        theirs = sent if sent and sent.client_id == subscription.client_id else None
        if subscription.client_id and theirs is None:
            continue
        key = uuid7()
        body = {
            "id": str(key),
            "event": str(event),
            "reference": incident.reference,
            "their_reference": theirs.their_reference if theirs else None,
            "at": at.isoformat(),
            **more,
        }
        queued.append(
            WebhookDelivery(
                id=key,
                subscription=subscription,
                incident=incident,
                event=event,
                body=body,
                next_attempt_at=at,
                queued_at=at,
            )
        )
    WebhookDelivery.objects.bulk_create(queued)
    if queued:
        transaction.on_commit(_wake, robust=True)
    return queued


def _wake():
    from triage.api import tasks

    tasks.wake()
