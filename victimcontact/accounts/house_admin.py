"""What every page of Django admin keeps to: the ledger is written, kept rows are read-only."""

from django.contrib import admin
from django.db import transaction
from django.utils.timezone import now

from victimcontact.audit import ledger


class HouseAdmin(admin.ModelAdmin):
    """A page of admin whose every save and deletion is an entry in the ledger."""

    def save_model(self, request, obj, form, change):
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            ledger.record(
                "admin.changed" if change else "admin.added",
                by=request.user,
                about=obj,
                at=now(),
                fields=sorted(form.changed_data),
            )

    def delete_model(self, request, obj):
        with transaction.atomic():
            ledger.record("admin.deleted", by=request.user, about=obj, at=now())
            super().delete_model(request, obj)

    def delete_queryset(self, request, queryset):
        for obj in queryset:
            self.delete_model(request, obj)


class KeptAdmin(admin.ModelAdmin):
    """A page to look at what is kept for ever. Nobody adds, changes or deletes here."""

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False
