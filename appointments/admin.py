"""Administration of desks and rosters; what was said, signed and handed over is only shown."""

from django.contrib import admin

from appointments.models import Appointment, Desk, Exhibit, Shift, StatementVersion
from victimcontact.accounts.house_admin import HouseAdmin, KeptAdmin


@admin.register(Desk)
class DeskAdmin(HouseAdmin):
    list_display = ["name", "force", "opens", "closes", "slot_minutes", "buffer_minutes"]
    list_select_related = ["force"]
    prepopulated_fields = {"slug": ["name"]}


@admin.register(Shift)
class ShiftAdmin(HouseAdmin):
    list_display = ["officer", "desk", "during"]
    list_filter = ["desk"]
    list_select_related = ["officer", "desk"]
    raw_id_fields = ["officer"]


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
