"""Says on the pages of the diary, and to who waits, that video is down."""

from django import template

from appointments.standby import outages

register = template.Library()


@register.simple_tag
def outage():
    """The Outage that lasts, or None."""
    return outages.current()


@register.simple_tag
def rung_instead(appointment):
    """Whether this person has been told that they are rung instead."""
    return appointment.fallbacks.filter(ended_at=None, may_ring=True).exists()
