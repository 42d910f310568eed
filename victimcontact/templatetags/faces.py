"""What the shared templates need and a template cannot say: form controls and navigation."""

from dataclasses import dataclass, replace
from functools import cache

from django import forms, template
from django.conf import settings
from django.urls import NoReverseMatch, get_urlconf, reverse

register = template.Library()

CLASSES = {
    "input": "govuk-input",
    "textarea": "govuk-textarea",
    "select": "govuk-select",
    "file": "govuk-file-upload",
    "checkbox": "govuk-checkboxes__input",
}


@register.filter
def control_kind(field) -> str:
    """Which component shows ``field``, a BoundField.

    One of radios, checkboxes, checkbox, textarea, select, file, hidden, group (several inputs
    in one value) or input.
    """
    widget = field.field.widget
    if widget.is_hidden:
        return "hidden"
    for kind, classes in (
        ("checkboxes", forms.CheckboxSelectMultiple),
        ("radios", forms.RadioSelect),
        ("checkbox", forms.CheckboxInput),
        ("textarea", forms.Textarea),
        ("select", (forms.Select, forms.SelectMultiple)),
        ("file", forms.FileInput),
        ("group", forms.MultiWidget),
    ):
        if isinstance(widget, classes):
            return kind
    return "input"


@register.simple_tag
def control(field, css="", rows=None, **more):
    """The widget of ``field`` with its component's class and what describes it.

    ``css`` adds classes (as ``govuk-input--width-10``); further arguments become attributes, an
    underscore in the name a hyphen. Hint and error are named in the order they stand on the page;
    the inputs of a group by ``form_field.part_labels``.
    """
    kind = control_kind(field)
    own = field.field.widget.attrs.get("class", "")
    name = CLASSES.get(kind, "govuk-input")
    broken = f"{name}--error" if field.errors and kind != "checkbox" else ""
    attrs = {key.replace("_", "-"): value for key, value in more.items() if value not in ("", None)}
    attrs["class"] = " ".join(part for part in (name, broken, own, css) if part)
    if kind == "textarea":
        attrs["rows"] = rows or 5
    if kind == "group":
        named = getattr(field.field, "part_labels", ("Date", "Time"))
        for part, label in zip(field.field.widget.widgets, named, strict=False):
            part.attrs.setdefault("aria-label", label)
    described = described_by(field)
    if described:
        attrs["aria-describedby"] = described
    return field.as_widget(attrs=attrs)


@register.filter
def described_by(field) -> str:
    """Ids of the hint and the error of ``field``, for aria-describedby; empty when neither."""
    named = field.field.widget.attrs.get("aria-describedby", "")
    ids = [named] if named else []
    if field.help_text:
        ids.append(f"{field.auto_id}_helptext")
    if field.errors:
        ids.append(f"{field.auto_id}_error")
    return " ".join(ids)


@register.filter
def choice_hint(field, value) -> str:
    """The hint of one choice, from ``form_field.choice_hints`` (a dict by value), else empty."""
    return getattr(field.field, "choice_hints", {}).get(str(value), "")


@dataclass(frozen=True)
class Problem:
    """One line of the error summary: what is wrong and where to mend it (empty: no one place)."""

    text: str
    address: str


@register.filter
def problems(form) -> list[Problem]:
    """Every error of a form (or of each form in a list), first those that belong to no field."""
    found = []
    for one in form if isinstance(form, (list, tuple, forms.BaseFormSet)) else [form]:
        found += [Problem(str(error), "") for error in one.non_field_errors()]
        for field in one:
            found += [Problem(str(error), f"#{_first_id(field)}") for error in field.errors]
    if isinstance(form, forms.BaseFormSet):
        found = [Problem(str(error), "") for error in form.non_form_errors()] + found
    return found


def _first_id(field):
    """The id of the first control: choices and groups have none with the field's own."""
    kind = control_kind(field)
    if kind in {"radios", "checkboxes"}:
        return next((choice.id_for_label for choice in field.subwidgets), field.auto_id)
    return f"{field.auto_id}_0" if kind == "group" else field.auto_id


@dataclass(frozen=True)
class Section:
    """One entry of the staff navigation. ``current``: "page", "true" (below it) or empty."""

    name: str
    address: str
    current: str
    count: int = 0  # how much waits there for this person


# name, URL name, permission that shows it, beginnings of paths below it
SECTIONS = (
    ("Triage", "triage:queue", "incident.view", "/triage/"),
    ("Desk", "chat:desk", "desk.work", "/desk/"),
    ("Board", "shifts:board", "board.view", "/triage/board/"),
    ("Partners", "partners:referrals", "referral.view", "/partners/"),
    ("Diary", "appointments:my_day", "diary.view", "/diary/"),
    ("Cases", "portal:cases", "case.view", "/cases/"),
    ("Tasks", "messaging:staff_tasks", "task.view", "/tasks/"),
    ("Quality", "quality:reviews", "assessment.review", "/quality/"),
    ("Feedback", "quality:feedback_list", "feedback.view", "/feedback/"),
    ("Practice", "quality:callers", "practice.use", "/practice/"),
    ("Handset", "messaging:handset", "", "/handset/"),
    ("Texts", "messaging:traffic", "admin.use", "/traffic/"),
    ("Admin", "admin:index", "admin.use", "/admin/"),
)
# URL name: function of a user that says how much waits there. Apps above put theirs in.
COUNTS = {}


@register.simple_tag(takes_context=True)
def staff_nav(context) -> list[Section]:
    """The sections that this person may open and this process serves."""
    request = context["request"]
    held = context.get("permissions") or frozenset()
    sections = []
    for name, url_name, permission, below in SECTIONS:
        if permission:
            shown = permission in held
        else:
            shown = bool(held and context.get("demonstration"))
        if not shown:
            continue
        address = _address(url_name, get_urlconf() or settings.ROOT_URLCONF)
        if not address:
            continue
        current = ""
        if request.path == address:
            current = "page"
        elif request.path.startswith(below):
            current = "true"
        count = COUNTS[url_name](request.user) if url_name in COUNTS else 0
        sections.append(Section(name, address, current, count))
    # Of two that a page is below, it is in the nearer one.
    inner = max((each for each in sections if each.current), key=_depth, default=None)
    return [
        replace(each, current="") if each.current and each is not inner else each
        for each in sections
    ]


@cache
def _address(url_name, urlconf):
    """Where a section is; empty where this process does not serve it."""
    try:
        return reverse(url_name, urlconf)
    except NoReverseMatch:
        return ""


def _depth(section):
    return len(section.address)
