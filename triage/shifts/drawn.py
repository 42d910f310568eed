"""The board's tiles, drawings and lines as HTML."""

from urllib.parse import quote

from django.urls import reverse

from triage.drawn import Kept, address, grade, joined, text

_kept = Kept()


def tiles(found, *, show: str) -> str:
    """What a leader may ask the board for (``board.Tile``s); ``show`` is what they asked."""
    there = reverse("shifts:board")
    return joined(_tile(tile, there, is_shown=tile.key == show) for tile in found)


def _tile(tile, there, *, is_shown):
    state = " vc-tile--urgent" if tile.is_urgent else "" if tile.number else " vc-tile--none"
    query = f"?show={tile.key}" if tile.key else ""
    current = ' aria-current="page"' if is_shown else ""
    return (
        f'<a class="vc-tile{state}" id="tile-{tile.key or "all"}" href="{there}{query}"'
        f' title="{text(tile.means)}"{current}><span class="vc-tile__number">{tile.number}</span>'
        f'<span class="vc-tile__label">{text(tile.label)}</span></a>'
    )


def columns(found) -> str:
    """The reviews to come (``charts.Column``s) as parts of their drawing."""
    return joined(
        f'<rect class="vc-ahead__bar vc-ahead__bar--{one.kind}" x="{one.x}" y="{one.y}" width="34"'
        f' height="{one.height}"/><text class="vc-ahead__number" x="{one.middle}" y="{one.above}"'
        f' text-anchor="middle">{one.number}</text><text class="vc-ahead__label"'
        f' x="{one.middle}" y="95" text-anchor="middle">{text(one.label)}</text>'
        for one in found
    )


def columns_said(found) -> str:
    """The same in words."""
    late, *ahead = found
    parts = [f"{late.number} late"]
    for one in ahead:
        when = "in the next half hour" if one.label == "now" else f"after {one.label}"
        parts.append(f"{one.number} {when}")
    return ", ".join(parts)


def lines(found, *, back: str) -> str:
    """The rows of ``board.Line``s; ``back`` is the address to which their actions lead back."""
    back = f"back={quote(back, safe='')}"

    def drawn(line):
        if line.pin:  # a leader's words are not kept
            return _line(line, back)
        return _kept.get((line.said, back), lambda: _line(line, back))

    return joined(map(drawn, found))


def _line(line, back):
    row, incident = line.row, line.row.incident
    key, reference = incident.key, text(incident.reference)
    act = text(f"{address('shifts:act', key)}?{back}")
    first = " vc-line--first" if line.pin else ""
    marks = "".join(
        f'<span class="vc-mark vc-mark--{name}">{text(words)}</span> ' for name, words in line.marks
    )
    strongest, *others = line.why
    strongest = text(strongest[:1].upper() + strongest[1:])
    why = "".join(f"; {text(one)}" for one in others)
    there = address("triage:incident", key)
    return f"""<tr class="vc-line{first}">
<td>{grade(incident.grade, row.grade_label)}</td>
<td class="vc-nowrap"><a class="govuk-link" id="line-{key}" href="{there}">{reference}</a>\
<br><span class="vc-muted">{text(row.channel)}, {row.age} ago</span></td>
<td class="vc-line__why">{marks}<strong>{strongest}</strong>{why}</td>
{_clock("Response", row.due, line.due_share)}
{_clock("Assess again", row.review, line.review_share)}
<td>{_owner(line)}</td>
<td><a class="govuk-link vc-line__act" id="act-{key}" href="{act}" hx-get="{act}" hx-target="#act" \
hx-swap="innerHTML">Act<span class="govuk-visually-hidden"> on {reference}</span></a></td>
</tr>"""


def _clock(label, clock, share):
    state = clock.state
    return (
        f'<td class="vc-clock vc-clock--{state}" data-label="{label}">'
        f'<svg class="vc-share vc-share--{state}" viewBox="0 0 100 6" preserveAspectRatio="none"'
        ' aria-hidden="true" focusable="false">'
        '<rect class="vc-share__all" width="100" height="6"/>'
        f'<rect class="vc-share__gone" width="{share}" height="6"/></svg>{clock.says}</td>'
    )


def _owner(line):
    owner = line.row.incident.owner
    if owner is None:
        return '<span class="vc-mark vc-mark--unowned">Unowned</span>'
    away = ' <span class="vc-mark vc-mark--away">away</span>' if line.owner_is_away else ""
    return f"{text(owner)}{away}"
