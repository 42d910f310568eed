"""What came of a try to reach somebody."""

from django import forms

from appointments.attempts.models import Attempt


class AttemptForm(forms.Form):
    """How it was tried and what came of it. ``number`` is the try that the page spoke of."""

    number = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    channel = forms.ChoiceField(
        label="How did you try?",
        choices=Attempt.Channel.choices,
        initial=Attempt.Channel.TELEPHONE,
        widget=forms.RadioSelect,
        error_messages={"required": "Say how you tried"},
    )
    outcome = forms.ChoiceField(
        label="What came of it?",
        choices=Attempt.Outcome.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Say what came of it"},
    )
    note = forms.CharField(
        label="What happened?",
        help_text="What you heard, what you said, and to whom",
        widget=forms.Textarea,
        max_length=2000,
        error_messages={
            "required": "Enter what happened",
            "max_length": "What happened must be 2,000 characters or fewer",
        },
    )
