"""The row of an officer's day as HTML: a quarter of an hour is a cell, and a desk has thousands."""

from html import escape
from itertools import groupby

from django import template
from django.utils.safestring import mark_safe

register = template.Library()


@register.filter
def pieces(line):
    """The cells of a ``capacity.Line``: HTML of those between two cards, and the cards' Cells."""
    for is_card, cells in groupby(line.cells, key=lambda cell: cell.card is not None):
        if is_card:
            yield from cells
        else:
            yield mark_safe("".join(map(_drawn, cells)))  # noqa: S308 what a cell says is escaped


def _drawn(cell):
    at = f'data-at="{cell.clock}"'
    if cell.kind == "free":
        return f'<td class="vc-day__cell vc-day__cell--free" {at}></td>'
    says = escape(cell.says)
    return (
        f'<td colspan="{cell.span}" class="vc-day__cell vc-day__cell--{cell.kind}" {at}'
        f' data-says="{says}"><span class="govuk-visually-hidden">{says}</span></td>'
    )
