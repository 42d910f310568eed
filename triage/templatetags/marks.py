"""A narrative with the words marked that raised a flag."""

from django import template
from django.utils.html import escape, format_html
from django.utils.safestring import mark_safe

register = template.Library()


@register.filter
def with_marks(pieces) -> str:
    """The HTML of ``marking.Piece``s. Not in a template's own tags: typing waits for each."""
    return mark_safe("".join(map(_drawn, pieces or ())))  # noqa: S308 each piece is escaped


def _drawn(piece):
    if not piece.labels:
        return escape(piece.text)
    return format_html(
        '<mark class="vc-mirror__mark" title="{labels}">{text}'
        '<span class="govuk-visually-hidden"> ({labels}) </span></mark>',
        labels=", ".join(piece.labels),
        text=piece.text,
    )
