"""The list of talks, wherever the desk's screen wants it."""

from django import template
from django.utils.timezone import now

from triage.social import selectors

register = template.Library()


@register.inclusion_tag("triage/social/_list.html", takes_context=True)
def social_list(context):
    """Who wrote on WhatsApp or Messenger, for the person whose page this is."""
    return {"social_rows": selectors.rows(context["request"].user, now())}
