"""Administration of desks and rosters; what was said, signed and handed over is only shown."""

from django import forms
from django.contrib import admin
from django.contrib.postgres.forms import RangeWidget

from appointments import rooms
from appointments.models import Appointment, Desk, Exhibit, Shift, StatementVersion
from victimcontact.accounts.house_admin import HouseAdmin, KeptAdmin
from victimcontact.accounts.models import User
from victimcontact.lib import local_time


class Moment(forms.DateTimeInput):
    """The browser's own picker of day and time."""

    input_type = "datetime-local"

    def __init__(self):
        super().__init__(format="%Y-%m-%dT%H:%M")


class ShiftForm(forms.ModelForm):
    class Meta:
        model = Shift
        fields = ["desk", "officer", "during"]
        labels = {"during": "From, until"}
        help_texts = {"during": "London time. Slots are offered from the first to the second."}
        widgets = {"during": RangeWidget(Moment())}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # Whoever may enter a room has a diary; the others' shifts would offer nothing.
        self.fields["officer"].queryset = User.objects.filter(
            is_active=True, roles__overlap=rooms.MAY_ENTER
        ).order_by("last_name", "first_name")
        for number, name in enumerate(("From", "Until")):
            self.fields["during"].widget.widgets[number].attrs["aria-label"] = name


@admin.register(Desk)
class DeskAdmin(HouseAdmin):
    list_display = ["name", "force", "opens", "closes", "slot_minutes", "buffer_minutes"]
    list_select_related = ["force"]
    prepopulated_fields = {"slug": ["name"]}


@admin.register(Shift)
class ShiftAdmin(HouseAdmin):
    form = ShiftForm
    list_display = ["officer", "desk", "begins", "ends"]
    list_filter = ["desk"]
    list_select_related = ["officer", "desk"]

    @admin.display(description="from", ordering="during")
    def begins(self, shift):
        return local_time.staff_time(shift.during.lower)

    @admin.display(description="until")
    def ends(self, shift):
        return local_time.staff_time(shift.during.upper)


@admin.register(Appointment)
class AppointmentAdmin(KeptAdmin):
    list_display = ["id", "desk", "officer", "during", "status"]
    list_filter = ["status", "desk"]
    list_select_related = ["officer", "desk"]
    fields = ["incident", "desk", "officer", "during", "status", "booked_at", "cancelled_reason"]


@admin.register(StatementVersion)
class StatementVersionAdmin(KeptAdmin):
    list_display = ["id", "number", "status", "page_count", "finalised_at"]
    fields = ["number", "status", "page_count", "finalised_at", "final_sha256", "signed_sha256"]


@admin.register(Exhibit)
class ExhibitAdmin(KeptAdmin):
    list_display = ["id", "reference", "media_type", "size_bytes", "received_at"]
    fields = ["initials", "number", "media_type", "size_bytes", "sha256", "received_at"]
