"""Somebody sits in the waiting room past their time and no officer has come.

The officer forgot, is still in another call, or their computer broke: the desk is told while there
is somebody to be seen, not when the time is over.
"""

from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from appointments import booking, rooms
from appointments.models import Appointment, Presence
from messaging import staff_tasks
from messaging.models import StaffTask
from victimcontact.lib import one_by_one

TOLD_AFTER = timedelta(minutes=5)
ALONE = "They wait in the room and no officer has come: let them in, or give it to another officer"


def look(*, at: datetime) -> int:
    """Raise a task for each who waits alone, once; take back those of whom nobody waits any more.

    Returns how many were raised.
    """
    asked = _asked()
    waiting = Appointment.objects.filter(
        status=Appointment.Status.WAITING,
        during__startswith__lte=at - TOLD_AFTER,
        during__endswith__gt=at,
    )
    is_open = dict(asked.filter(done_at=None).values_list("about_id", "pk"))
    still = set(waiting.filter(pk__in=is_open).values_list("pk", flat=True))
    for pk, task in is_open.items():
        if pk not in still:
            staff_tasks.withdraw(task, note="Nobody waits there any more.", at=at)
    alone = waiting.exclude(pk__in=asked.filter(about_id__isnull=False).values("about_id"))
    return one_by_one.each(partial(_tell, at=at), alone.values_list("pk", flat=True))


def _asked():
    return StaffTask.objects.filter(
        kind=StaffTask.Kind.CALL_BACK, about_type=Appointment._meta.label_lower, reason=ALONE
    )


@transaction.atomic
def _tell(appointment_id, *, at):
    appointment = booking.lock(appointment_id)
    seated = appointment.presences.filter(
        side=Presence.Side.OFFICER, left_at=None, seen_at__gt=at - rooms.STALE_AFTER
    )
    if appointment.status != Appointment.Status.WAITING or seated.exists():
        return False
    if _asked().filter(about_id=appointment.pk).exists():  # by another worker, a moment ago
        return False
    staff_tasks.raise_task(
        StaffTask.Kind.CALL_BACK,
        force=appointment.incident.force,
        about=appointment,
        reason=ALONE,
        at=at,
    )
    return True
