"""What a change of an appointment answers: wishes, and tasks that asked a person for just that.

Otherwise the list of tasks would ask for what was done long ago. Called inside the transaction of
the change, with the appointment locked.
"""

from appointments import notices
from appointments.models import Appointment, ChangeRequest
from messaging import staff_tasks
from messaging.models import StaffTask
from victimcontact.lib import local_time
from victimcontact.lib.prepared import Prepared

Kind = StaffTask.Kind
Status = Appointment.Status


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


def missed(incident, *, by, at) -> None:
    """A new time, or a fresh assessment, answers one half of what a missed appointment asks for.

    The task is over when both are there: nobody knows why they did not come, and a time that was
    booked, perhaps by whoever holds their phone, does not say that they are safe. Until then it
    says what is left of it. Called with the incident locked.
    """
    for task in _asked_by_a_miss(incident=incident.pk, force=incident.force_id):
        appointment = Appointment.objects.get(pk=task.about_id)
        again = _latest_after(appointment)
        is_assessed = _is_assessed(incident, since=task.raised_at)
        if again is None:
            if is_assessed:
                reason = "Assessed again since they missed it. Find out why they did, safely."
                staff_tasks.reword(task.pk, reason=reason)
        elif again.status == Status.CANCELLED:
            left = "find out why, safely" if is_assessed else "assess again before anything"
            staff_tasks.reword(
                task.pk, reason=f"Missed, booked again, and that was cancelled: {left}."
            )
        else:
            booked = f"Booked again for {local_time.staff_time(again.starts_at)}"
            if is_assessed:
                note = f"{booked}, and assessed since they missed it"
                close(Kind.MISSED, about=appointment, note=note, by=by, at=at)
            else:
                left = "Nobody has assessed since they missed it: assess again."
                staff_tasks.reword(task.pk, reason=f"{booked}. {left}")


@Prepared
def _asked_by_a_miss(incident, force):
    missed = Appointment.objects.filter(incident=incident, status=Status.MISSED)
    asked = StaffTask.objects.filter(kind=Kind.MISSED, force=force, done_at=None)
    return asked.filter(about_id__in=missed.values("pk")).order_by("pk")


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


def _latest_after(appointment):
    """The last that the same person was booked for since, held or given back ones left out."""
    return (
        Appointment.objects.filter(
            incident=appointment.incident_id,
            contact=appointment.contact_id,
            role=appointment.role,
            created_at__gt=appointment.created_at,
        )
        .exclude(status__in=(Status.HELD, Status.RELEASED))
        .order_by("-created_at", "-pk")
        .first()
    )


def _is_assessed(incident, *, since) -> bool:
    """Whether a person assessed it after that moment, and nothing that happened waits unseen."""
    assessment = incident.current_assessment
    return (
        assessment is not None
        and assessment.decided_by_id is not None
        and assessment.decided_at > since
        and not incident.reviews.filter(done_at=None, event_at__isnull=False).exists()
    )
