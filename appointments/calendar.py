"""An appointment as a calendar file: neutral, because others may see the calendar.

Times are instants in UTC: no calendar can mistake the hour that comes twice, nor the one that does
not come. Source: RFC 5545, 3.3.5, form 2.
"""

from datetime import UTC, timedelta

from django.db import transaction
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from appointments import booking
from messaging import asking, outbox
from messaging.models import Channel, Notification
from victimcontact.lib.hashing import keyed_hash
from victimcontact.people.safe_contact import Held, NotBefore

BY_EMAIL = "appointment_calendar"
# Asked again within this, it is the same e-mail: it may only be slow.
ONE_IN = timedelta(minutes=10)


class NoEmail(Exception):
    """There is no address, or the contact plan does not allow e-mail."""


def may_email(contact, at) -> bool:
    """Whether the plan lets e-mail go to this person, now or at a later hour."""
    return not isinstance(asking.ask_plan(contact, Channel.EMAIL, at), Held)


@transaction.atomic
def send(*, appointment_id, at) -> Notification:
    """Queue an e-mail with the file, which holds no link, for whoever asked by their link.

    The plan is asked again when it is sent. Raises booking.NotLive and NoEmail. ``not_before`` of
    the Notification is the next safe hour where this one is not.
    """
    appointment = booking.lock(appointment_id)
    if appointment.status not in booking.AHEAD:
        raise booking.NotLive
    answer = asking.ask_plan(appointment.contact, Channel.EMAIL, at)
    if isinstance(answer, Held):
        raise NoEmail
    before = (
        Notification.objects.filter(
            about_type=appointment._meta.label_lower,
            about_id=appointment.pk,
            template=BY_EMAIL,
            queued_at__gt=at - ONE_IN,
        )
        .exclude(status__in=(Notification.Status.FAILED, Notification.Status.DROPPED))
        .first()
    )
    return before or outbox.queue(
        BY_EMAIL,
        channel=Channel.EMAIL,
        to=appointment.contact,
        about=appointment,
        context={"calendar": file(appointment, at=at).decode()},
        at=at,
        not_before=answer.at if isinstance(answer, NotBefore) else None,
        useful_until=appointment.starts_at,
    )


def file(appointment, *, at, link="") -> bytes:
    """The file's bytes. It names nobody, no place and no sender, and rings no alarm.

    ``link`` is put inside only where the person chose that. Asked again, or after a move, it
    replaces what it made before (one UID for an incident's appointments, SEQUENCE by time).
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Calendar//EN")
    calendar.add("version", "2.0")
    event = Event()
    event.add("uid", keyed_hash("calendar", f"{appointment.incident_id} {appointment.contact_id}"))
    event.add("sequence", int(appointment.created_at.timestamp()) - _EPOCH)
    event.add("dtstamp", at.astimezone(UTC))
    event.add("dtstart", appointment.starts_at.astimezone(UTC))
    event.add("dtend", appointment.ends_at.astimezone(UTC))
    event.add("summary", _("Appointment"))
    event.add("class", "PRIVATE")
    if link:
        event.add("url", link)
    calendar.add_component(event)
    return calendar.to_ical()


_EPOCH = 1_700_000_000  # keeps SEQUENCE small: some calendars read 32 bits
