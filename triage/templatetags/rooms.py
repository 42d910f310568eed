"""Parts of a page that come from the rooms of the control room."""

from django import template

register = template.Library()


@register.simple_tag(takes_context=True)
def room_panel(context, shown):
    """The part ``shown`` (a ``rooms.Shown``): it sees this page's names and its own."""
    part = context.template.engine.get_template(shown.path)
    with context.push(**shown.context):
        return part.render(context)
