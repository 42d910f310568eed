"""The HTML of form controls, put together in Python.

Django draws each control by a template of a template: a form of thirty fields then takes longer
than the rest of its page. What is drawn here is the same but for blank lines; any other control,
an app's own or one of several inputs, goes by its template as before.
"""

from html import escape

from django.forms.renderers import TemplatesSetting
from django.utils.formats import localize
from django.utils.safestring import SafeData, mark_safe

_FOLDER = "django/forms/widgets/"
_INPUTS = ("checkbox", "color", "date", "datetime", "email", "file", "hidden", "input", "number")
_INPUTS += ("password", "search", "tel", "text", "time", "url")


class DrawnWidgets(TemplatesSetting):
    """Draws the usual controls itself, and everything else by its template."""

    def render(self, template_name, context, request=None):
        draw = _DRAWN.get(template_name)
        if draw is None:
            return super().render(template_name, context, request)
        return mark_safe(draw(context["widget"]).strip())  # noqa: S308 each part is escaped


def text(value) -> str:
    """``value`` as a template writes it: escaped, unless it says that it is safe."""
    if isinstance(value, str):
        return value if isinstance(value, SafeData) else escape(value)
    value = localize(value)
    return value if isinstance(value, SafeData) else escape(str(value))


def _attribute(value):
    return value if isinstance(value, SafeData) else escape(str(value))


def _attributes(widget):
    return "".join(
        f" {text(name)}" if value is True else f' {text(name)}="{_attribute(value)}"'
        for name, value in widget["attrs"].items()
        if value is not False
    )


def _input(widget):
    value = widget["value"]
    held = "" if value is None else f' value="{_attribute(value)}"'
    name = text(widget["name"])
    return f'<input type="{text(widget["type"])}" name="{name}"{held}{_attributes(widget)}>'


def _textarea(widget):
    held = text(widget["value"]) if widget["value"] else ""
    return f'<textarea name="{text(widget["name"])}"{_attributes(widget)}>\n{held}</textarea>'


def _select(widget):
    drawn = [f'<select name="{text(widget["name"])}"{_attributes(widget)}>']
    for group, options, _ in widget["optgroups"]:
        if group:
            drawn.append(f'\n  <optgroup label="{text(group)}">')
        drawn += [
            f'\n  <option value="{_attribute(option["value"])}"{_attributes(option)}>'
            f"{text(option['label'])}</option>"
            for option in options
        ]
        if group:
            drawn.append("\n  </optgroup>")
    return "".join([*drawn, "\n</select>"])


_DRAWN = {
    **{f"{_FOLDER}{name}.html": _input for name in _INPUTS},
    f"{_FOLDER}textarea.html": _textarea,
    f"{_FOLDER}select.html": _select,
}
