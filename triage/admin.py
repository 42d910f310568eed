"""Administration of the THRIVE policy: draft, compare, publish. Assessments are only shown."""

from django.contrib import admin, messages
from django.shortcuts import redirect
from django.urls import path
from django.utils.timezone import now

from triage import admin_compare, admin_parts, policies
from triage.models import Assessment, Incident, Policy
from victimcontact.accounts.house_admin import HouseAdmin, KeptAdmin


@admin.register(Policy)
class PolicyAdmin(HouseAdmin):
    fields = ["name"]
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
        pages = {
            "compare": ("<uuid:pk>/compare/", self.compare),
            "part": ("<uuid:pk>/parts/<slug:key>/", self.part),
            "cues": ("<uuid:pk>/parts/cues/<slug:raises>/", self.cues),
            "other_cues": ("<uuid:pk>/cues/", self.other_cues),
        }
        return [
            *(
                path(address, self.admin_site.admin_view(view), name=f"triage_policy_{name}")
                for name, (address, view) in pages.items()
            ),
            *super().get_urls(),
        ]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        policy = self.get_object(request, object_id)
        if policy is not None:
            extra_context = {**(extra_context or {}), **admin_parts.overview(policy)}
        return super().change_view(request, object_id, form_url, extra_context)

    def part(self, request, pk, key):
        return admin_parts.page(request, self, pk, key)

    def cues(self, request, pk, raises):
        return admin_parts.page(request, self, pk, "cues", raises)

    def other_cues(self, request, pk):
        return admin_parts.other_cues(request, pk)

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
