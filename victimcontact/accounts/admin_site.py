"""The administrator's site: nobody enters without the second factor and the role."""

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from victimcontact.accounts.permissions import can, is_verified


class StaffAdminSite(AdminSite):
    site_header = "Victim Contact administration"
    site_title = "Administration"
    index_title = "Rules, wording, desks and people"
    site_url = "/"

    def has_permission(self, request):
        return is_verified(request.user) and can(request.user, "admin.use")

    def login(self, request, extra_context=None):
        """Staff sign in by the house's own door, which asks for both factors."""
        if is_verified(request.user) and not can(request.user, "admin.use"):
            raise PermissionDenied
        return redirect_to_login(request.GET.get("next", "/admin/"), reverse("accounts:sign_in"))
