"""A reminder of what is booked, queued with the booking and asked of the contact plan when sent.

It brings a link of its own. Words that only said "use your link" would be safer by one link, but
whoever deletes the first text so that nobody finds it, as a plan may advise, could not come; the
word is asked whichever link is opened. What a second link must not bring is five more guesses at
that word: when a link is locked the reminder is dropped, and the link sent again queues another.

Moved, the old row's reminder goes with it and the new row gets one. Reassigned, the time, the link
and these words stay true, so the reminder waits on.
"""

from datetime import datetime, timedelta

from django.dispatch import receiver

from appointments import notices
from appointments.attempts import tries
from appointments.attempts.models import Reaching
from appointments.models import Appointment
from appointments.signals import appointment_booked, appointment_link_sent_again
from messaging import asking, outbox
from messaging.models import NOTICES
from victimcontact.lib import local_time
from victimcontact.people.models import Link
from victimcontact.people.safe_contact import Held
from victimcontact.people.signals import link_locked

NAMES = ("appointment_reminder", "meeting_reminder")
# Nobody is reminded of what they were told this short a time ago, nor when it is about to begin.
AFTER_BOOKING = timedelta(hours=4)
BEFORE_START = timedelta(hours=1)


def moment(reaching: Reaching, *, starts_at: datetime, told_at: datetime) -> datetime | None:
    """When to remind of ``starts_at`` whoever was told of it at ``told_at``; None for not at all.

    The evening before, on London's clock, or 24 hours ahead, as the force has set.
    """
    if reaching.remind == Reaching.Remind.NEVER:
        return None
    if reaching.remind == Reaching.Remind.DAY_BEFORE:
        due = starts_at - timedelta(hours=24)
    else:
        before = local_time.local(starts_at).date() - timedelta(days=1)
        due = local_time.from_local(before, reaching.remind_at)
    if due < told_at + AFTER_BOOKING or due > starts_at - BEFORE_START:
        return None
    return due


def queue(appointment, *, told_at: datetime, at: datetime):
    """Queue the reminder. The Notification, or None where none is due.

    ``told_at`` is when they were last told of the time, by a text that goes out then.
    """
    force = appointment.incident.force
    reaching = tries.settings_of(force)
    due = moment(reaching, starts_at=appointment.starts_at, told_at=told_at)
    if due is None or due <= at or appointment.status != Appointment.Status.BOOKED:
        return None
    if all(isinstance(asking.ask_plan(appointment.contact, way, due), Held) for way in NOTICES):
        return None  # the booking's own text is held as well, and a person has that task
    return notices.send(
        notices.template(appointment, "reminder"),
        appointment,
        link=notices.new_link(appointment, by=None, at=at),
        by=None,
        at=at,
        not_before=due,
        useful_until=appointment.starts_at - BEFORE_START,
    )


@receiver(appointment_booked)
def remind_of_what_is_booked(sender, appointment, at, **_):
    # Moved too: the new row is booked, and what waited about the old one was dropped with it.
    queue(appointment, told_at=at, at=at)


@receiver(appointment_link_sent_again)
def remind_by_a_link_that_opens(sender, appointment, at, **_):
    outbox.cancel_unsent(about=appointment, at=at, templates=NAMES)
    queue(appointment, told_at=at, at=at)


@receiver(link_locked)
def give_no_more_guesses(sender, link, at, **_):
    if link.purpose == Link.Purpose.APPOINTMENT:
        found = Appointment.objects.filter(pk=link.about_id).first()
        if found is not None:
            outbox.cancel_unsent(about=found, at=at, templates=NAMES)
