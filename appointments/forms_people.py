"""Input about those who come along, or live there, as clean values."""

from django import forms

from appointments.forms import PersonField
from triage.models import Child


class NumberForm(forms.Form):
    """The number that somebody has by now."""

    phone = PersonField(
        label="Their new mobile number", error_messages={"required": "Enter their new number"}
    )


class SeenForm(forms.Form):
    """Whether a child was seen and spoken to."""

    seen = forms.ChoiceField(
        label="Did you see them?",
        choices=Child.Seen,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose whether you saw them"},
    )
    why_not = forms.CharField(
        label="If you did not speak to them, why not",
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    is_victim = forms.BooleanField(
        label="They are a victim, too",
        help_text="Whoever sees, hears or lives with domestic abuse is one themselves.",
        required=False,
    )

    def clean(self):
        said = super().clean()
        if said.get("seen") not in (None, Child.Seen.SPOKEN_TO) and not said.get("why_not"):
            self.add_error("why_not", "Say why you did not speak to them")
        return said


class ChildForm(SeenForm):
    """A child who is not on the report yet."""

    who = forms.CharField(
        label="Name and age",
        help_text="As far as you know them: “Mia, 7” or “a boy of about 4”",
        max_length=200,
        error_messages={"required": "Say who it is, as far as you know"},
    )
    field_order = ("who", "seen", "why_not", "is_victim")
