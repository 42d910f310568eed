"""Administration of wording; what was sent and said is only shown, without its words."""

from django.contrib import admin
from django.urls import reverse
from django.utils.http import urlencode

from messaging import wording
from messaging.forms import TemplateForm
from messaging.models import Channel, Notification, StaffTask, Template
from victimcontact.accounts.house_admin import HouseAdmin, KeptAdmin


def _shipped(name, channel):
    """The house's English words for a notice, and where to write others."""
    words, subject = wording.default(name, channel), ""
    if channel == Channel.EMAIL:
        subject, words = wording.subject_and_body(words)
    values = {"name": name, "channel": channel, "subject": subject, "body": words}
    change = f"{reverse('admin:messaging_template_add')}?{urlencode(values)}"
    return {**values, "channel": Channel(channel), "change": change}


@admin.register(Template)
class TemplateAdmin(HouseAdmin):
    form = TemplateForm
    list_display = ["name", "channel", "language", "force", "version", "changed_at"]
    list_select_related = ["force"]

    def changelist_view(self, request, extra_context=None):
        """Below the words of administrators' own, the house's, to begin from."""
        context = {
            **(extra_context or {}),
            "shipped": [_shipped(*each) for each in wording.names()],
        }
        return super().changelist_view(request, extra_context=context)

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
