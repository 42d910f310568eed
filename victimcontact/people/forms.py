"""The one question at the door."""

from django import forms
from django.utils.translation import gettext_lazy as _

from victimcontact.people.words import LONGEST


class WordForm(forms.Form):
    """The agreed word. Whatever is wrong is said in one way, by the view."""

    word = forms.CharField(
        label=_("Your word"),
        help_text=_("This is the word you chose."),
        required=False,
        max_length=LONGEST * 4,
        strip=True,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "none",
                "autocorrect": "off",
                "spellcheck": "false",
            }
        ),
    )
