"""Administration of wording; what was sent and said is only shown, without its words."""

from django.contrib import admin

from messaging.forms import TemplateForm
from messaging.models import Notification, StaffTask, Template
from victimcontact.accounts.house_admin import HouseAdmin, KeptAdmin


@admin.register(Template)
class TemplateAdmin(HouseAdmin):
    form = TemplateForm
    list_display = ["name", "channel", "language", "force", "version", "changed_at"]
    list_select_related = ["force"]

    def save_model(self, request, obj, form, change):
        if change:
            obj.version += 1
        super().save_model(request, obj, form, change)


@admin.register(Notification)
class NotificationAdmin(KeptAdmin):
    list_display = ["id", "template", "channel", "status", "queued_at", "settled_at"]
    list_filter = ["status", "template"]
    fields = [
        "template",
        "channel",
        "status",
        "attempts",
        "error_code",
        "held_reason",
        "queued_at",
        "sent_at",
        "settled_at",
    ]


@admin.register(StaffTask)
class StaffTaskAdmin(KeptAdmin):
    list_display = ["kind", "force", "raised_at", "done_at"]
    list_filter = ["kind"]
    list_select_related = ["force"]
    fields = ["kind", "force", "reason", "raised_at", "taken_at", "done_at"]
