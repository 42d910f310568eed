"""Fields that triage's forms share: a number, a day, a time, a line, a note, yes or no."""

from copy import deepcopy

from django import forms

from triage import typed
from victimcontact.lib import phone

LONGEST_LINE = 200
LONGEST_NOTE = 2_000
UNKNOWN = ("", "Not known")
YES_NO = (("yes", "Yes"), ("no", "No"), UNKNOWN)


class PhoneField(forms.CharField):
    """A telephone number as E.164, or an empty string."""

    def __init__(self, **kwargs):
        widget = forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"})
        said = {"max_length": phone.EXAMPLE}
        super().__init__(
            required=False, max_length=40, widget=widget, error_messages=said, **kwargs
        )

    def clean(self, value):
        text = super().clean(value)
        if not text:
            return ""
        try:
            return phone.parse(text)
        except phone.PhoneError as error:
            raise forms.ValidationError(str(error)) from None


class DateField(forms.CharField):
    """A date as people type it, or None. ``today`` is set by the form."""

    def __init__(self, *, wrong, **kwargs):
        super().__init__(
            required=False, max_length=20, error_messages={"max_length": wrong}, **kwargs
        )
        self.wrong, self.today = wrong, None

    def clean(self, value):
        text = super().clean(value)
        if not text:
            return None
        try:
            found = typed.read_date(text, today=self.today)
        except (ValueError, OverflowError):
            raise forms.ValidationError(self.wrong) from None
        if found > self.today:
            raise forms.ValidationError("Enter a date that is not in the future")
        return found


class TimeField(forms.CharField):
    """A time of day as people type it, or None."""

    def __init__(self, **kwargs):
        said = {"max_length": "Enter a time like 14:30 or 2:30pm"}
        super().__init__(required=False, max_length=10, error_messages=said, **kwargs)

    def clean(self, value):
        text = super().clean(value)
        if not text:
            return None
        try:
            return typed.read_time(text)
        except ValueError:
            raise forms.ValidationError("Enter a time like 14:30 or 2:30pm") from None


def sharing(*own):
    """Decorate a form whose fields are used as they are but for dates and those named ``own``.

    Django copies every field for every form, since a form may change its own. The forms that are
    scored at every pause in typing have too many for that.
    """

    def decorate(form):
        form.base_fields = _Shared(form.base_fields, own)
        return form

    return decorate


class _Shared(dict):
    def __init__(self, fields, own):
        super().__init__(fields)
        self._own = {
            name
            for name, field in fields.items()
            if name in own or isinstance(field, DateField)  # has the day of its form
        }

    def __deepcopy__(self, memo):
        return {
            name: deepcopy(field, memo) if name in self._own else field
            for name, field in self.items()
        }


def line(label, **kwargs):
    limit = kwargs.pop("max_length", LONGEST_LINE)
    kwargs.setdefault("required", False)
    kwargs.setdefault("widget", forms.TextInput(attrs={"autocomplete": "off"}))
    return forms.CharField(
        label=label,
        max_length=limit,
        error_messages={
            "max_length": f"{label} must be {limit:,} characters or fewer. Shorten it:"
            " nothing was cut"
        },
        **kwargs,
    )


def note(label, **kwargs):
    rows = kwargs.pop("rows", 2)
    kwargs.setdefault("max_length", LONGEST_NOTE)
    return line(label, widget=forms.Textarea(attrs={"rows": rows}), **kwargs)


def yes_no(label):
    return forms.ChoiceField(
        label=label, choices=YES_NO, required=False, initial="", widget=forms.RadioSelect
    )


def age(label):
    return forms.IntegerField(
        label=label,
        required=False,
        min_value=0,
        max_value=120,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={
            "invalid": "Enter an age in years, like 42",
            "min_value": "Enter an age from 0 to 120",
            "max_value": "Enter an age from 0 to 120",
        },
    )


def as_posted(value):
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
