"""Input of the diary's pages, as clean values."""

import uuid
from datetime import datetime, timedelta

from django import forms
from django.utils.timezone import now

from appointments.models import Companion
from victimcontact.lib import phone
from victimcontact.people import needs

# Further off there is no diary, and at the ends of the calendar a day has no bounds.
FURTHEST = timedelta(days=3660)
# The time that is the first free one when it is asked for.
EARLIEST = "earliest"


class SlotField(forms.CharField):
    """One button of the slot list: "<officer> <start>", as ``slot_value`` writes it.

    Cleaned (officer's id, start).
    """

    default_error_messages = {"required": "Choose a time", "invalid": "Choose a time from the list"}

    def to_python(self, value):
        value = super().to_python(value)
        if not value:
            return None
        try:
            officer, start = value.split(" ")
            starts_at = datetime.fromisoformat(start)
            if starts_at.tzinfo is None or abs(starts_at - now()) > FURTHEST:
                raise ValueError
            return uuid.UUID(officer), starts_at
        except (ValueError, OverflowError):
            raise forms.ValidationError(self.error_messages["invalid"]) from None


class SlotOrEarliestField(SlotField):
    """A SlotField whose list has one more button, EARLIEST, cleaned as itself."""

    def to_python(self, value):
        return value if value == EARLIEST else super().to_python(value)


def slot_value(slot) -> str:
    """How a Slot stands in a form."""
    return f"{slot.officer_id} {slot.starts_at.isoformat()}"


class SlotForm(forms.Form):
    """The time that a caller chose. ``key`` makes a double click one request."""

    slot = SlotField()
    key = forms.UUIDField(widget=forms.HiddenInput)

    @classmethod
    def blank(cls):
        """An unbound form with a key of its own."""
        return cls(initial={"key": uuid.uuid4()})


class HoldForm(SlotForm):
    """A time to hold, or the earliest there is."""

    slot = SlotOrEarliestField()


class DayForm(forms.Form):
    """The day whose free times are asked for; empty or unreadable means the next ones."""

    day = forms.DateField(required=False)

    def clean_day(self):
        day = self.cleaned_data["day"]
        return day if day and abs(day - now().date()) < FURTHEST else None

    def chosen(self):
        """The date, or None."""
        return self.cleaned_data.get("day") if self.is_valid() else None


class CancelForm(forms.Form):
    """Why an appointment is given up. The victim is told unless that is not safe."""

    REASONS = [
        ("victim asked", "The victim asked"),
        ("officer visits", "An officer visits instead"),
        ("station instead", "The victim comes to a station instead"),
        ("not safe", "It is not safe any more"),
    ]
    reason = forms.ChoiceField(
        choices=REASONS,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose why it is cancelled"},
    )

    def __init__(self, *args, kind, **kwargs):
        super().__init__(*args, **kwargs)
        already = {"visit": "officer visits", "station": "station instead"}.get(kind)
        self.fields["reason"].choices = [row for row in self.REASONS if row[0] != already]


class StraightForm(forms.Form):
    """The yes of a caller who is put through to an officer now, and what the officer must know."""

    QUESTION = (
        "An officer can see you by video right now. I would tell them what you have told me, so"
        " that you need not say it again. May I put you through?"
    )

    permission = forms.BooleanField(
        error_messages={"required": "Ask them first, and tick that they said yes"}
    )
    context = forms.CharField(
        max_length=4000,
        error_messages={"required": "Write what the officer must know before they say a word"},
    )
    key = forms.UUIDField(widget=forms.HiddenInput)


class ReassignForm(forms.Form):
    """To whom an appointment is given, and why."""

    REASONS = [
        ("sickness", "The officer is not there"),
        ("fair load", "They have too much"),
        ("wished for", "The victim asked for somebody else"),
        ("skill", "Another skill is needed"),
    ]
    officer = forms.ModelChoiceField(
        queryset=None,
        label="Who takes it",
        empty_label="Choose an officer",
        error_messages={
            "required": "Choose an officer",
            "invalid_choice": "Choose an officer who is free at that time",
        },
    )
    reason = forms.ChoiceField(
        choices=REASONS,
        label="Why",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose why"},
    )

    def __init__(self, *args, officers, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["officer"].queryset = officers
        self.fields["officer"].label_from_instance = lambda officer: officer.styled_name


class PersonField(forms.CharField):
    """A mobile number as E.164."""

    def clean(self, value):
        value = super().clean(value)
        try:
            return phone.parse(value)
        except phone.PhoneError as error:
            raise forms.ValidationError("Enter a mobile number, like 07700 900123") from error


class WitnessForm(forms.Form):
    """Somebody who saw or heard it: enough to reach them."""

    name = forms.CharField(
        label="Name", max_length=200, error_messages={"required": "Enter their name"}
    )
    phone = PersonField(
        label="Mobile number", error_messages={"required": "Enter their mobile number"}
    )


class CompanionForm(WitnessForm):
    """Who comes along, in which part, and the word that opens their own link."""

    role = forms.ChoiceField(
        label="Who they are",
        choices=Companion.Role,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose who they are"},
    )
    word = forms.CharField(
        label="Their own word",
        max_length=60,
        error_messages={"required": "Agree a word with them that opens their link"},
    )

    field_order = ("role", "name", "phone", "word")


class NeedsForm(forms.Form):
    """What somebody needs of whoever meets them. Asked once, kept with the person."""

    adaptations = forms.MultipleChoiceField(
        label="Adaptations",
        choices=list(needs.ADAPTATIONS.items()),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    officer = forms.ChoiceField(
        label="The officer they would rather meet",
        choices=[("", "No matter"), *needs.OFFICERS.items()],
        widget=forms.RadioSelect,
        required=False,
    )
    language = forms.ChoiceField(
        label="Language of texts",
        choices=[("en-gb", "English"), ("cy", "Welsh")],
        widget=forms.RadioSelect,
    )
    interpreter = forms.CharField(
        label="Interpreter: into which language", max_length=60, required=False
    )
    note = forms.CharField(
        label="Anything else", max_length=300, required=False, widget=forms.Textarea
    )

    @classmethod
    def of(cls, contact, data=None):
        """The form as it stands for ``contact``."""
        known = {name: contact.needs.get(name) for name in cls.base_fields}
        known["language"] = "cy" if contact.language.startswith("cy") else "en-gb"
        return cls(data, initial={name: value for name, value in known.items() if value})

    @property
    def as_needs(self):
        """What ``Contact.needs`` holds for it. Only for a valid form."""
        kept = ("adaptations", "officer", "interpreter", "note")
        return {name: self.cleaned_data[name] for name in kept if self.cleaned_data[name]}
