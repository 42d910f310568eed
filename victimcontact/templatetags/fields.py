"""A field of a form with its label, hint and error, put together in Python.

By templates of templates a page of thirty fields takes three times as long. Whatever a form or a
person says goes through ``text``.
"""

from django import template
from django.utils.safestring import mark_safe
from django.utils.translation import gettext

from victimcontact.lib.widgets import text
from victimcontact.templatetags.faces import choice_hint, control, control_kind, described_by

register = template.Library()

# What whoever includes components/field.html may say besides the field; see there.
SAYS = ("label", "label_size", "label_hidden", "css", "rows", "inline", "small", "prefix", "suffix")


@register.simple_tag(takes_context=True)
def drawn_field(context) -> str:
    """The ``field`` of the context, by the part for its widget: see components/field.html."""
    return _drawn(context["field"], {name: context.get(name, "") for name in SAYS})


@register.simple_tag
def field(bound, **said) -> str:
    """The same for a page of many, without a template between: ``said`` as in field.html."""
    return _drawn(bound, _NOTHING_SAID | said)


_NOTHING_SAID = dict.fromkeys(SAYS, "")


def _drawn(field, said):
    draw = _PARTS.get(control_kind(field), _input)
    return mark_safe(draw(field, said))  # noqa: S308 what is put into each part is escaped


def error(field) -> str:
    """As components/_error.html; empty where there is none."""
    if not field.errors:
        return ""
    before = f'<span class="govuk-visually-hidden">{text(gettext("Error:"))}</span> '
    lines = "<br>".join(f"{before}{text(one)}" for one in field.errors)
    return f'<p id="{text(field.auto_id)}_error" class="govuk-error-message">{lines}</p>'


def _hint(field, css=""):
    if not field.help_text:
        return ""
    return (
        f'<div id="{text(field.auto_id)}_helptext" class="govuk-hint{css}">'
        f"{text(field.help_text)}</div>"
    )


def _in_group(field, inner):
    broken = " govuk-form-group--error" if field.errors else ""
    return f'<div class="govuk-form-group{broken}">\n{inner}\n</div>'


def _named(base, field, said):
    """The class and the words of a label or legend."""
    size, hidden = said["label_size"], said["label_hidden"]
    css = base + (f" {base}--{text(size)}" if size else "")
    css += " govuk-visually-hidden" if hidden else ""
    return css, text(said["label"] or field.label or "")


def _label(field, said):
    css, words = _named("govuk-label", field, said)
    return f'<label class="{css}" for="{text(field.id_for_label)}">{words}</label>'


def _hidden(field, said):
    return str(field)


def _input(field, said):
    drawn = control(field, css=said["css"])
    before, after = said["prefix"], said["suffix"]
    if before or after:
        before = before and _beside("prefix", before)
        after = after and _beside("suffix", after)
        drawn = f'<div class="govuk-input__wrapper">{before}{drawn}{after}</div>'
    return _in_group(field, f"{_label(field, said)}{_hint(field)}{error(field)}\n{drawn}")


def _beside(which, words):
    return f'<div class="govuk-input__{which}" aria-hidden="true">{text(words)}</div>'


def _textarea(field, said):
    drawn = control(field, css=said["css"], rows=said["rows"])
    return _in_group(field, f"{_label(field, said)}{_hint(field)}{error(field)}\n{drawn}")


def _checkbox(field, said):
    small = " govuk-checkboxes--small" if said["small"] else ""
    words = text(said["label"] or field.label or "")
    return _in_group(
        field,
        f'{error(field)}<div class="govuk-checkboxes{small}" data-module="govuk-checkboxes">'
        f'<div class="govuk-checkboxes__item">\n{control(field, css=said["css"])}\n'
        f'<label class="govuk-label govuk-checkboxes__label" for="{text(field.id_for_label)}">'
        f"{words}</label>{_hint(field, ' govuk-checkboxes__hint')}</div></div>",
    )


def _legend(field, said):
    css, words = _named("govuk-fieldset__legend", field, said)
    return f'<legend class="{css}">{words}</legend>'


def _described(field):
    named = described_by(field)
    return f' aria-describedby="{text(named)}"' if named else ""


def _group(field, said):
    return _in_group(
        field,
        f'<fieldset class="govuk-fieldset"{_described(field)}>\n{_legend(field, said)}'
        f"{_hint(field)}{error(field)}\n{control(field, css=said['css'])}\n</fieldset>",
    )


def _choices(field, said, kind):
    css = f"govuk-{kind}" + (f" govuk-{kind}--inline" if said["inline"] else "")
    css += f" govuk-{kind}--small" if said["small"] else ""
    each = "\n".join(_choice(field, choice.data, kind) for choice in field.subwidgets)
    return _in_group(
        field,
        f'<fieldset class="govuk-fieldset" id="{text(field.auto_id)}"{_described(field)}>\n'
        f"{_legend(field, said)}{_hint(field)}{error(field)}\n"
        f'<div class="{css}" data-module="govuk-{kind}">\n{each}\n</div>\n</fieldset>',
    )


def _choice(field, choice, kind):
    key, value = text(choice["attrs"].get("id") or ""), choice["value"]
    hint = choice_hint(field, value)
    described = f' aria-describedby="{key}_hint"' if hint else ""
    chosen = " checked" if choice["selected"] else ""
    shut = " disabled" if choice["attrs"].get("disabled") else ""
    below = (
        f'<div class="govuk-hint govuk-{kind}__hint" id="{key}_hint">{text(hint)}</div>'
        if hint
        else ""
    )
    return (
        f'<div class="govuk-{kind}__item">\n<input class="govuk-{kind}__input"'
        f' type="{text(choice["type"])}" name="{text(choice["name"])}"'
        f' value="{"" if value is None else text(value)}" id="{key}"{chosen}{shut}{described}>\n'
        f'<label class="govuk-label govuk-{kind}__label" for="{key}">{text(choice["label"])}'
        f"</label>{below}</div>"
    )


def _radios(field, said):
    return _choices(field, said, "radios")


def _checkboxes(field, said):
    return _choices(field, said, "checkboxes")


_PARTS = {
    "hidden": _hidden,
    "radios": _radios,
    "checkboxes": _checkboxes,
    "checkbox": _checkbox,
    "textarea": _textarea,
    "group": _group,
}
