"""The statement and exhibit parts of a page fetch what they show by themselves.

A page that includes one needs only ``request`` and ``appointment`` in its context. A view that has
more to say (a form that was refused) passes ``statement_panel`` or ``exhibits_panel`` instead.
"""

from django import template

from appointments import panels

register = template.Library()


@register.simple_tag(takes_context=True)
def statement_for_officer(context):
    """The OfficerStatement of this page."""
    return context.get("statement_panel") or panels.officer_statement(
        context["appointment"], user=context["request"].user
    )


@register.simple_tag(takes_context=True)
def statement_for_victim(context):
    """The VictimStatement of this page."""
    return context.get("statement_panel") or panels.victim_statement(
        context["appointment"], visit=context["request"].visit
    )


@register.simple_tag(takes_context=True)
def exhibits_for_officer(context):
    """The Exhibits of this page, officer's side."""
    return context.get("exhibits_panel") or panels.officer_exhibits(context["appointment"])


@register.simple_tag(takes_context=True)
def exhibits_for_victim(context):
    """The Exhibits of this page, victim's side."""
    return context.get("exhibits_panel") or panels.victim_exhibits(
        context["appointment"], visit=context["request"].visit
    )
