"""What a victim may send from the appointment's page, as clean values."""

from django import forms
from django.utils.translation import gettext_lazy as _

from appointments.models import ChangeRequest

Wish = ChangeRequest.Wish


class ChangeForm(forms.Form):
    """What they would rather have. Nothing is lost by asking: the time stands meanwhile."""

    wish = forms.ChoiceField(
        choices=[
            (Wish.ANOTHER_TIME, _("Another day or time")),
            (Wish.VISIT, _("Someone comes to see me")),
            (Wish.STATION, _("I go to a police station")),
            (Wish.CANCEL, _("I do not want an appointment")),
        ],
        widget=forms.RadioSelect,
        label=_("What would you like instead?"),
        error_messages={"required": _("Choose what you would like instead")},
    )


class DevicesForm(forms.Form):
    """What a test of camera and microphone found; filled in by the page's script."""

    PROBLEMS = [(word, word) for word in ("refused", "absent", "busy", "unsupported", "in_app")]

    camera = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")])
    microphone = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")])
    problem = forms.ChoiceField(choices=[("", ""), *PROBLEMS], required=False)
