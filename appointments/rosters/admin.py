"""Administration of what a force sets for its rosters; what happened is only shown."""

from django.contrib import admin

from appointments.rosters.models import Absence, Outcome, Profile, Skill, UrgencyBand
from victimcontact.accounts.house_admin import HouseAdmin, KeptAdmin


@admin.register(Skill)
class SkillAdmin(HouseAdmin):
    list_display = ["name", "force", "flags", "for_children"]
    list_select_related = ["force"]
    prepopulated_fields = {"slug": ["name"]}


@admin.register(UrgencyBand)
class UrgencyBandAdmin(HouseAdmin):
    list_display = ["name", "force", "order", "from_hours", "within_hours"]
    list_select_related = ["force"]


@admin.register(Profile)
class ProfileAdmin(HouseAdmin):
    list_display = ["user", "skills", "languages"]
    list_select_related = ["user"]
    raw_id_fields = ["user"]


@admin.register(Absence)
class AbsenceAdmin(KeptAdmin):
    list_display = ["officer", "kind", "during", "ended_at"]
    list_select_related = ["officer"]
    fields = ["officer", "kind", "during", "recorded_by", "recorded_at", "ended_at"]


@admin.register(Outcome)
class OutcomeAdmin(KeptAdmin):
    list_display = ["appointment", "because", "result", "raised_at", "settled_at"]
    fields = ["appointment", "officer", "because", "result", "replacement", "settled_at"]
