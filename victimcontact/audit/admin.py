"""The ledger, to look at."""

from django.contrib import admin

from victimcontact.audit.models import Entry


@admin.register(Entry)
class EntryAdmin(admin.ModelAdmin):
    """Read-only by what the database allows, and here by what the page offers."""

    list_display = ["at", "type", "actor", "about_type", "about_id"]
    list_filter = ["type"]
    search_fields = ["about_id", "actor"]
    show_full_result_count = False

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False
