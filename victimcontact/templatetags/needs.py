"""What a person needs, in words, on any page that shows the person."""

from django import template

from victimcontact.people import needs

register = template.Library()


@register.filter
def needs_told(contact):
    """Lines of ``people.needs.told``."""
    return needs.told(contact)
