"""Partner agencies are set up here. Referrals and what was done are only shown."""

from django import forms
from django.contrib import admin

from triage.partners.models import PartnerAgency, Referral
from victimcontact.accounts.house_admin import HouseAdmin, KeptAdmin


class AgencyForm(forms.ModelForm):
    """An agency, reached by one way at least."""

    portal = forms.URLField(
        required=False,
        assume_scheme="https",
        help_text=PartnerAgency._meta.get_field("portal").help_text,
    )

    class Meta:
        model = PartnerAgency
        fields = [
            "force",
            "kind",
            "name",
            "telephone",
            "out_of_hours",
            "portal",
            "email",
            "notes",
            "is_active",
        ]


@admin.register(PartnerAgency)
class PartnerAgencyAdmin(HouseAdmin):
    form = AgencyForm
    list_display = ["name", "kind", "force", "telephone", "is_active"]
    list_filter = ["force", "kind", "is_active"]
    list_select_related = ["force"]
    search_fields = ["name"]

    def has_delete_permission(self, request, obj=None):
        # One that was ever told of somebody stays: take it out of use instead.
        allowed = super().has_delete_permission(request, obj)
        return allowed and obj is not None and not obj.referrals.exists()


@admin.register(Referral)
class ReferralAdmin(KeptAdmin):
    list_display = ["incident", "agency", "status", "made_at", "due_at"]
    list_filter = ["status", "agency__kind"]
    list_select_related = ["incident", "agency"]
    fields = ["incident", "agency", "status", "way", "consent", "ground", "made_at", "due_at"]
