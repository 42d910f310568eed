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


def queue_rows(rows, *, user) -> str:
    """The rows of the queue (of ``shown.Row``), in which ``user`` finds what is theirs."""
    return joined(_queue_row(row, user) for row in rows)


def _queue_row(row, user):
    incident = row.incident
    key, there = incident.pk, address("triage:incident", incident.pk)
    unseen, badge = "", ""
    if not incident.is_seen:
        unseen = ' class="vc-queue__unseen"'
        badge = '<strong class="vc-unseen">Not seen yet</strong>'
    marks = "".join(
        f'<span class="vc-repeat"><strong>{text(mark.name)}</strong> {text(mark.why)}</span> '
        for mark in row.marks
    )
    flags = "".join(f'<span class="vc-flag">{text(flag)}</span> ' for flag in row.flags)
    taken = ""
    if incident.handler:
        taken = f'<span class="vc-clock__when">taken by {text(incident.handler)}</span>'
    why = text(" · ".join(row.why))
    return f"""<tr{unseen}>
<td>{grade(incident.grade, row.grade_label)}{badge}</td>
<td class="vc-nowrap"><a class="govuk-link" id="incident-{key}" href="{there}">\
{text(incident.reference)}</a>\
<span class="vc-clock__when">{text(row.channel)}, {row.age} ago</span></td>
{_clock(row.due)}
{_clock(row.review)}
<td class="vc-queue__flags">{marks}{flags}<span class="vc-queue__why">\
<span class="govuk-visually-hidden">Why it stands here: </span>{why}</span></td>
<td>{text(row.response or "Not chosen")}{taken}</td>
{_owner(incident, user)}
</tr>"""


def _clock(clock):
    return (
        f'<td class="vc-clock vc-clock--{clock.state}">{clock.says}'
        f'<span class="vc-clock__when">{clock.when}</span></td>'
    )


def _owner(incident, user):
    if incident.owner is None:
        return '<td class="vc-queue__unowned">Nobody</td>'
    if incident.owner_id == user.pk:
        return "<td><strong>You</strong></td>"
    return f"<td>{text(incident.owner)}</td>"
