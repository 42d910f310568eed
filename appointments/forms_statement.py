"""What officers and victims type, pick and tick for a statement or an exhibit."""

import uuid

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from appointments import documents, statements

LINE_LENGTH = 200


class TidyCharField(forms.CharField):
    """Text as it is kept and printed. Invisible controls that a paste brings are dropped."""

    default_error_messages = {
        "max_length": _("Use %(limit_value)d characters or fewer. There are %(show_value)d")
    }

    def to_python(self, value):
        text = documents.tidy(str(value or "").replace("\x00", ""))
        return super().to_python(text)


class StatementForm(forms.Form):
    """The draft as the officer types it. Nothing is required here: a draft may be unfinished."""

    edits = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    witness_name = TidyCharField(label="Name of the person", required=False, max_length=LINE_LENGTH)
    age_if_under_18 = forms.IntegerField(
        label="Age, if under 18",
        required=False,
        min_value=0,
        max_value=17,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages={
            "invalid": "Enter the age in whole years, or leave it empty for 18 and over",
            "max_value": "Enter an age under 18, or leave it empty for 18 and over",
            "min_value": "Enter an age under 18, or leave it empty for 18 and over",
        },
    )
    occupation = TidyCharField(
        required=False,
        max_length=LINE_LENGTH,
        help_text="May be general. Never an address or a telephone number.",
    )
    body = TidyCharField(
        label="Statement",
        required=False,
        max_length=statements.BODY_LENGTH,
        widget=forms.Textarea,
        help_text="In the person’s own words, first person, in order of time. "
        "No address, no telephone number.",
        error_messages={
            "max_length": "The statement must be %(limit_value)d characters or fewer. "
            "It has %(show_value)d"
        },
    )
    visually_recorded = forms.BooleanField(
        label="This evidence is visually recorded", required=False
    )
    cannot_read = forms.BooleanField(
        label="The person cannot read it: I will read it to them",
        required=False,
        help_text="The statement then carries your signed declaration that you read it over.",
    )

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("prefix", "statement")
        kwargs.setdefault("auto_id", "id_%s")
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.setdefault("autocomplete", "off")

    @classmethod
    def of(cls, version):
        """Return a form that shows a version, with what cannot be printed named beside it."""
        shown = {name: getattr(version, name) for name in statements.FIELDS}
        shown |= {"edits": version.edits, "cannot_read": bool(version.reader_name)}
        form = cls({f"statement-{name}": value for name, value in shown.items()})
        form.is_valid()
        form.add_unprintable(version)
        return form

    def changes(self, user):
        """Return the values that are right, as statements.save_draft takes them."""
        values = {
            name: self.cleaned_data[name] for name in statements.FIELDS if name in self.cleaned_data
        }
        reader = user.styled_name if self.cleaned_data["cannot_read"] else ""
        return {**values, "reader_name": reader}

    def add_unprintable(self, version):
        """Name the characters of a saved draft that cannot be printed, beside their fields."""
        for name in ("witness_name", "occupation", "body"):
            characters = documents.check_characters(getattr(version, name))
            if characters:
                self.add_error(name, say_characters(name, characters))

    def add_problems(self, problems):
        """Put what statements.problems found beside the fields."""
        for name, found in problems.items():
            for code, detail in found:
                self.add_error(name, PROBLEMS[code](name, detail))


def _say_blank(name, _detail):
    return {"witness_name": "Enter the person’s name", "body": "Enter the statement"}[name]


def say_characters(_name, characters):
    """Return, in English, which characters cannot be printed and what to do."""
    named = ", ".join(documents.describe_character(each) for each in characters[:5])
    more = f" and {len(characters) - 5} more" if len(characters) > 5 else ""
    return f"Write in words what cannot be printed: {named}{more}"


PROBLEMS = {
    "blank": _say_blank,
    "characters": say_characters,
    "too_long": lambda _name, most: f"The name must be {most} characters or fewer",
    "age_missing": lambda _name, age: f"Enter the age: by the date of birth it is {age}",
}


