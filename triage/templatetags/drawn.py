"""Tables that are drawn again every few seconds: see ``triage.drawn``."""

from django import template

from triage import drawn

register = template.Library()
register.filter("drawn_timeline", drawn.timeline)
register.filter("drawn_elements", drawn.elements)


@register.simple_tag
def there(name, key) -> str:
    """``{% url name key %}`` of what this process serves, put together once for all keys."""
    return drawn.address(name, key)


@register.filter
def drawn_rows(rows, user) -> str:
    """The queue's rows (of ``shown.Row``) as ``user`` sees them."""
    return drawn.queue_rows(rows, user=user)
