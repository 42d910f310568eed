"""What an administrator sets for quality: how much is drawn, by which seed, and what is scored."""

from django.contrib import admin, messages
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.timezone import now
from django.views.decorators.http import require_POST

from triage.quality import criteria
from triage.quality.models import Criterion, Draw, RiskRule, SamplingRule
from victimcontact.accounts.house_admin import HouseAdmin, KeptAdmin
from victimcontact.accounts.models import Force


@admin.register(SamplingRule)
class SamplingRuleAdmin(HouseAdmin):
    list_display = ["force", "team", "per", "share_percent", "at_least", "seed"]
    list_select_related = ["force", "team"]
    list_filter = ["force"]


@admin.register(RiskRule)
class RiskRuleAdmin(HouseAdmin):
    list_display = ["force", "kind", "share_percent"]
    list_select_related = ["force"]
    list_filter = ["force"]


@admin.register(Criterion)
class CriterionAdmin(HouseAdmin):
    list_display = ["label", "force", "position", "is_used"]
    list_select_related = ["force"]
    list_filter = ["force"]
    change_list_template = "admin/quality/criterion/change_list.html"

    def get_urls(self):
        copy = path(
            "copy-shipped/",
            self.admin_site.admin_view(require_POST(self.copy_shipped)),
            name="quality_criterion_copy",
        )
        return [copy, *super().get_urls()]

    def copy_shipped(self, request):
        """Give every force the shipped criteria as rows that can be changed."""
        new = sum(
            criteria.copy_shipped(force, by=request.user, at=now()) for force in Force.objects.all()
        )
        messages.success(request, f"{new} criteria copied: change them below.")
        return redirect(reverse("admin:quality_criterion_changelist"))


@admin.register(Draw)
class DrawAdmin(KeptAdmin):
    list_display = ["week_on", "force", "team", "assessed", "drawn", "seed", "share_percent"]
    list_select_related = ["force", "team"]
    list_filter = ["force"]
