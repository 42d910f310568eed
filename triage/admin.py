"""Administration of the THRIVE policy: draft, compare, publish. Assessments are only shown."""

import json

from django import forms
from django.contrib import admin, messages
from django.shortcuts import redirect
from django.urls import path
from django.utils.timezone import now

from triage import admin_compare, policies
from triage.models import Assessment, Incident, Policy
from victimcontact.accounts.house_admin import HouseAdmin, KeptAdmin


class RulesField(forms.JSONField):
    """Rules as JSON that a person can find their way in: a line for each value."""

    def prepare_value(self, value):
        if isinstance(value, dict):
            return json.dumps(value, ensure_ascii=False, indent=1)
        return super().prepare_value(value)


class PolicyForm(forms.ModelForm):
    """A draft's rules as JSON, refused with the engine's own words when it cannot read them."""

    data = RulesField(widget=forms.Textarea(attrs={"rows": 40, "cols": 110}))

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

    def get_urls(self):
        compare = path(
            "<uuid:pk>/compare/",
            self.admin_site.admin_view(self.compare),
            name="triage_policy_compare",
        )
        return [compare, *super().get_urls()]

    def compare(self, request, pk):
        return admin_compare.compare(request, self.admin_site, pk)

    @admin.action(description="Publish, after a look at what it would change")
    def publish(self, request, queryset):
        if queryset.count() != 1:
            messages.error(request, "Choose one version to publish.")
            return
        return redirect("admin:triage_policy_compare", queryset.get().pk)


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
