"""Rows of rosters for tests."""

from django.utils.timezone import now

from appointments.models import Shift
from appointments.rosters.models import Absence, Import, PatternMember, ShiftPattern


def one_of_each(appointment):
    """What the pages of rosters are about, by name, around one appointment's desk and officer."""
    desk, officer = appointment.desk, appointment.officer
    pattern = ShiftPattern.objects.create(desk=desk, name="Days", days=["07:00-15:00", ""])
    today = now().date()
    return {
        "desk": desk,
        "officer": officer,
        "pattern": pattern,
        "member": PatternMember.objects.create(pattern=pattern, officer=officer, begins_on=today),
        "shift": Shift.objects.filter(officer=officer).first(),
        "absence": Absence.objects.create(
            officer=officer,
            during=(appointment.ends_at, appointment.occupies.upper),
            kind="training",
            recorded_at=now(),
        ),
        "import": Import.objects.create(
            force=desk.force,
            name="march.csv",
            sha256="0" * 64,
            lines=0,
            unchanged=0,
            read_by=officer,
            read_at=now(),
        ),
    }
