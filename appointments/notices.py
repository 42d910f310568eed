"""What people are told of their appointment: in which words, by which link, until when."""

from appointments import rooms
from appointments.models import Appointment
from messaging import outbox
from triage.control import telling
from triage.control.models import News
from victimcontact.accounts.models import User
from victimcontact.people import links
from victimcontact.people.models import Link


def template(appointment, news: str) -> str:
    """The name of the words that tell ``news`` ("booked", "moved", "cancelled", "reminder" …)."""
    if news == "link_again":
        return news
    return f"{'appointment' if appointment.is_video else 'meeting'}_{news}"


def new_link(appointment, *, by, at, expires_at=None) -> str:
    """The address of a new link to it, good for a day after its end or until ``expires_at``."""
    _, token = links.issue(
        contact=appointment.contact,
        purpose=Link.Purpose.APPOINTMENT,
        about_id=appointment.pk,
        expires_at=expires_at or appointment.ends_at + rooms.LINK_LIVES_ON,
        by=by,
        at=at,
    )
    return links.address(Link.Purpose.APPOINTMENT, token)


def send(words, appointment, *, by, at, link="", useful_until=None, not_before=None):
    """Queue the text named ``words``, with ``link`` where it brings one. The Notification.

    It is of use until the appointment begins, unless ``useful_until`` says.
    """
    return outbox.queue(
        words,
        to=appointment.contact,
        about=appointment,
        context={"when": appointment.starts_at} | ({"link": link} if link else {}),
        at=at,
        by=staff(by),
        not_before=not_before,
        useful_until=useful_until or appointment.starts_at,
    )


def send_link(news, appointment, *, by, at):
    """Queue the words for ``news`` with a new link. The Notification."""
    # A link sent again may be for coming back into the call; one for now is for being in it.
    until = appointment.ends_at if news in ("link_again", "now") else appointment.starts_at
    return send(
        template(appointment, news),
        appointment,
        link=new_link(appointment, by=by, at=at),
        by=by,
        at=at,
        useful_until=until,
    )


def told(appointment, notification, *, by, at):
    """A change of slot or officer is news that the person is owed; this text tells it.

    What a witness is told answers nothing that the victim is owed.
    """
    if appointment.role == Appointment.Role.VICTIM:
        telling.by_notification(
            appointment.incident,
            what=News.APPOINTMENT,
            notification=notification,
            by=staff(by),
            at=at,
        )


def staff(by):
    """``by`` where a row names a member of staff: None for somebody who came by their link."""
    return by if isinstance(by, User) else None
