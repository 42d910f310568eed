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


def timeline(lines) -> str:
    """The lines of an incident's timeline (of ``told.line``)."""
    return joined(
        f'<li><span class="vc-timeline__when">{one["when"]}</span> <span>{text(one["what"])}</span>'
        f' <span class="vc-muted">{text(one["who"])}</span></li>'
        for one in lines
    )


# A level of 0 to 3 as dots and in a word.
LEVELS = (("○○○", "none"), ("●○○", "low"), ("●●○", "medium"), ("●●●", "high"))


def elements(found) -> str:
    """The elements of an assessment (of ``told.Told``)."""
    return joined(_element(*one) for one in found)


def _element(name, label, level, rationale, own):
    dots, word = LEVELS[level]
    heard = " · ".join(map(text, rationale)) or '<span class="vc-muted">Nothing heard</span>'
    said = f'<span class="vc-element__own">{text(own)}</span>' if own else ""
    return (
        f'<div class="vc-element"><dt>{text(label)} <span class="vc-level vc-level--{level}">'
        f'<span class="vc-level__dots" aria-hidden="true">{dots}</span> {word}</span></dt>'
        f"<dd>{heard}{said}</dd></div>"
    )


def grade(number: int, word: str) -> str:
    """As ``components/grade.html``."""
    return (
        f'<span class="vc-grade vc-grade--{number}"><span class="vc-grade__number">'
        f'<span class="govuk-visually-hidden">Grade </span>{number}</span>'
        f'<span class="vc-grade__word">{text(word)}</span></span>'
    )


class Kept:
    """HTML by everything that it says: what says the same is not drawn again.

    Most of what is polled has not changed since, and another's page has the same lines. A key
    holds all that its line shows, clocks by the minute, so nothing kept can be out of date. No
    words of a caller or of a leader come here.
    """

    MOST = 3_000

    def __init__(self):
        self._drawn = {}

    def get(self, said, draw) -> str:
        """What ``draw()`` gives, now or when the same was said before."""
        key = (get_urlconf(), said)
        found = self._drawn.get(key)
        if found is None:
            if len(self._drawn) >= self.MOST:
                self._drawn.clear()
            found = self._drawn[key] = draw()
        return found


_queue = Kept()


def queue_rows(rows, *, user) -> str:
    """The rows of the queue (of ``shown.Row``), in which ``user`` finds what is theirs."""
    own = str(user.pk)

    def drawn(row):
        is_own = row.incident.owner_key == own
        return _queue.get((row.said, is_own), lambda: _queue_row(row, is_own))

    return joined(map(drawn, rows))


def _queue_row(row, is_own):
    incident = row.incident
    key, there = incident.key, address("triage:incident", incident.key)
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
{_owner(incident, is_own)}
</tr>"""


def _clock(clock):
    return (
        f'<td class="vc-clock vc-clock--{clock.state}">{clock.says}'
        f'<span class="vc-clock__when">{clock.when}</span></td>'
    )


def _owner(incident, is_own):
    if is_own:
        return "<td><strong>You</strong></td>"
    owner = incident.owner
    if owner is None:
        return '<td class="vc-queue__unowned">Nobody</td>'
    return f"<td>{text(owner)}</td>"
