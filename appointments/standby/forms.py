"""What came of ringing."""

from django import forms


class RangForm(forms.Form):
    """Whether they talked, and what was said or tried."""

    talked = forms.ChoiceField(
        label="Did you talk?",
        choices=[("yes", "Yes, we talked"), ("no", "No, nobody was reached")],
        widget=forms.RadioSelect,
        error_messages={"required": "Say whether you talked"},
    )
    note = forms.CharField(
        label="What happened?",
        widget=forms.Textarea,
        max_length=2000,
        error_messages={
            "required": "Enter what happened",
            "max_length": "What happened must be 2,000 characters or fewer",
        },
    )
