"""What officers and victims type about a case, made clean. Nothing here saves."""

import uuid
from datetime import timedelta

from django import forms
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from messaging import conversations
from portal import rights
from portal.cases import TOLD_HOW
from portal.models import Case
from triage import typed
from triage.forms.fields import TimeField
from victimcontact.lib import local_time
from victimcontact.people import words

LONGEST_UPDATE = 5_000
LONGEST_NOTE = 5_000
LONGEST_REASON = 200
CANNOT = "cannot"
TOO_LONG = (
    "Write %(limit_value)d characters or fewer. There are %(show_value)d, and nothing was cut"
)


class KeyField(forms.CharField):
    """A form's own hidden key: the same form sent twice does its work once.

    A key that cannot be read counts as a new one: nobody loses words because of it.
    """

    def __init__(self):
        super().__init__(widget=forms.HiddenInput, required=False)

    def clean(self, value):
        try:
            return uuid.UUID(str(value))
        except ValueError:
            return uuid.uuid4()


class WordsField(forms.CharField):
    """What a person writes. A NUL that a paste brings says nothing and is dropped."""

    def to_python(self, value):
        return super().to_python(str(value or "").replace("\x00", ""))


class MessageForm(forms.Form):
    """A message, from either side."""

    body = WordsField(
        label=_("Your message"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"autocomplete": "off"}),
    )
    key = KeyField()

    @classmethod
    def blank(cls):
        """An unbound form with a key of its own."""
        return cls(initial={"key": uuid.uuid4()})

    def clean_body(self):
        try:
            return conversations.clean(self.cleaned_data["body"])
        except conversations.Unsayable as refusal:
            raise forms.ValidationError(str(refusal)) from None


class DayField(forms.CharField):
    """A day as people type it, as a date or None."""

    def __init__(self, *, past=False, future=False, **kwargs):
        self.past, self.future = past, future
        said = {"max_length": "Enter a day, like 27/3/2027"}
        super().__init__(required=False, max_length=20, error_messages=said, **kwargs)

    def clean(self, value):
        text = super().clean(value)
        if not text:
            return None
        today = local_time.local(now()).date()
        try:
            day = typed.read_date(text, today=today)
        except ValueError:
            raise forms.ValidationError("Enter a day, like 27/3/2027") from None
        if self.past and day > today:
            raise forms.ValidationError("Enter a day which is today or in the past")
        if self.future and day < today:
            raise forms.ValidationError("Enter a day which is today or in the future")
        if self.future and day > today + timedelta(days=366):
            raise forms.ValidationError("Enter a day within a year")
        return day


def moment_of(form, name):
    """The moment that ``<name>_on`` and ``<name>_time`` say, or None where no day is given.

    Adds the errors to ``form``: no such time on a night when the clocks go forward, no time
    without a day, no moment to come. Where the clocks go back over a time the first is meant.
    """
    day, at = form.cleaned_data.get(f"{name}_on"), form.cleaned_data.get(f"{name}_time")
    if day is None:
        if at is not None and f"{name}_on" not in form.errors:
            form.add_error(f"{name}_on", "Enter the day too")
        return None
    if at is None:
        if f"{name}_time" not in form.errors:
            form.add_error(f"{name}_time", "Enter the time too, like 14:30")
        return None
    try:
        moment = local_time.from_local(day, at)
    except local_time.NoSuchTime:
        form.add_error(f"{name}_time", "The clocks went forward over this time. Enter another time")
        return None
    if moment > now() + timedelta(minutes=1):
        form.add_error(f"{name}_time", "Enter a time which is not in the future")
        return None
    return moment


