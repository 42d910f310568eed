"""Administration of the THRIVE policy: draft, check, publish. Assessments are only shown."""

from django import forms
from django.contrib import admin, messages
from django.db import models
from django.utils.timezone import now

from triage import policies
from triage.models import Assessment, Incident, Policy
from victimcontact.accounts.house_admin import HouseAdmin, KeptAdmin


class PolicyForm(forms.ModelForm):
    """A draft's rules as JSON, refused with the engine's own words when it cannot read them."""

    class Meta:
        model = Policy
        fields = ["name", "data"]

    def clean_data(self):
        data = self.cleaned_data["data"]
        try:
            policies.check(data)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error
        return data


@admin.register(Policy)
class PolicyAdmin(HouseAdmin):
    form = PolicyForm
    list_display = ["version", "name", "status", "published_at", "published_by"]
    actions = ["copy_to_draft", "publish"]
    formfield_overrides = {
        models.JSONField: {"widget": forms.Textarea(attrs={"rows": 40, "cols": 110})}
    }

    def has_add_permission(self, request):
        return False  # a draft begins as a copy of a version that works

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and (
            obj is None or obj.status == Policy.Status.DRAFT
        )

    def has_delete_permission(self, request, obj=None):
        return obj is not None and obj.status == Policy.Status.DRAFT

    @admin.action(description="Copy to a new draft")
    def copy_to_draft(self, request, queryset):
        for policy in queryset:
            draft = policies.draft_from(policy, by=request.user, at=now())
            messages.success(request, f"Version {draft.version} is a draft of it.")

    @admin.action(description="Publish: every new assessment uses it from now on")
    def publish(self, request, queryset):
        if queryset.count() != 1:
            messages.error(request, "Choose one version to publish.")
            return
        policy = policies.publish(queryset.get(), by=request.user, at=now())
        messages.success(request, f"Version {policy.version} is published.")


@admin.register(Assessment)
class AssessmentAdmin(KeptAdmin):
    list_display = ["incident", "number", "recommended_grade", "decided_grade", "decided_at"]
    list_select_related = ["incident"]
    fields = ["incident", "number", "policy", "recommended_grade", "decided_grade", "flags"]


@admin.register(Incident)
class IncidentAdmin(KeptAdmin):
    list_display = ["reference", "force", "channel", "grade", "status", "reported_at"]
    list_filter = ["status", "grade"]
    list_select_related = ["force"]
    fields = ["reference", "force", "channel", "grade", "status", "due_at", "review_due_at"]
