"""What follows an assessment: the victim's choice, and the crime that is recorded."""

from django import forms

from triage import crime_types, offers
from triage.models import Response


class OfferForm(forms.Form):
    """What the victim chose of what was read to them."""

    chosen = forms.ChoiceField(
        label="What they chose",
        widget=forms.RadioSelect,
        error_messages={
            "required": "Record what they chose",
            "invalid_choice": "That cannot be offered for this incident any more. Read them the"
            " choice again",
        },
    )

    def __init__(self, *args, assessment, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["chosen"].choices = [
            (option, Response(option).label) for option in offers.options(assessment)
        ]


class CrimeForm(forms.Form):
    """Record a crime, with the officer who will be in charge of the case."""

    crime_type = forms.ChoiceField(
        label="Recorded as", error_messages={"required": "Choose what it is recorded as"}
    )
    officer = forms.ModelChoiceField(
        label="Officer in charge",
        queryset=None,
        empty_label="Choose an officer",
        error_messages={
            "required": "Choose the officer in charge",
            "invalid_choice": "Choose an officer of this force who can have a case",
        },
    )

    def __init__(self, *args, officers, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["crime_type"].choices = [("", "Choose one"), *crime_types.choices()]
        self.fields["officer"].queryset = officers
        self.fields["officer"].label_from_instance = lambda user: user.styled_name