class SignForm(forms.Form):
    """The witness's deliberate act: name and tick, on one exact text."""

    shown = forms.CharField(max_length=64, widget=forms.HiddenInput)  # hash of that text
    agreed = forms.BooleanField(
        label=_("I have read the words above, or had them read to me. They are true."),
        error_messages={"required": _("Tick the box if the words are true")},
    )
    name = TidyCharField(
        label=_("Type your full name"),
        max_length=documents.NAME_LENGTH,
        help_text=_("This counts as your signature."),
        error_messages={
            "required": _("Type your full name to sign"),
            "max_length": _("Your name must be %(limit_value)d letters or fewer"),
        },
    )

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("prefix", "sign")
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.setdefault("autocomplete", "off")

    def clean_name(self):
        characters = documents.check_characters(self.cleaned_data["name"])
        if characters:
            raise forms.ValidationError(
                _("We cannot print this sign: %(signs)s. Type your name without it"),
                params={"signs": " ".join(characters[:5])},
            )
        return self.cleaned_data["name"]


class SealForm(forms.Form):
    """The officer's part: what they saw, and whether they read it over."""

    saw = forms.ChoiceField(
        label="Did you see the person sign?",
        choices=[
            ("yes", "Yes, I saw them sign by live video"),
            ("no", "No. The statement will say that nobody saw it"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Say whether you saw the person sign"},
    )
    read_over = forms.BooleanField(
        label="I read the whole statement and the declaration to them before they signed",
        required=False,
    )

    def __init__(self, *args, needs_reader=False, **kwargs):
        kwargs.setdefault("prefix", "seal")
        super().__init__(*args, **kwargs)
        if not needs_reader:
            del self.fields["read_over"]


class PhotoForm(forms.Form):
    """A photograph from the victim's phone. What it holds is judged by evidence.receive."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    sha256 = forms.RegexField(r"^([0-9a-fA-F]{64})?$", required=False, widget=forms.HiddenInput)
    photo = forms.FileField(
        label=_("Choose a photo"),
        allow_empty_file=True,
        max_length=None,
        error_messages={"required": _("Choose a photo to send")},
        # Naming HEIC lets a phone send the file as it was taken, not a new one made for us.
        widget=forms.FileInput(
            attrs={"accept": "image/jpeg,image/png,image/webp,image/heic,image/heif"}
        ),
    )
    description = TidyCharField(
        label=_("What does it show?"),
        max_length=LINE_LENGTH,
        help_text=_("A few words, such as “my left arm” or “a message from Monday”."),
        error_messages={
            "required": _("Say in a few words what the photo shows"),
            "max_length": _("Use %(limit_value)d letters or fewer"),
        },
    )

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("prefix", "photo")
        kwargs.setdefault("initial", {"key": uuid.uuid4()})
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.setdefault("autocomplete", "off")

    def clean_description(self):
        # The description is printed in the statement, word for word.
        characters = documents.check_characters(self.cleaned_data["description"])
        if characters:
            raise forms.ValidationError(
                _("We cannot print this sign: %(signs)s. Use words for it"),
                params={"signs": " ".join(characters[:5])},
            )
        return self.cleaned_data["description"]

    def add_refusal(self, reason):
        """Say beside the file why evidence.receive refused it."""
        self.add_error("photo", say_refusal(reason))


def say_refusal(reason):
    """Return what a person can do about evidence.Refused's ``reason``."""
    words = REFUSALS[reason]
    if reason == "large":
        words %= {"megabytes": settings.UPLOAD_MAX_BYTES // (1024 * 1024)}
    return words


REFUSALS = {
    "empty": _("This file is empty. Choose another photo"),
    "kind": _("This is not a photo we can take. Choose a JPEG, PNG, HEIC or WebP photo"),
    "renamed": _("The name of this file does not end like a photo’s. Choose the photo itself"),
    "mixed": _("This file holds more than a photo. Choose the photo itself"),
    "damaged": _("This photo is damaged or was cut off. Choose it again or take a new one"),
    "pixels": _("This photo is too big for us to open. Take it again with a smaller size"),
    "large": _("This photo is larger than %(megabytes)s MB. Choose a smaller one"),
    "changed": _("The photo did not arrive as you sent it. Send it again"),
    "many": _("You have sent as many photos as one call can take. Tell the officer"),
}


class ExportForm(forms.Form):
    """Why the original leaves the house."""

    reason = TidyCharField(
        label="Why do you need the original?",
        max_length=100,
        error_messages={
            "required": "Say why you need the original",
            "max_length": "The reason must be %(limit_value)d characters or fewer",
        },
    )

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("prefix", "export")
        super().__init__(*args, **kwargs)
        self.fields["reason"].widget.attrs["autocomplete"] = "off"
