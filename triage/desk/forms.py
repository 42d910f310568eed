"""What is asked in an online report: a form for each page. Nothing here saves.

Plain words, and nothing that cannot be left out but what happened and who is in danger: a person
who does not know an answer must not be stopped.
"""

from datetime import UTC, datetime, time

from django import forms
from django.utils.translation import gettext_lazy as _

from triage import typed
from victimcontact.lib import local_time, phone

LONGEST_ACCOUNT = 20_000  # as much as is read at once
LONGEST_NOTE = 2_000
LONGEST_LINE = 200
TOO_LONG = _(
    "Write %(limit_value)d characters or fewer. There are %(show_value)d, and nothing was cut"
)
NOT_SAID = _("Not said")
DONT_KNOW = ("unknown", _("I do not know"))
YES_NO = (("yes", _("Yes")), ("no", _("No")), DONT_KNOW)
CHOOSE = _("Choose one. If you do not know, say so")


class WordsField(forms.CharField):
    """What a person writes. A NUL that a paste brings says nothing and is dropped."""

    TOO_LONG = TOO_LONG

    def __init__(self, *, rows=None, longest=LONGEST_LINE, **kwargs):
        attrs = {"autocomplete": "off"}
        widget = forms.Textarea(attrs) if rows else forms.TextInput(attrs)
        self.rows = rows
        kwargs["error_messages"] = {"max_length": self.TOO_LONG} | kwargs.get("error_messages", {})
        kwargs.setdefault("required", False)
        super().__init__(max_length=longest, widget=widget, **kwargs)

    def to_python(self, value):
        text = super().to_python(str(value or "").replace("\x00", ""))
        return text.replace("\r\n", "\n")


class ChoiceField(forms.ChoiceField):
    def __init__(self, *, choices, hints=None, **kwargs):
        kwargs.setdefault("error_messages", {"required": CHOOSE, "invalid_choice": CHOOSE})
        super().__init__(choices=choices, widget=forms.RadioSelect, **kwargs)
        self.choice_hints = hints or {}


class AgeField(WordsField):
    """An age in years, or None."""

    WRONG = TOO_LONG = _("Enter an age in years, like 42")

    def __init__(self, **kwargs):
        super().__init__(longest=10, **kwargs)
        self.widget.attrs["inputmode"] = "numeric"

    def clean(self, value):
        text = super().clean(value)
        if not text:
            return None
        if not (text.isdecimal() and int(text) <= 120):
            raise forms.ValidationError(self.WRONG)
        return int(text)


class DayField(WordsField):
    """A day as people type it, or None. ``today`` is set by the form."""

    WRONG = TOO_LONG = _("Enter a date like 27 3 2026, or today, or yesterday")
    today = None

    def __init__(self, **kwargs):
        super().__init__(longest=30, **kwargs)

    def clean(self, value):
        text = super().clean(value)
        if not text:
            return None
        try:
            found = typed.read_date(text, today=self.today)
        except (ValueError, OverflowError):
            raise forms.ValidationError(self.WRONG) from None
        if found > self.today:
            raise forms.ValidationError(_("Enter a date that is not in the future"))
        return found


class TimeField(WordsField):
    """A time of day as people type it, or None."""

    WRONG = TOO_LONG = _("Enter a time like 14:30 or 2:30pm")

    def __init__(self, **kwargs):
        super().__init__(longest=20, **kwargs)

    def clean(self, value):
        text = super().clean(value)
        if not text:
            return None
        try:
            return typed.read_time(text)
        except ValueError:
            raise forms.ValidationError(self.WRONG) from None


class PhoneField(WordsField):
    """A telephone number as E.164, or an empty string."""

    TOO_LONG = phone.EXAMPLE

    def __init__(self, **kwargs):
        super().__init__(longest=40, **kwargs)
        self.widget.attrs["inputmode"] = "tel"

    def clean(self, value):
        text = super().clean(value)
        if not text:
            return ""
        try:
            return phone.parse(text)
        except phone.PhoneError as error:
            raise forms.ValidationError(str(error)) from None


