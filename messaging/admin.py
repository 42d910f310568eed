"""Administration of wording; what was sent and said is only shown, without its words."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.http import urlencode
from django.utils.timezone import now

from messaging import wording
from messaging.forms import TemplateForm
from messaging.models import (
    Channel,
    Notification,
    StaffTask,
    Template,
    TemplateVersion,
)
from victimcontact.accounts.house_admin import HouseAdmin, KeptAdmin


def _shipped(name, channel):
    """The house's English words for a notice, and where to write others."""
    words, subject = wording.default(name, channel), ""
    if channel == Channel.EMAIL:
        subject, words = wording.subject_and_body(words)
    values = {"name": name, "channel": channel, "subject": subject, "body": words}
    change = f"{reverse('admin:messaging_template_add')}?{urlencode(values)}"
    return {**values, "channel": Channel(channel), "change": change}


@dataclass(frozen=True)
class Preview:
    """Words as the phone shows them, with the longest values that they can be filled with."""

    channel: str
    language: str
    subject: str
    words: str
    count: wording.Count
    grade: float | None
    letters: list  # those that make the text cost more

    @classmethod
    def of(cls, values):
        """Of a form's values or a row's; None where there is nothing to show."""
        # A form that was refused may say anything.
        language, channel = values.get("language"), values.get("channel")
        language = language if language in dict(settings.TEXT_LANGUAGES) else "en-gb"
        channel = channel if channel in Channel.values else Channel.SMS
        body = wording.plain(values.get("body") or "").strip()
        try:
            words = wording.longest(body, language)
        except wording.Unfilled:
            words = body
        if not words:
            return None
        cost = wording.count(words)
        return cls(
            channel=Channel(channel),
            language=language,
            subject=values.get("subject") or "",
            words=words,
            count=cost,
            grade=wording.reading_grade(body, language),
            letters=sorted(set(words) - wording.GSM_BASIC - wording.GSM_EXTENDED),
        )


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

    def get_urls(self):
        preview = self.admin_site.admin_view(self.preview_view)
        return [path("preview/", preview, name="messaging_template_preview"), *super().get_urls()]

    def preview_view(self, request):
        """What is written in the form, on a drawn phone. Nothing is kept."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not (self.has_add_permission(request) or self.has_change_permission(request)):
            raise PermissionDenied
        key = request.POST.get("template", "")
        row = Template.objects.filter(pk=key).first() if key.isdecimal() else None
        form = TemplateForm(request.POST, instance=row)
        form.is_valid()
        context = {
            **self.admin_site.each_context(request),
            "title": "Preview",
            "preview": Preview.of(request.POST.dict()),
            "problems": [each for errors in form.errors.values() for each in errors],
        }
        return TemplateResponse(request, "admin/messaging/template/preview.html", context)

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        form = context["adminform"].form
        values = form.data.dict() if form.is_bound else form.initial
        context["preview"] = Preview.of(values)
        context["versions"] = obj.versions.select_related("saved_by") if obj else []
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def save_model(self, request, obj, form, change):
        if change:
            obj.version += 1
        super().save_model(request, obj, form, change)
        TemplateVersion.objects.create(
            template=obj,
            number=obj.version,
            subject=obj.subject,
            body=obj.body,
            saved_at=now(),
            saved_by=request.user,
        )

    def has_delete_permission(self, request, obj=None):
        return False  # its versions say what was sent; write the house's words in it instead


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
