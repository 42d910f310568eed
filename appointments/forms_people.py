"""Input about those who come along, as clean values."""

from django import forms

from appointments.forms import PersonField


class NumberForm(forms.Form):
    """The number that somebody has by now."""

    phone = PersonField(
        label="Their new mobile number", error_messages={"required": "Enter their new number"}
    )
