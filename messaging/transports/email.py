"""E-mail through the force's own mail server: the words twice, plain and as HTML.

Nothing else: no picture, no style, nothing that reports opening. No attachment either, but for the
calendar file of somebody who asked for just that.

A mail server keeps no list that could be asked. A message whose answer was lost is sent again with
the same Message-ID, by which mailboxes know the two for one.
"""

import smtplib
from email.utils import parseaddr

from django.conf import settings
from django.core import mail
from django.utils.html import escape, format_html
from django.utils.safestring import mark_safe

from messaging.transports import Accepted, Parcel, Refused, TryLater, Unknown, Way

TIMEOUT_SECONDS = 10


def is_configured() -> bool:
    """Whether mail leaves the house; development's console is no mailbox."""
    return "console" not in settings.EMAIL_BACKEND


def ways() -> tuple[Way, ...]:
    """One mail server, which counts nothing and reports nothing."""
    return (Way("mail"),)


def send(parcel: Parcel, way: Way) -> Accepted:
    """Hand one message to the mail server."""
    message_id = _message_id(parcel)
    message = mail.EmailMultiAlternatives(
        subject=parcel.subject,
        body=parcel.body,
        to=[parcel.to],
        headers={"Message-ID": message_id, "Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(as_html(parcel), "text/html")
    if parcel.calendar:
        message.attach("appointment.ics", parcel.calendar, "text/calendar")
    try:
        connection = mail.get_connection(timeout=TIMEOUT_SECONDS)
    except TypeError:
        connection = mail.get_connection()  # a backend that opens no socket
    try:
        connection.open()
    except (OSError, smtplib.SMTPException):
        raise TryLater("no-connection") from None
    try:
        connection.send_messages([message])
    except smtplib.SMTPRecipientsRefused as error:
        raise _refused(next(iter(error.recipients.values()))[0]) from None
    except smtplib.SMTPResponseException as error:
        raise _refused(error.smtp_code) from None
    except (OSError, smtplib.SMTPException):
        raise Unknown("connection-lost") from None
    finally:
        connection.close()
    return Accepted(provider_id=message_id, status="sent")


def as_html(parcel: Parcel) -> str:
    """The same words as a page: a paragraph for each, and our own link to follow."""
    paragraphs = [
        format_html("<p>{}</p>", mark_safe("<br>".join(map(_line, paragraph.split("\n")))))  # noqa: S308 - each line is escaped by _line
        for paragraph in parcel.body.split("\n\n")
    ]
    return format_html(
        '<!doctype html><html lang="{}"><head><meta charset="utf-8"><title>{}</title></head>'
        "<body>{}</body></html>",
        parcel.language,
        parcel.subject,
        mark_safe("".join(paragraphs)),  # noqa: S308 - made by format_html above
    )


def _line(text):
    ours = text.strip()
    if ours.startswith(f"{settings.PUBLIC_URL}/") and " " not in ours:
        return format_html('<a href="{}">{}</a>', ours, ours)
    return escape(text)


def find(parcel: Parcel, since, not_these=()) -> Accepted | None:
    """A mail server cannot be asked; see above."""
    return None


def status_of(provider_id: str, sender: str = "") -> Accepted | None:
    """Mail has no receipts that could be believed."""
    return None


def _message_id(parcel):
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{parcel.id}@{domain}>"


def _refused(code):
    """4xx passes, 5xx stays (RFC 5321, 4.2.1)."""
    return TryLater(f"smtp-{code}") if 400 <= code < 500 else Refused(f"smtp-{code}")
