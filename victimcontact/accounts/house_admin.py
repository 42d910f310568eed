"""What every page of Django admin keeps to: the ledger is written, kept rows are read-only."""

from django.contrib import admin
from django.db import transaction
from django.utils.timezone import now

from victimcontact.accounts import fresh, permissions
from victimcontact.audit import ledger


class _Watched(admin.ModelAdmin):
    """Whoever opens a row or deletes one: the first is written down, the second asked a code."""

    # Kinds of row whose every change asks for the second factor again, and actions that do.
    asks_again = False
    actions_ask_again = ()

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        if self.asks_again and (question := fresh.ask(request, fresh.WRITING)):
            return question
        response = super().changeform_view(request, object_id, form_url, extra_context)
        if object_id and response.status_code in permissions.SHOWS:
            permissions.note_reading(request, self.opts.label_lower, object_id)
        return response

    def history_view(self, request, object_id, extra_context=None):
        response = super().history_view(request, object_id, extra_context)
        permissions.note_reading(request, self.opts.label_lower, object_id)
        return response

    def delete_view(self, request, object_id, extra_context=None):
        if question := fresh.ask(request, fresh.WRITING):
            return question
        return super().delete_view(request, object_id, extra_context)

    def changelist_view(self, request, extra_context=None):
        action = request.POST.get("action", "")
        if action in {"delete_selected", *self.actions_ask_again} and (
            question := fresh.ask(request, fresh.WRITING)
        ):
            return question
        return super().changelist_view(request, extra_context)


class HouseAdmin(_Watched):
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


class KeptAdmin(_Watched):
    """A page to look at what is kept for ever. Nobody adds, changes or deletes here."""

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False
