"""What is written in a chat, by either side. Nothing here saves."""

import uuid

from django import forms
from django.utils.translation import gettext_lazy as _

from triage.chat import chats
from triage.desk.forms import TOO_LONG, WordsField


class KeyField(forms.CharField):
    """A form's own hidden key: the same form sent twice does its work once."""

    def __init__(self):
        super().__init__(widget=forms.HiddenInput, required=False)

    def clean(self, value):
        try:
            return uuid.UUID(str(value))
        except ValueError:
            return uuid.uuid4()


class _LineForm(forms.Form):
    key = KeyField()

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("initial", {}).setdefault("key", uuid.uuid4())
        super().__init__(*args, **kwargs)


class SayForm(_LineForm):
    """A visitor's words."""

    body = WordsField(
        label=_("What do you want to say?"),
        rows=3,
        longest=chats.LONGEST_LINE,
        required=True,
        error_messages={"required": _("Write something first"), "max_length": TOO_LONG},
    )

    def too_much(self):
        """Say that the chat takes no more of it now."""
        self.add_error(
            "body",
            _(
                "This is more than the chat can take. Wait a minute, or shorten it. If you have"
                " much to say, use the longer form"
            ),
        )


class AnswerForm(_LineForm):
    """An operator's words."""

    body = WordsField(
        label="Your answer",
        rows=3,
        longest=chats.LONGEST_LINE,
        required=True,
        error_messages={"required": "Write an answer first", "max_length": TOO_LONG},
    )


class EndForm(forms.Form):
    """Why a chat ends without an incident."""

    reason = WordsField(label="If it needs no incident, why not", rows=2, longest=500)
