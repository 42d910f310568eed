"""What a change of an appointment answers: wishes, and tasks that asked a person for just that.

Otherwise the list of tasks would ask for what was done long ago. Called inside the transaction of
the change, with the appointment locked.
"""

from appointments import notices
from appointments.models import ChangeRequest
from messaging import staff_tasks
from messaging.models import StaffTask

Kind = StaffTask.Kind


def wishes(appointment, *, note, by, at) -> None:
    """What they asked to have changed is settled; ``note`` says how."""
    ChangeRequest.objects.filter(appointment=appointment, settled_at=None).update(
        settled_at=at, settled_by=notices.staff(by)
    )
    close(Kind.CHANGE_ASKED, about=appointment, note=note, by=by, at=at)


def locked_link(about, *, note, by, at) -> None:
    """A new link went out, or there is nothing left to open."""
    close(Kind.LINK_LOCKED, about=about, note=note, by=by, at=at)


def take_along(before, appointment) -> None:
    """What is still asked for about ``before`` is asked for about what took its place."""
    ChangeRequest.objects.filter(appointment=before, settled_at=None).update(
        appointment=appointment
    )
    _open((Kind.CHANGE_ASKED, Kind.LINK_LOCKED), before).update(about_id=appointment.pk)


def close(kind, *, about, note, by, at) -> None:
    """Done by the member of staff who did it; withdrawn where they did it themselves, by a link."""
    if notices.staff(by) is not None:
        staff_tasks.settle(kind, about=about, by=by, note=note, at=at)
        return
    for pk in _open((kind,), about).values_list("pk", flat=True):
        staff_tasks.withdraw(pk, note=note, at=at)


def _open(kinds, about):
    about_type, about_id = staff_tasks.about_of(about)
    return StaffTask.objects.filter(
        kind__in=kinds, about_type=about_type, about_id=about_id, done_at=None
    )
