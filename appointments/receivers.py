"""What the diary does when something happens below it. In the same transaction, never a network."""

from django.dispatch import receiver

from appointments import booking
from appointments.models import Appointment
from triage.signals import assessed


@receiver(assessed)
def free_the_time_when_video_is_ruled_out(sender, assessment, by, at, **_):
    """A new assessment that does not allow video ends what is held or booked, and says so."""
    if assessment.video_offer:
        return
    waiting = Appointment.objects.filter(
        incident_id=assessment.incident_id,
        status__in=(
            Appointment.Status.HELD,
            Appointment.Status.BOOKED,
            Appointment.Status.WAITING,
        ),
    )
    for appointment_id in waiting.values_list("pk", flat=True):
        booking.cancel(appointment_id=appointment_id, reason="worse grade", by=by, at=at)
