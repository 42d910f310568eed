"""Input of the diary's pages, as clean values."""

import uuid
from datetime import datetime, timedelta

from django import forms
from django.utils.timezone import now

# Further off there is no diary, and at the ends of the calendar a day has no bounds.
FURTHEST = timedelta(days=3660)


class SlotField(forms.CharField):
    """One radio of the slot list: "<officer> <start>", as ``slot_value`` writes it."""

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
