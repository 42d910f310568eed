"""What the diary knows of who is there and who is occupied, for the team leader's board.

Each answers with an expression on User, so that the board asks once for everybody.
"""

from datetime import timedelta

from django.db.models import OuterRef, Q, Subquery

from appointments.models import Appointment, Shift
from triage.shifts import duty

# A call may run past its time; no call began longer ago than this.
LONGEST_CALL = timedelta(hours=4)


def rostered_until(at):
    """Until when the officer sits at a desk; null: not now."""
    shifts = Shift.objects.filter(officer=OuterRef("pk"), during__contains=at)
    return Subquery(shifts.values("during__endswith")[:1])


def engaged_until(at):
    """Until when an appointment occupies the officer; null: none does."""
    now_or_not_ended = Q(occupies__contains=at) | Q(status=Appointment.Status.IN_CALL)
    appointments = Appointment.objects.filter(
        now_or_not_ended,
        officer=OuterRef("pk"),
        status__in=Appointment.LIVE,
        occupies__overlap=(at - LONGEST_CALL, at + timedelta(minutes=1)),
    )
    return Subquery(appointments.order_by("-occupies").values("occupies__endswith")[:1])


duty.ROSTERS["appointments"] = rostered_until
duty.ENGAGEMENTS["appointments"] = engaged_until
