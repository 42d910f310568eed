"""Duty and handovers to look at; people write both themselves."""

from django.contrib import admin

from triage.shifts.models import Duty, Handover
from victimcontact.accounts.house_admin import KeptAdmin


@admin.register(Duty)
class DutyAdmin(KeptAdmin):
    list_display = ["user", "state", "since", "heard_at"]
    list_select_related = ["user"]
    list_filter = ["state"]


@admin.register(Handover)
class HandoverAdmin(KeptAdmin):
    list_display = ["handed_by", "handed_to", "handed_at", "acknowledged_by", "acknowledged_at"]
    list_select_related = ["handed_by", "handed_to", "acknowledged_by"]
    fields = ["force", *list_display]
