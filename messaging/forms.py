"""Forms of the tasks, the handset, and of wording in the administration."""

from django import forms
from django.conf import settings

from messaging import wording
from messaging.models import NOTICES, Channel, Template
from victimcontact.lib import phone


class DoneForm(forms.Form):
    """What was done about a task."""

    note = forms.CharField(
        label="What did you do?",
        widget=forms.Textarea,
        max_length=2000,
        error_messages={
            "required": "Enter what you did",
            "max_length": "What you did must be 2,000 characters or fewer",
        },
    )


class FindPhoneForm(forms.Form):
    """Whose phone to show: gives {"number": E.164} or {"email": address} as ``of``."""

    of = forms.CharField(
        label="Show the phone with this number or e-mail address",
        max_length=254,
        error_messages={
            "required": "Enter a number or an e-mail address",
            "max_length": phone.EXAMPLE,
        },
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_of(self):
        text = self.cleaned_data["of"]
        if "@" in text:
            return {"email": text}
        try:
            return {"number": phone.parse(text)}
        except phone.PhoneError as error:
            raise forms.ValidationError(str(error)) from None


class ReplyForm(forms.Form):
    """A text written on the handset."""

    body = forms.CharField(
        label="Text back",
        max_length=1600,
        error_messages={
            "required": "Enter a text",
            "max_length": "Enter 1,600 characters or fewer",
        },
    )


class WhoseForm(forms.Form):
    """Whose text it is, of those who have the number; gives the contact's key, or None."""

    NOBODYS = "nobody"

    whose = forms.ChoiceField(
        label="Whose text is it?",
        widget=forms.RadioSelect,
        error_messages={"required": "Say whose text it is"},
    )

    def __init__(self, *args, people, **kwargs):
        super().__init__(*args, **kwargs)
        named = [(str(each.pk), each.name or "Somebody without a name") for each in people]
        self.fields["whose"].choices = [*named, (self.NOBODYS, "None of these people")]

    def clean_whose(self):
        whose = self.cleaned_data["whose"]
        return None if whose == self.NOBODYS else whose


class TemplateForm(forms.ModelForm):
    """Wording that an administrator puts in place of the house's own: checked before it is kept."""

    name = forms.ChoiceField(help_text="The notice whose words these are.")
    channel = forms.ChoiceField(label="Way", choices=[(each.value, each.label) for each in NOTICES])
    language = forms.ChoiceField(choices=settings.TEXT_LANGUAGES)

    class Meta:
        model = Template
        fields = ["force", "name", "channel", "language", "subject", "body"]
        widgets = {"body": forms.Textarea(attrs={"rows": 6})}
        help_texts = {
            "body": "Use {when} and {link} where the time and the link stand. Say nothing of the "
            "police, a crime, a name or a reference.",
            "subject": "For e-mail only.",
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        names = sorted({name for name, _ in wording.names()})
        self.fields["name"].choices = [(name, name) for name in names]

    def clean(self):
        values = super().clean()
        body, channel = values.get("body", ""), values.get("channel")
        language = values.get("language", "en-gb")
        try:
            needs = wording.placeholders(wording.default(values.get("name", ""), channel, language))
        except wording.UnknownTemplate:
            self.add_error("channel", "This notice is not sent this way")
            return values
        found = wording.problems(body, language=language, channel=channel, needs=needs)
        for problem in found:
            self.add_error("body", problem)
        subject = values.get("subject", "")
        if channel == Channel.EMAIL and not subject:
            self.add_error("subject", "Enter a subject")
        if telling := wording.telling_words(subject):
            self.add_error("subject", f"Remove words that give away: {', '.join(telling)}")
        return values
