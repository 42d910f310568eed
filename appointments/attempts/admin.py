"""Administration of how a force reminds and rings; what was tried is only shown."""

from django.contrib import admin

from appointments.attempts.models import Attempt, Reaching, Series
from victimcontact.accounts.house_admin import HouseAdmin, KeptAdmin


@admin.register(Reaching)
class ReachingAdmin(HouseAdmin):
    list_display = ["force", "remind", "ring_after_minutes", "ring_next_morning"]
    list_select_related = ["force"]


@admin.register(Series)
class SeriesAdmin(KeptAdmin):
    list_display = ["appointment", "began_at", "due_at", "end", "ended_at"]
    fields = ["appointment", "began_at", "most_tries", "due_at", "end", "ended_at"]


@admin.register(Attempt)
class AttemptAdmin(KeptAdmin):
    list_display = ["series", "number", "channel", "outcome", "at", "by"]
    list_select_related = ["by"]
    fields = ["series", "number", "channel", "outcome", "at", "by"]
