"""Administration of forces, teams and staff."""

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.utils.timezone import now

from victimcontact.accounts import fresh
from victimcontact.accounts.house_admin import HouseAdmin
from victimcontact.accounts.models import FeatureSwitch, Force, RecoveryCode, Team, TOTPDevice, User
from victimcontact.accounts.roles import Role
from victimcontact.audit import ledger

admin.site.unregister(Group)


def _roles_field():
    return forms.MultipleChoiceField(
        choices=Role, required=False, widget=forms.CheckboxSelectMultiple
    )


class StaffChangeForm(UserChangeForm):
    roles = _roles_field()


class StaffCreationForm(AdminUserCreationForm):
    roles = _roles_field()


@admin.register(User)
class StaffAdmin(HouseAdmin, UserAdmin):
    """Staff: who they are, what they may do, where. Roles replace Django's own permissions."""

    form = StaffChangeForm
    add_form = StaffCreationForm
    list_display = ["username", "last_name", "first_name", "collar_number", "is_active"]
    list_filter = ["is_active", "forces"]
    filter_horizontal = ["forces", "teams"]
    readonly_fields = ["last_login", "date_joined"]
    actions = ["reset_second_factor"]
    asks_again, actions_ask_again = True, ("reset_second_factor",)
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        ("Person", {"fields": ["rank", "first_name", "last_name", "collar_number", "gender"]}),
        ("Work", {"fields": ["is_active", "roles", "forces", "teams"]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (
            None,
            {
                "classes": ["wide"],
                "fields": [
                    "username",
                    "usable_password",
                    "password1",
                    "password2",
                    "rank",
                    "first_name",
                    "last_name",
                    "collar_number",
                    "roles",
                    "forces",
                ],
            },
        )
    ]

    def user_change_password(self, request, id, form_url=""):  # noqa: A002  Django's name
        if question := fresh.ask(request, fresh.WRITING):
            return question
        return super().user_change_password(request, id, form_url)

    def save_related(self, request, form, formsets, change):
        """Whoever loses a force is signed out everywhere: their open pages show its people."""
        before = set(form.instance.forces.all()) if change else set()
        super().save_related(request, form, formsets, change)
        if before - set(form.instance.forces.all()):
            form.instance.end_sessions()

    @admin.action(description="Reset the authenticator: they set up a new one at next sign-in")
    def reset_second_factor(self, request, queryset):
        for user in queryset:
            TOTPDevice.objects.filter(user=user).delete()
            RecoveryCode.objects.filter(user=user).delete()
            user.end_sessions()
            ledger.record("staff.second_factor_reset", by=request.user, about=user, at=now())
        self.message_user(request, "They are asked to set up a new authenticator.")


class SwitchInline(admin.TabularInline):
    model = FeatureSwitch
    extra = 0


@admin.register(Force)
class ForceAdmin(HouseAdmin):
    list_display = ["name", "slug", "review_after_minutes", "hold_minutes"]
    inlines = [SwitchInline]


@admin.register(Team)
class TeamAdmin(HouseAdmin):
    list_display = ["name", "force"]
    list_select_related = ["force"]
