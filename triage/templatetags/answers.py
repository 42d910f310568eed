"""What is asked about every report, drawn while a caller is on the line.

Not in a template's own tags: a page has twenty of them. Whatever anybody said goes through
``text``.
"""

from django import template
from django.utils.html import format_html
from django.utils.safestring import mark_safe

from victimcontact.lib.widgets import text
from victimcontact.templatetags.fields import error

register = template.Library()


@register.simple_tag
def answer(field) -> str:
    """One answer of a few, side by side: a narrow twin of the radios in components/field.html."""
    key, wrong = text(field.auto_id), error(field)
    broken = " vc-answer--error" if wrong else ""
    described = f' aria-describedby="{key}_error"' if wrong else ""
    choices = "\n".join(_choice(choice.data) for choice in field.subwidgets)
    return mark_safe(  # noqa: S308 what is put into it is escaped
        f'<fieldset class="vc-answer{broken}" id="{key}"{described}>\n'
        f'<legend class="vc-answer__label">{text(field.label)}</legend>\n'
        f'<span class="vc-answer__choices">\n{choices}\n</span>\n{wrong}</fieldset>'
    )


def _choice(choice):
    key, value = text(choice["attrs"].get("id") or ""), choice["value"]
    value = "" if value is None else text(value)
    chosen = " checked" if choice["selected"] else ""
    return (
        '<label class="vc-answer__choice"><input type="radio" class="vc-answer__input"'
        f' name="{text(choice["name"])}" value="{value}" id="{key}"{chosen}>'
        f"<span>{text(choice['label'])}</span></label>"
    )


@register.simple_tag
def say(line) -> str:
    """The field ``line``: the caller's own words below one question."""
    key, wrong, value = text(line.auto_id), error(line), line.value()
    broken = " vc-answer--error" if wrong else ""
    told = f' aria-invalid="true" aria-describedby="{key}_error"' if wrong else ""
    return mark_safe(  # noqa: S308 what is put into it is escaped
        f'<span class="vc-say-line{broken}"><input type="text" class="vc-say-line__input"'
        f' name="{text(line.html_name)}" id="{key}" value="{"" if value is None else text(value)}"'
        f' placeholder="In their words" aria-label="{text(line.label)}" autocomplete="off"'
        f' spellcheck="true" data-said{told}>{wrong}</span>'
    )


@register.simple_tag
def line_of(key, line, asked_now) -> str:
    """Where the line of an answer stands, unless its question is in the panel (``asked_now``).

    Swapped as one moves.
    """
    here = "" if key in (asked_now or ()) else say(line)
    return format_html('<div class="vc-line" id="line-{}" data-line>{}</div>', key, here)
