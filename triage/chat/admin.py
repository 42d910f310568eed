"""When the desk is open is set here. Chats themselves are only counted."""

from django.contrib import admin

from triage.chat.models import Chat, ChatHours
from victimcontact.accounts.house_admin import HouseAdmin, KeptAdmin


@admin.register(ChatHours)
class ChatHoursAdmin(HouseAdmin):
    list_display = ["force", "opens", "closes", "days"]
    list_select_related = ["force"]


@admin.register(Chat)
class ChatAdmin(KeptAdmin):
    list_display = ["started_at", "force", "status", "grade", "ended_why"]
    list_filter = ["status", "ended_why"]
    list_select_related = ["force"]
    fields = ["force", "status", "grade", "started_at", "taken_at", "ended_at", "ended_why"]
