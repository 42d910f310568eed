"""News of people and of incidents: who is still there, and which boards look again."""

from django.contrib.auth.signals import user_logged_out
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils.timezone import now

from messaging import staff_tasks
from messaging.models import StaffTask
from triage import signals
from triage.control.models import CallerTold, ToTell
from triage.models import Grade, Incident
from triage.shifts import duty, hints
from triage.shifts.models import Handover
from victimcontact.accounts.signals import heard_of


@receiver(heard_of, dispatch_uid="shifts.heard_of")
def stay_on_duty(sender, user, at, **_):
    """Whoever uses their pages is still there."""
    duty.heard(user, at=at)


@receiver(user_logged_out, dispatch_uid="shifts.logged_out")
def go_away(sender, user, **_):
    """Who signs out, or whose session is ended, is away."""
    if user is not None:
        duty.leave(user, at=now())


@receiver(signals.assessed, dispatch_uid="shifts.grade_raised")
def ask_for_the_response(sender, incident, assessment, before, at, **_):
    """More urgent than before, and urgent enough for officers: somebody must start it now."""
    if (
        before is not None
        and assessment.decided_grade < before.decided_grade
        and assessment.decided_grade <= Grade.PRIORITY
    ):
        staff_tasks.raise_task(
            StaffTask.Kind.GRADE_RAISED,
            force=incident.force,
            about=incident,
            reason=f"{incident.reference}: grade {before.decided_grade} is now"
            f" {assessment.decided_grade}. Send officers, and tell the victim",
            at=at,
        )


@receiver(signals.officers_sent, dispatch_uid="shifts.officers_sent")
def response_is_started(sender, incident, by, at, **_):
    staff_tasks.settle(
        StaffTask.Kind.GRADE_RAISED, about=incident, by=by, note="Officers were sent", at=at
    )


@receiver(post_save, sender=Incident, dispatch_uid="shifts.incident_saved")
def look_at_the_incident_again(sender, instance, **_):
    """Grade, clocks, response, owner, closing: each is a save of the incident's row."""
    hints.changed([instance.force_id])


@receiver(signals.review_asked, dispatch_uid="shifts.review_asked")
def look_at_the_review_again(sender, incident, **_):
    """Asked for of many at once it is no save of their rows."""
    hints.changed([incident.force_id])


@receiver(post_save, sender=Handover, dispatch_uid="shifts.handover_saved")
def look_at_the_handover_again(sender, instance, **_):
    hints.changed([instance.force_id])


@receiver(post_save, sender=ToTell, dispatch_uid="shifts.to_tell_saved")
def look_at_what_is_to_tell_again(sender, instance, **_):
    hints.changed([instance.force_id])


@receiver(post_save, sender=CallerTold, dispatch_uid="shifts.told_saved")
def look_at_who_was_told_again(sender, instance, **_):
    hints.changed([instance.incident.force_id])
