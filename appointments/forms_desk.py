"""To put an appointment somewhere else on the desk's day."""

import uuid

from django import forms

from appointments.models import Appointment
from victimcontact.accounts.models import User
from victimcontact.lib import local_time


class PlaceForm(forms.Form):
    """Which appointment, to whom, and when. ``starts_at`` of the clean values is an instant."""

    appointment = forms.ModelChoiceField(
        Appointment.objects.none(),
        label="Appointment",
        error_messages={
            "required": "Choose an appointment",
            "invalid_choice": "This appointment was moved, has begun or is over. Look again",
        },
    )
    officer = forms.ModelChoiceField(
        User.objects.none(),
        label="Officer",
        error_messages={
            "required": "Choose an officer",
            "invalid_choice": "This officer does not sit at the desk. Choose another",
        },
    )
    on = forms.DateField(
        label="Day",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": "Enter a day", "invalid": "Enter a day as 2026-05-04"},
    )
    time = forms.TimeField(
        label="Time",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={"required": "Enter a time", "invalid": "Enter a time as 14:30"},
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args, cards, officers, **kwargs):
        super().__init__(*args, **kwargs)
        appointment, officer = self.fields["appointment"], self.fields["officer"]
        appointment.queryset = Appointment.objects.filter(pk__in=[card.pk for card in cards])
        officer.queryset = User.objects.filter(pk__in=[one.pk for one in officers])
        # What is drawn is read already.
        appointment.widget.choices = [
            ("", "Choose"),
            *((card.pk, said(card)) for card in cards),
        ]
        officer.widget.choices = [
            ("", "Choose"),
            *((one.pk, one.styled_name) for one in officers),
        ]

    @classmethod
    def blank(cls, *, on, cards, officers):
        return cls(cards=cards, officers=officers, initial={"on": on, "key": uuid.uuid4()})

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("on") and cleaned.get("time"):
            cleaned["starts_at"] = local_time.from_local(cleaned["on"], cleaned["time"])
        return cleaned


def said(appointment) -> str:
    """How a list names it: time, name, reference."""
    when = f"{local_time.local(appointment.starts_at):%H:%M}"
    name = appointment.contact.name if appointment.contact and appointment.contact.name else ""
    return ", ".join(filter(None, [when, name, appointment.incident.reference]))
