"""The board's lines as HTML."""

from urllib.parse import quote

from triage.drawn import address, grade, joined, text


def lines(found, *, back: str) -> str:
    """The rows of ``board.Line``s; ``back`` is the address to which their actions lead back."""
    return joined(_line(line, f"back={quote(back, safe='')}") for line in found)


def _line(line, back):
    row, incident = line.row, line.row.incident
    key, reference = incident.pk, text(incident.reference)
    act = text(f"{address('shifts:act', key)}?{back}")
    first = " vc-line--first" if getattr(incident, "pin", None) else ""
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
