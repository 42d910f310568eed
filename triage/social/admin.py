"""Talks are only counted here."""

from django.contrib import admin

from triage.social.models import Talk
from victimcontact.accounts.house_admin import KeptAdmin


@admin.register(Talk)
class TalkAdmin(KeptAdmin):
    list_display = ["started_at", "force", "grade", "waiting_since", "taken_at"]
    list_select_related = ["force"]
    fields = ["force", "grade", "started_at", "waiting_since", "taken_at"]
