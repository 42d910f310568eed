"""HTML of the rows that are drawn again every few seconds, fifty or a hundred at a time.

Not in a template's own tags: a row of thirty of them takes ten times as long. Whatever a person or
a record said goes through ``text``.
"""

from functools import cache
from html import escape
from uuid import UUID

from django.conf import settings
from django.urls import get_urlconf, reverse
from django.utils.safestring import mark_safe

_NOBODY = UUID(int=0)


def text(value) -> str:
    """``value`` as HTML shows it."""
    return escape(str(value))


def address(name: str, key) -> str:
    """The address ``name`` of one thing, put together once for all of them."""
    return _address(name, get_urlconf() or settings.ROOT_URLCONF).replace(str(_NOBODY), str(key))


@cache
def _address(name, urlconf):
    return reverse(name, urlconf, args=[_NOBODY])


def joined(rows) -> str:
    """Rows of HTML as one piece that a template takes as it is."""
    return mark_safe("\n".join(rows))  # noqa: S308 what is put into each is escaped


def grade(number: int, word: str) -> str:
    """As ``components/grade.html``."""
    return (
        f'<span class="vc-grade vc-grade--{number}"><span class="vc-grade__number">'
        f'<span class="govuk-visually-hidden">Grade </span>{number}</span>'
        f'<span class="vc-grade__word">{text(word)}</span></span>'
    )
