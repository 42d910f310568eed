"""What the desk writes to an account on WhatsApp or Messenger. Nothing here saves."""

import uuid

from django import forms

from messaging.outbox import LONGEST_ANSWER
from triage.chat.forms import KeyField
from triage.desk.forms import TOO_LONG, WordsField


class AnswerForm(forms.Form):
    """An operator's words."""

    key = KeyField()
    body = WordsField(
        label="Your answer",
        rows=3,
        longest=LONGEST_ANSWER,
        required=True,
        error_messages={"required": "Write an answer first", "max_length": TOO_LONG},
    )

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("initial", {}).setdefault("key", uuid.uuid4())
        super().__init__(*args, **kwargs)


class SafeForm(forms.Form):
    """Whether it is safe to answer where they wrote."""

    safe = forms.ChoiceField(
        label="Is it safe to answer them here?",
        choices=[
            (
                "yes",
                "Yes: they asked to be answered here, or nothing says that anyone else reads it",
            ),
            ("no", "No: somebody else may read this account"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Say whether it is safe to answer them here"},
    )
    note = WordsField(
        label="How do you know?",
        rows=2,
        longest=500,
        required=True,
        error_messages={"required": "Say how you know", "max_length": TOO_LONG},
    )

    @property
    def is_safe(self) -> bool:
        return self.cleaned_data["safe"] == "yes"
