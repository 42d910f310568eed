"""Tables that are drawn again every few seconds: see ``triage.drawn``."""

from django import template

from triage import drawn

register = template.Library()


@register.filter
def drawn_rows(rows, user) -> str:
    """The queue's rows (of ``shown.Row``) as ``user`` sees them."""
    return drawn.queue_rows(rows, user=user)
