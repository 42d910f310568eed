"""Proofs that the books agree: kept run by run, and a task for a person on each difference."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, Q
from django.db.models.functions import Cast

from messaging import staff_tasks
from messaging.models import Notification, Proof, StaffTask
from victimcontact.audit import ledger
from victimcontact.audit.models import Entry

Status = Notification.Status
LOOKS_BACK = timedelta(days=2)  # further than one missed night
OVERDUE_AFTER = timedelta(minutes=15)
RUNS_WITHIN = timedelta(hours=26)
MOST_KEPT = 200


@dataclass(frozen=True)
class Difference:
    """One thing that should be there and is not. ``why`` is a sentence without personal data."""

    force: object
    about: object
    why: str
    notification: Notification | None = None


def of_notifications(at: datetime) -> tuple[int, list[Difference]]:
    """How many notifications were looked at, and what is wrong with them.

    Each has its ledger entry, none waits unseen, and whatever came to nothing was taken up by
    another channel or by a person.
    """
    recent = Q(queued_at__gt=at - LOOKS_BACK) | Q(status__in=Notification.OPEN)
    entry = Entry.objects.filter(
        type="notification.queued",
        about_type=Notification._meta.label_lower,
        about_id=OuterRef("key"),
    )
    rows = Notification.objects.filter(recent).annotate(key=Cast("pk", CharField()))
    late = at - OVERDUE_AFTER
    came_to_nothing = Q(
        status__in=[Status.FAILED, Status.UNDELIVERED, Status.HELD, Status.DROPPED]
    ) & ~Q(status=Status.DROPPED, error_code="no-longer-so")
    wrong = (
        (~Exists(entry), "Its queueing is not in the ledger."),
        (
            Q(look_at__lt=late) | Q(status__in=Notification.OPEN, next_attempt_at__lt=late),
            "It has waited too long without anybody looking.",
        ),
        (
            came_to_nothing & Q(replaced_by=None, tasks=None),
            "It did not arrive, and nobody was told.",
        ),
    )
    found = []
    for condition, why in wrong:
        for row in rows.filter(condition).select_related("force")[:MOST_KEPT]:
            found.append(Difference(row.force, row, why, notification=row))
    return rows.count(), found


@transaction.atomic
def record(name: str, looked_at: dict, differences: list[Difference], *, at: datetime) -> Proof:
    """Keep one run; each difference is a person's task, once for as long as that is open."""
    for difference in differences[:MOST_KEPT]:
        _tell(difference, at)
    proof = Proof.objects.create(
        name=name,
        ran_at=at,
        looked_at=looked_at,
        differences=[
            {"what": each.why, "about": each.about._meta.label_lower, "id": str(each.about.pk)}
            for each in differences[:MOST_KEPT]
        ],
        difference_count=len(differences),
    )
    ledger.record("books.compared", about=proof, at=at, differences=len(differences), **looked_at)
    return proof


def _tell(difference, at):
    about = staff_tasks.about_of(difference.about)
    kind = StaffTask.Kind.BOOKS_DIFFER
    if difference.notification is not None:
        about = (difference.notification.about_type, difference.notification.about_id)
    elif StaffTask.objects.filter(
        kind=kind, about_type=about[0], about_id=about[1], done_at=None
    ).exists():
        return
    staff_tasks.raise_task(
        kind,
        force=difference.force,
        about=about,
        reason=difference.why,
        at=at,
        notification=difference.notification,
    )


def latest(name: str) -> Proof | None:
    """The last run of that name."""
    return Proof.objects.filter(name=name).order_by("-ran_at").first()
