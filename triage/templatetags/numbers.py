"""Telephone numbers as people read them out."""

from django import template

from victimcontact.lib import phone

register = template.Library()


@register.filter
def said_number(e164: str) -> str:
    """ "07700 900123" for "+447700900123"; empty for an empty one."""
    return phone.display(e164) if e164 else ""
