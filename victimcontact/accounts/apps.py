from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "victimcontact.accounts"
    label = "accounts"
    verbose_name = "Staff and forces"
    default = True

    def ready(self):
        from victimcontact.accounts.grants import grant

        post_migrate.connect(grant, dispatch_uid="house.grant")


class StaffAdminConfig(admin_apps.AdminConfig):
    """Django admin, behind both factors."""

    default = False
    default_site = "victimcontact.accounts.admin_site.StaffAdminSite"