class StepForm(forms.Form):
    """One page. ``at`` is now; ``title`` its heading; ``told`` its answers as people read them."""

    title = ""
    intro = ()  # paragraphs above the questions
    goes_on = _("Continue")

    def __init__(self, *args, at, **kwargs):
        super().__init__(*args, **kwargs)
        self.at = at
        for field in self.fields.values():
            if isinstance(field, DayField):
                field.today = local_time.local(at).date()

    @property
    def told(self) -> list:
        """[(question, answer)] of a valid form; an answer that was left out says so."""
        lines = []
        for bound in self:
            value = self.cleaned_data.get(bound.name)
            lines.append((bound.label, self._said(bound.field, value)))
        return lines

    @staticmethod
    def _said(field, value):
        if value in (None, "", []):
            return NOT_SAID
        if isinstance(value, list):
            labels = dict(field.choices)
            return ", ".join(str(labels[each]) for each in value)
        if isinstance(field, ChoiceField):
            return str(dict(field.choices)[value])
        if isinstance(field, PhoneField):
            return phone.display(value)
        if hasattr(value, "strftime"):
            return f"{value:%H:%M}" if isinstance(value, time) else f"{value:%d/%m/%Y}"
        return str(value)


DANGER = (("yes", _("Yes")), ("no", _("No")), ("unknown", _("I am not sure")))


class DangerForm(StepForm):
    title = _("Is anyone in danger now?")
    danger = ChoiceField(
        label=_("Is anyone in danger now?"),
        choices=DANGER,
        error_messages={
            "required": _("Say if anyone is in danger now"),
            "invalid_choice": _("Say if anyone is in danger now"),
        },
    )


class RingForm(StepForm):
    title = _("Ring 999 now if you can")
    goes_on = _("I cannot ring. Go on here")


class DeviceForm(StepForm):
    title = _("Is it safe to write here?")
    watched = ChoiceField(
        label=_("Could somebody you are afraid of see this phone or computer?"),
        choices=YES_NO,
        required=False,
    )


class AboutForm(StepForm):
    title = _("Who did it happen to?")
    about = ChoiceField(
        label=_("Who did it happen to?"),
        choices=(("self", _("Me")), ("other", _("Somebody else"))),
        error_messages={
            "required": _("Say who it happened to"),
            "invalid_choice": _("Say who it happened to"),
        },
    )


class WhatForm(StepForm):
    title = _("What happened?")
    account = WordsField(
        label=_("What happened?"),
        help_text=_(
            "Use your own words, in any language. Say what was done, and if it has happened before."
        ),
        rows=10,
        longest=LONGEST_ACCOUNT,
        required=True,
        error_messages={"required": _("Write what happened")},
    )


