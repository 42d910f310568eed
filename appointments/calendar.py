"""An appointment as a calendar file: neutral, because others may see the calendar.

Times are instants in UTC: no calendar can mistake the hour that comes twice, nor the one that does
not come. Source: RFC 5545, 3.3.5, form 2.
"""

from datetime import UTC

from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from victimcontact.lib.hashing import keyed_hash


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