class UpdateForm(forms.Form):
    """What happened, what the victim may read of it, and what stays ours."""

    status = forms.ChoiceField(label="Status", choices=Case.Status)
    said = WordsField(
        label="Words for the victim",
        help_text="Shown in the portal exactly as you write it. Plain, kind, no names of others.",
        required=False,
        strip=False,
        max_length=LONGEST_UPDATE,
        error_messages={"max_length": TOO_LONG},
        widget=forms.Textarea,
    )
    internal_note = WordsField(
        label="Internal note",
        help_text="Never shown to the victim.",
        required=False,
        strip=False,
        max_length=LONGEST_NOTE,
        error_messages={"max_length": TOO_LONG},
        widget=forms.Textarea,
    )
    happened = forms.ChoiceField(
        label="Did something happen that the victim must be told?",
        help_text="This starts the clock of the Victims’ Code.",
        required=False,
    )
    happened_on = DayField(label="Day it happened", past=True)
    happened_time = TimeField(label="Time")
    is_spoken = forms.BooleanField(
        label="I have told the victim this myself, by phone or in person", required=False
    )
    spoken_on = DayField(label="Day you told them", past=True)
    spoken_time = TimeField(label="Time")
    next_update_on = DayField(
        label="Next update by",
        help_text="The victim is promised to hear from us by then, even without news.",
        future=True,
    )
    key = KeyField()

    def __init__(self, *args, case, **kwargs):
        super().__init__(*args, **kwargs)
        self.case = case
        self.fields["happened"].choices = [
            ("", "Nothing of the kind"),
            *rights.current().triggers.items(),
        ]

    @classmethod
    def of(cls, case):
        """An unbound form that begins with the case as it is."""
        day = case.next_update_on
        return cls(
            case=case,
            initial={
                "key": uuid.uuid4(),
                "status": case.status,
                "next_update_on": f"{day:%-d/%-m/%Y}"
                if day and day >= local_time.local(now()).date()
                else "",
            },
        )

    def clean(self):
        data = super().clean()
        data["said"] = data.get("said", "").strip()
        data["internal_note"] = data.get("internal_note", "").strip()
        data["happened_at"] = moment_of(self, "happened")
        data["spoken_at"] = moment_of(self, "spoken")
        if data["spoken_at"] is None and data.get("is_spoken"):
            data["spoken_at"] = now()
        happened, status = data.get("happened"), data.get("status")
        if happened and data["happened_at"] is None and not self._has_error("happened"):
            self.add_error("happened_on", "Enter the day and the time it happened")
        if self._has_error("happened"):
            return data
        if not happened and data["happened_at"] is not None:
            self.add_error("happened", "Choose what happened then")
        is_grave = happened and rights.current().is_spoken_first(
            happened, is_enhanced=self.case.is_enhanced
        )
        if is_grave and data["said"] and not data["spoken_at"] and not self._has_error("spoken"):
            self.add_error(
                "is_spoken",
                "Tell the victim this by phone or in person first. Then publish the words",
            )
        if status == Case.Status.CLOSED and self.case.status != status and not data["said"]:
            self.add_error("said", "Write why the case is closed: the victim reads it")
        if status and status != Case.Status.CLOSED and not data.get("next_update_on"):
            if "next_update_on" not in self.errors:
                self.add_error("next_update_on", "Enter the day of the next update")
        if not self.errors and not self._says_something(data):
            self.add_error("said", "Write what the victim should know, or a note")
        return data

    def _has_error(self, name):
        return f"{name}_on" in self.errors or f"{name}_time" in self.errors

    def _says_something(self, data):
        return (
            data["said"]
            or data["internal_note"]
            or data["happened"]
            or data["status"] != self.case.status
            or data["next_update_on"] != self.case.next_update_on
        )


class OwedForm(forms.Form):
    """How one right was given, or why it cannot be."""

    how = forms.ChoiceField(
        label="How was it given?",
        choices=[*TOLD_HOW.items(), (CANNOT, "It cannot be given")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose how it was given"},
    )
    told_on = DayField(label="Day", past=True, help_text="Empty: now")
    told_time = TimeField(label="Time")
    note = WordsField(
        label="Note",
        help_text="Where it cannot be given: why. The victim is told the reason when it is safe.",
        required=False,
        max_length=LONGEST_NOTE,
        error_messages={"max_length": TOO_LONG},
        widget=forms.Textarea,
    )

    def clean(self):
        data = super().clean()
        data["told_at"] = moment_of(self, "told")
        note = data.get("note", "")
        if data.get("how") == CANNOT and "note" not in self.errors:
            if not note:
                self.add_error("note", "Write why it cannot be given")
            elif len(note) > LONGEST_REASON:
                self.add_error("note", f"Write the reason in {LONGEST_REASON} characters or fewer")
        return data


class NeedsForm(forms.Form):
    """The needs assessment: whether the shorter, enhanced limits apply."""

    REASONS = [
        ("most serious crime", "A most serious crime"),
        ("domestic abuse", "Domestic abuse"),
        ("hate crime", "Hate crime"),
        ("persistently targeted", "Persistently targeted"),
        ("vulnerable", "Vulnerable: under 18, disability, mental ill health"),
        ("intimidated", "Intimidated: fear or distress about giving evidence"),
        ("officer's judgement", "Officer’s judgement"),
        ("none", "None of these: standard limits"),
    ]
    reason = forms.ChoiceField(
        label="Which applies?",
        choices=REASONS,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose which applies"},
    )
    note = WordsField(
        label="What the victim needs",
        help_text="In their words. Never shown to the victim.",
        required=False,
        max_length=LONGEST_NOTE,
        error_messages={"max_length": TOO_LONG},
        widget=forms.Textarea,
    )

    @property
    def is_enhanced(self) -> bool:
        return self.cleaned_data["reason"] != "none"


class AssignForm(forms.Form):
    """Who looks after the case from now on."""

    officer = forms.ModelChoiceField(
        label="Officer in charge",
        queryset=None,
        error_messages={
            "required": "Choose an officer",
            "invalid_choice": "Choose an officer from the list",
        },
    )

    def __init__(self, *args, officers, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["officer"].queryset = officers


class InviteForm(forms.Form):
    """What only a person can ask before a victim is invited."""

    has_asked = forms.BooleanField(
        label="I have asked, and all of this is so",
        error_messages={"required": "Ask the victim these first, and tick when all of it is so"},
    )
    word = forms.CharField(
        label="Word that opens the link",
        help_text="Agree it by voice, now. Not a name or a date that others know. "
        "You cannot read it back later.",
        required=False,
        max_length=words.LONGEST,
        error_messages={"max_length": TOO_LONG},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args, plan, **kwargs):
        super().__init__(*args, **kwargs)
        self.plan = plan
        if plan and plan.opening_word_hash:
            self.fields["word"].label = "New word that opens the link"
            self.fields["word"].help_text = "Empty: the word agreed before stays."

    def clean_word(self):
        word = self.cleaned_data["word"]
        if not word and not (self.plan and self.plan.opening_word_hash):
            raise forms.ValidationError("Agree a word with the victim by voice, and enter it")
        return word