class WhenForm(StepForm):
    title = _("When did it happen?")
    happened = ChoiceField(
        label=_("When did it happen?"),
        required=False,
        choices=(
            ("0", _("It is happening now")),
            ("30", _("Within the last hour")),
            ("300", _("Within the last day")),
            ("4320", _("Within the last week")),
            ("20160", _("Longer ago")),
            DONT_KNOW,
        ),
    )
    day = DayField(
        label=_("The day, if you know it"), help_text=_("For example 27 3 2026, or yesterday")
    )
    hour = TimeField(label=_("About what time, if you know it"), help_text=_("For example 2:30pm"))

    def clean(self):
        data = super().clean()
        data["moment"] = None
        day, hour = data.get("day"), data.get("hour")
        if hour and not day and "day" not in self.errors:
            self.add_error("day", _("Enter the day too, like today or 27 3 2026"))
        if day and hour:
            found = local_time.instants(day, hour)
            if not found:
                self.add_error(
                    "hour", _("The clocks went forward over that time. Enter another time")
                )
            elif found[0] > self.at:
                self.add_error("hour", _("Enter a time that is not in the future"))
            else:
                # Where the clocks went back over it, the later one: less time has passed.
                data["moment"] = [moment for moment in found if moment <= self.at][-1]
        return data

    @property
    def minutes_since(self) -> int | None:
        """Whole minutes since it happened, as near as was said; None where nothing was."""
        data = self.cleaned_data
        moment = data.get("moment")
        if moment is None and data.get("day"):
            # A day alone: at the latest its end, for the sooner it was the more may be done.
            end = local_time.day_bounds(data["day"])[1]
            moment = min(end, self.at) if data.get("happened") in ("", "unknown") else None
        if isinstance(moment, datetime):
            return max(0, int((self.at - moment).total_seconds() // 60))
        said = data.get("happened")
        return int(said) if said not in ("", "unknown", None) else None

    @property
    def moment(self) -> str:
        """The moment in ISO 8601, UTC; empty where it is not known to the minute."""
        moment = self.cleaned_data.get("moment")
        return moment.astimezone(UTC).isoformat() if moment else ""


class WhereForm(StepForm):
    title = _("Where did it happen?")
    place = WordsField(
        label=_("Where did it happen?"),
        help_text=_("An address, a street, a shop, a bus or a website."),
        rows=3,
        longest=500,
    )


class PersonForm(StepForm):
    title = _("Who did it?")
    now_at = ChoiceField(
        label=_("Where is the person who did it now?"),
        required=False,
        choices=(
            ("here", _("Here, or with the person it happened to")),
            ("near", _("Near, or may come back soon")),
            ("away", _("Not near")),
            DONT_KNOW,
        ),
    )
    looks = WordsField(
        label=_("What can you tell us about them?"),
        help_text=_("A name, how you know them, what they look like, a car."),
        rows=4,
        longest=LONGEST_NOTE,
    )


class HarmForm(StepForm):
    title = _("Is anyone hurt?")
    injuries = ChoiceField(
        label=_("Is anyone hurt?"),
        required=False,
        choices=(
            ("none", _("No")),
            ("minor", _("Yes, a little")),
            ("serious", _("Yes, badly")),
            DONT_KNOW,
        ),
    )
    weapon = ChoiceField(
        label=_("Was there a weapon?"),
        required=False,
        choices=YES_NO,
        help_text=_("A knife, a gun, acid, a dog, or a thing used to hurt."),
    )
    children = ChoiceField(label=_("Were any children there?"), required=False, choices=YES_NO)


class YouForm(StepForm):
    title = _("About you")
    intro = (_("You can leave these out. They help us to find you if you need us."),)
    name = WordsField(label=_("Your name"))
    age = AgeField(label=_("Your age"), help_text=_("In years."))


class ThemForm(StepForm):
    title = _("About the person it happened to")
    name = WordsField(label=_("Their name, if you know it"))
    age = AgeField(label=_("Their age, if you know it"), help_text=_("In years."))


class GuardianForm(StepForm):
    title = _("A grown-up who can help")
    guardian = ChoiceField(
        label=_("Is there a parent or another grown-up, who did not do this, who can be there?"),
        required=False,
        choices=YES_NO,
    )


DAYS = (
    ("0", _("Monday")),
    ("1", _("Tuesday")),
    ("2", _("Wednesday")),
    ("3", _("Thursday")),
    ("4", _("Friday")),
    ("5", _("Saturday")),
    ("6", _("Sunday")),
)


class ContactForm(StepForm):
    title = _("How can we reach you safely?")
    intro = (
        _("We send nothing by a way that you do not call safe. You can leave all of this out."),
    )
    wish = ChoiceField(
        label=_("May we contact you?"),
        choices=(
            ("ways", _("Yes, in the ways I say are safe")),
            ("none", _("No. Do not contact me")),
            ("later", _("I do not want to say now")),
        ),
        error_messages={
            "required": _("Say if we may contact you"),
            "invalid_choice": _("Say if we may contact you"),
        },
    )
    ways = forms.MultipleChoiceField(
        label=_("Which ways are safe?"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=(
            ("call", _("Ring me")),
            ("sms", _("Send me a text")),
            ("email", _("Send me an e-mail")),
        ),
        help_text=_("A way is safe if nobody you are afraid of can see or hear it."),
        error_messages={"invalid_choice": _("Choose from the ways that are shown")},
    )
    number = PhoneField(label=_("Your phone number"))
    email = WordsField(label=_("Your e-mail address"))

    def clean_email(self):
        text = self.cleaned_data["email"].strip()
        if text:
            try:
                forms.EmailField(max_length=LONGEST_LINE).clean(text)
            except forms.ValidationError:
                raise forms.ValidationError(
                    _("Enter an e-mail address like name@example.com")
                ) from None
        return text

    def clean(self):
        data = super().clean()
        if data.get("wish") != "ways":
            return data
        ways = data.get("ways") or []
        if not ways and "ways" not in self.errors:
            self.add_error("ways", _("Choose the ways that are safe"))
        if {"call", "sms"} & set(ways) and not data.get("number") and "number" not in self.errors:
            self.add_error("number", _("Enter the number that is safe"))
        if "email" in ways and not data.get("email") and "email" not in self.errors:
            self.add_error("email", _("Enter the e-mail address that is safe"))
        return data


class TimesForm(StepForm):
    title = _("When is it safe to reach you?")
    intro = (_("Leave these out if any time is safe."),)
    days = forms.MultipleChoiceField(
        label=_("On which days is it safe?"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=DAYS,
        error_messages={"invalid_choice": _("Choose from the days that are shown")},
    )
    start = TimeField(label=_("From what time is it safe?"), help_text=_("For example 9am"))
    end = TimeField(label=_("Until what time?"), help_text=_("For example 3pm"))
    answers = WordsField(
        label=_("Is there anything we should know before we ring?"),
        help_text=_("For example who else may pick up, and what we must not say."),
        rows=3,
        longest=LONGEST_NOTE,
    )

    def clean(self):
        data = super().clean()
        data["windows"] = []
        start, end = data.get("start"), data.get("end")
        for name, one, other in (("start", start, end), ("end", end, start)):
            if one is None and other is not None and name not in self.errors:
                self.add_error(name, _("Enter both times, or neither"))
        if data.get("days") or start is not None:
            start, end = start or time(0), end or time(0)
            upto = f"{end:%H:%M}" if end != time(0) else "24:00"
            days = [int(day) for day in data.get("days") or range(7)]
            data["windows"] = [{"days": days, "from": f"{start:%H:%M}", "to": upto}]
        return data


class TalkForm(StepForm):
    title = _("Talking to an officer")
    smartphone = ChoiceField(
        label=_("Do you have a phone that can make video calls?"), required=False, choices=YES_NO
    )
    data = ChoiceField(label=_("Do you have mobile data or Wi-Fi?"), required=False, choices=YES_NO)
    attendance = ChoiceField(
        label=_("Do you want an officer to come to you?"),
        required=False,
        choices=(("yes", _("Yes")), ("no", _("No")), ("unknown", _("Either is fine"))),
        help_text=_("If an officer comes, they can come in plain clothes. You can ask for that."),
    )


class NeedsForm(StepForm):
    title = _("What would make it easier?")
    intro = (_("You can leave these out."),)
    interpreter = WordsField(
        label=_("A language you would rather speak"),
        help_text=_("This can be British Sign Language."),
    )
    needs = WordsField(
        label=_("Anything else you need from us"),
        help_text=_(
            "For example more time, large print, help with hearing, or an officer who is a woman."
        ),
        rows=3,
        longest=LONGEST_NOTE,
    )
