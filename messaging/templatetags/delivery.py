"""How the state of a notification reads on a staff page."""

from django import template

from messaging import asking, settling
from messaging.models import Channel, Notification
from victimcontact.lib import phone
from victimcontact.people import safe_contact

register = template.Library()
Status = Notification.Status

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
CHANNELS = dict(Channel.choices) | {"call": "Telephone"}
COLOURS = {
    Status.QUEUED: "grey",
    Status.SENDING: "grey",
    Status.UNCERTAIN: "yellow",
    Status.SENT: "blue",
    Status.DELIVERED: "green",
    Status.UNDELIVERED: "red",
    Status.FAILED: "red",
    Status.HELD: "orange",
    Status.DROPPED: "orange",
}


@register.filter
def delivery_colour(notification) -> str:
    """The colour of the state's tag; the word beside it says the same."""
    return COLOURS[notification.status]


@register.filter
def delivery_reason(notification) -> str:
    """Why it did not go or arrive, as a sentence; empty where nothing is wrong."""
    if notification.status == Status.HELD:
        return asking.HELD_REASONS.get(notification.held_reason, "")
    if notification.status in (Status.FAILED, Status.UNDELIVERED):
        return settling.arrival_reason(notification.error_code or "30008")
    return ""


@register.filter
def delivery_name(notification) -> str:
    """What it was about, for staff: "Appointment booked"."""
    return notification.template.replace("_", " ").capitalize()


@register.filter
def may_change(notification) -> bool:
    """Whether its state can still become another by itself."""
    return notification.status in (*Notification.OPEN, Status.SENT)


@register.filter
def channel_name(channel: str) -> str:
    """What a plan calls "sms" or "whatsapp", for people; "call" is a person's ringing."""
    return CHANNELS.get(channel, channel.capitalize())


@register.filter
def as_read_out(number: str) -> str:
    """An E.164 number as people read it out; empty stays empty."""
    return phone.display(number) if number else ""


@register.filter
def hours(window: dict) -> str:
    """ "Mon, Tue 10:00 to 12:00" of one window of a contact plan."""
    try:
        safe_contact.Window.read(window)
    except ValueError:
        return "These hours cannot be read"
    days = sorted(window["days"])
    names = "every day" if len(days) == 7 else ", ".join(DAYS[day] for day in days)
    return f"{names} {window['from']} to {window['to']}"
