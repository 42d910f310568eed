"""What the clock starts: no review may be late without a team leader knowing."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from django.db import transaction

from messaging import staff_tasks
from messaging.models import StaffTask
from triage.assessing import CLOCK
from triage.models import Incident, Review
from victimcontact.audit import ledger

log = logging.getLogger(__name__)

MOST_AT_ONCE = 200
EVERY_SECONDS = 60
# What falls due before the next look is arranged for to the second; a little more than one look.
AHEAD = timedelta(seconds=EVERY_SECONDS + 15)

BEAT = {
    "raise late reviews": {
        "task": "triage.tasks.raise_late_reviews",
        "schedule": EVERY_SECONDS,
        "options": {"expires": EVERY_SECONDS},
    }
}


def raise_late_reviews(at) -> int:
    """Raise a task for each open incident whose review is late at ``at``; how many were raised.

    Each late review once, whatever number of workers ask. Most urgent grade first, and at most
    MOST_AT_ONCE: as many as that means there may be more.
    """
    raised = 0
    for _ in range(MOST_AT_ONCE):
        if not _raise_next(at):
            break
        raised += 1
    return raised


def moments_ahead(at) -> list[datetime]:
    """The whole seconds by which reviews not late at ``at`` will be, until the next look."""
    due = (
        Review.objects.filter(
            done_at=None,
            raised_at=None,
            due_at__gte=at,
            due_at__lt=at + AHEAD,
            incident__status=Incident.Status.OPEN,
        )
        .order_by("due_at")
        .values_list("due_at", flat=True)
    )
    return sorted({moment.replace(microsecond=0) + timedelta(seconds=1) for moment in due})


@transaction.atomic
def _raise_next(at):
    review = (
        Review.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(done_at=None, raised_at=None, due_at__lt=at, incident__status=Incident.Status.OPEN)
        .select_related("incident__force")
        .order_by("incident__grade", "due_at")
        .first()
    )
    if review is None:
        return False
    incident = review.incident
    # What something asked for is due at once: nobody was slow with it.
    was_asked = review.event_at and review.because != CLOCK
    said = "assess it again" if was_asked else "not assessed again in time"
    staff_tasks.raise_task(
        StaffTask.Kind.REVIEW_LATE,
        force=incident.force,
        about=incident,
        reason=f"{incident.reference}, grade {incident.grade}: {said} ({review.because})",
        at=at,
    )
    review.raised_at = at
    review.save(update_fields=["raised_at"])
    ledger.record("review.late", about=incident, at=at, because=review.because)
    return True


def wake() -> None:
    """Have the workers look in a second, without waiting for the broker. A hint: the row counts.

    A review that something asked for is due at once, and beat may be a minute away.
    """
    if not _ring_waits.is_set():
        _ring_waits.set()
        _bell.submit(_ring)


_bell = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reviews")
_ring_waits = threading.Event()


def _ring():
    from triage.tasks import raise_what_is_late

    _ring_waits.clear()  # first: what commits during the ringing must ring again
    try:
        raise_what_is_late.apply_async(countdown=1)
    except Exception as error:  # whatever the broker's client raises: beat looks again
        log.warning("Reviews: nobody was woken: %s", type(error).__name__)
