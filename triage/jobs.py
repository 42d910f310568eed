"""What the clock starts: no review may be late without a team leader knowing."""

from django.db import transaction

from messaging import staff_tasks
from messaging.models import StaffTask
from triage.models import Incident, Review
from victimcontact.audit import ledger

MOST_AT_ONCE = 200

BEAT = {
    "raise late reviews": {
        "task": "triage.tasks.raise_late_reviews",
        "schedule": 60,
        "options": {"expires": 60},
    }
}


def raise_late_reviews(at) -> int:
    """Raise a task for each open incident whose review is late at ``at``; how many were raised.

    Each late review once, whatever number of workers ask. Most urgent grade first.
    """
    raised = 0
    for _ in range(MOST_AT_ONCE):
        if not _raise_next(at):
            break
        raised += 1
    return raised


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
    staff_tasks.raise_task(
        StaffTask.Kind.REVIEW_LATE,
        force=incident.force,
        about=incident,
        reason=f"{incident.reference}, grade {incident.grade}: not assessed again in time",
        at=at,
    )
    review.raised_at = at
    review.save(update_fields=["raised_at"])
    ledger.record("review.late", about=incident, at=at, because=review.because)
    return True
