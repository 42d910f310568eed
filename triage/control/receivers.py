"""What triage's own news means here. In the same transaction, never a network."""

from django.dispatch import receiver
from django.utils.timezone import now

from messaging import inbox
from messaging import signals as messaging_signals
from triage import later, signals
from triage.control import closing, telling
from triage.control.models import News
from triage.models import Incident, Response


@receiver(signals.assessed, dispatch_uid="control.assessed_closed")
def reopen_what_is_assessed(sender, incident, by, at, **_):
    """Whoever assesses a closed incident has reason to: it must not stay out of the queue."""
    if incident.status == Incident.Status.CLOSED:
        closing.reopen(incident, because="assessed again", by=by, at=at, is_assessed=True)


@receiver(signals.assessed, dispatch_uid="control.assessed")
def owe_the_change(sender, incident, assessment, before, at, **_):
    """Another grade, or another way of being seen, than the caller was told: they are owed it."""
    if before is None:
        return
    if assessment.decided_grade != before.decided_grade:
        telling.owe(
            incident,
            what=News.GRADE,
            because=f"grade {before.decided_grade} to {assessment.decided_grade}",
            at=at,
        )
    last = incident.current_offer
    if (
        last is not None
        and last.chosen == Response.VIDEO
        and before.video_offer
        and not assessment.video_offer
    ):
        telling.owe(incident, what=News.ATTENDANCE, because="video is not on offer any more", at=at)


@receiver(messaging_signals.notification_settled, dispatch_uid="control.notification_settled")
def owe_what_was_lost(sender, notification, **_):
    """A text that should have told them something did not arrive."""
    if notification.status in telling.LOST:
        telling.lost_when_free(notification, at=now())


@receiver(messaging_signals.text_received, dispatch_uid="control.text_received")
def reopen_after_text(sender, text, **_):
    """A text from a person whose incident was closed lately: nobody else would look at it."""
    if text.contact_id and not inbox.is_stop(text.body):
        _reopen_and_hear(text.contact, text.body, because="text received")


@receiver(messaging_signals.message_received, dispatch_uid="control.message_received")
def reopen_after_message(sender, message, conversation, **_):
    """So for what a victim writes in the portal, even where an officer in charge reads it too."""
    if message.author == message.Author.VICTIM:
        _reopen_and_hear(conversation.contact, message.body, because="message received")


def _reopen_and_hear(contact, words, because):
    at = now()
    incident = closing.reopen_for(contact, because=because, at=at)
    if incident is not None:
        later.hear(incident.pk, words, because=because, at=at)
