"""What a victim may send from the appointment's page, as clean values."""

from django import forms


class DevicesForm(forms.Form):
    """What a test of camera and microphone found; filled in by the page's script."""

    PROBLEMS = [(word, word) for word in ("refused", "absent", "busy", "unsupported", "in_app")]

    camera = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")])
    microphone = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")])
    problem = forms.ChoiceField(choices=[("", ""), *PROBLEMS], required=False)
