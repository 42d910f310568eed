"""What a person must do because the house may not, or could not.

A task is raised where the trouble is found, taken by one person, and done with a note.
"""

from datetime import datetime

from django.db import transaction

from messaging.models import Notification, StaffTask
from victimcontact.audit import ledger


class AlreadyTaken(Exception):
    """Somebody else took the task first; ``task`` says who."""

    def __init__(self, task):
        self.task = task
        super().__init__("This task is taken.")


class AlreadyDone(Exception):
    """The task is done; ``task`` says by whom."""

    def __init__(self, task):
        self.task = task
        super().__init__("This task is done.")


class NoteMissing(ValueError):
    """Done without saying what was done."""


def about_of(about) -> tuple[str, object]:
    """(type, id) of a model instance, of a pair that is one already, or of nothing."""
    if about is None:
        return "", None
    if isinstance(about, tuple):
        return about
    return about._meta.label_lower, about.pk


@transaction.atomic
def raise_task(
    kind: str, *, force, about, reason: str, at: datetime, notification: Notification | None = None
) -> StaffTask:
    """Put a task before the staff of ``force``.

    ``about`` is any model instance, its ("app.model", id) pair or None; ``reason`` a sentence
    without personal data: it stands in lists. For one notification a kind is open once at most: the
    open task is returned, with the reason as it is now.
    """
    about_type, about_id = about_of(about)
    values = {
        "force": force,
        "about_type": about_type,
        "about_id": about_id,
        "reason": reason[:200],
        "raised_at": at,
    }
    if notification is None:
        task, created = StaffTask.objects.create(kind=kind, **values), True
    else:
        task, created = StaffTask.objects.get_or_create(
            kind=kind, notification=notification, done_at=None, defaults=values
        )
    if created:
        ledger.record("task.raised", about=task, at=at, kind=str(kind))
    elif task.reason != values["reason"]:
        task.reason = values["reason"]
        task.save(update_fields=["reason"])
    return task


def reword(task_id, *, reason: str) -> None:
    """Say anew what an open task asks for: part of it came about. Done, it stays as it was."""
    StaffTask.objects.filter(pk=task_id, done_at=None).update(reason=reason[:200])


def tasks_for(user):
    """The open tasks of the forces this person serves, oldest first."""
    return (
        StaffTask.objects.filter(force__in=user.forces.all(), done_at=None)
        .select_related("force", "taken_by", "notification__contact")
        .order_by("raised_at", "id")
    )


@transaction.atomic
def take(task_id, *, by, at: datetime) -> StaffTask:
    """Make the task this person's. Taken again by the same person, it stays theirs.

    Raises AlreadyTaken, AlreadyDone.
    """
    task = _locked(task_id)
    if task.taken_by_id is not None and task.taken_by_id != by.pk:
        raise AlreadyTaken(task)
    if task.taken_by_id is None:
        task.taken_by, task.taken_at = by, at
        task.save(update_fields=["taken_by", "taken_at"])
        ledger.record("task.taken", by=by, about=task, at=at)
    return task


@transaction.atomic
def give_back(task_id, *, by, at: datetime) -> StaffTask:
    """Let somebody else take the task. Raises AlreadyTaken (by another), AlreadyDone."""
    task = _locked(task_id)
    if task.taken_by_id not in (None, by.pk):
        raise AlreadyTaken(task)
    if task.taken_by_id == by.pk:
        task.taken_by = task.taken_at = None
        task.save(update_fields=["taken_by", "taken_at"])
        ledger.record("task.given_back", by=by, about=task, at=at)
    return task


@transaction.atomic
def done(task_id, *, note: str, by, at: datetime) -> StaffTask:
    """Finish the task; ``note`` says what was done. Whoever did not take it takes it by this.

    Raises NoteMissing, AlreadyTaken, AlreadyDone.
    """
    if not note.strip():
        raise NoteMissing("Say what you did")
    task = take(task_id, by=by, at=at)
    task.done_by, task.done_at, task.done_note = by, at, note.strip()
    task.save(update_fields=["done_by", "done_at", "done_note"])
    ledger.record("task.done", by=by, about=task, at=at)
    return task


@transaction.atomic
def settle(kind: str, *, about, by, note: str, at: datetime) -> int:
    """Finish every open task of ``kind`` about a thing: what they asked for was done elsewhere.

    Whoever had taken one is relieved of it; ``by`` of None is the house, which finishes nothing.
    Returns how many there were.
    """
    about_type, about_id = about_of(about)
    tasks = StaffTask.objects.select_for_update(of=("self",)).filter(
        kind=kind, about_type=about_type, about_id=about_id, done_at=None
    )
    settled = list(tasks.order_by("pk")) if by is not None else []
    for task in settled:
        task.taken_by, task.taken_at = task.taken_by or by, task.taken_at or at
        task.done_by, task.done_at, task.done_note = by, at, note
        task.save(update_fields=["taken_by", "taken_at", "done_by", "done_at", "done_note"])
        ledger.record("task.done", by=by, about=task, at=at)
    return len(settled)


@transaction.atomic
def withdraw(task_id, *, note: str, at: datetime) -> bool:
    """Take an open task back, because nothing is left to do. False when it was done already."""
    try:
        task = _locked(task_id)
    except AlreadyDone:
        return False
    task.withdrawn, task.done_at, task.done_note = True, at, note
    task.taken_by = task.taken_at = None
    task.save(update_fields=["withdrawn", "done_at", "done_note", "taken_by", "taken_at"])
    ledger.record("task.withdrawn", about=task, at=at)
    return True


def _locked(task_id):
    task = StaffTask.objects.select_for_update(of=("self",)).get(pk=task_id)
    if task.done_at is not None:
        raise AlreadyDone(task)
    return task
