"""What a control room did is only shown; its words stay on the incident's own pages."""

from django.contrib import admin

from triage.control.models import CallerTold, Closure, Dispatch, SystemCheck
from victimcontact.accounts.house_admin import KeptAdmin


@admin.register(Dispatch)
class DispatchAdmin(KeptAdmin):
    list_display = ["incident", "number", "state", "came_from", "asked_at", "asked_by"]
    list_filter = ["force", "came_from"]
    list_select_related = ["incident", "asked_by"]
    fields = ["incident", "number", "state", "came_from", "asked_at", "asked_by"]

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("steps")


@admin.register(Closure)
class ClosureAdmin(KeptAdmin):
    list_display = ["incident", "outcome", "closed_at", "closed_by"]
    list_filter = ["outcome"]
    list_select_related = ["incident", "closed_by"]
    fields = ["incident", "outcome", "closed_at", "closed_by"]


@admin.register(SystemCheck)
class SystemCheckAdmin(KeptAdmin):
    list_display = ["incident", "kind", "result", "checked_at", "checked_by"]
    list_filter = ["kind", "result"]
    list_select_related = ["incident", "checked_by"]
    fields = ["incident", "kind", "result", "checked_at", "checked_by"]


@admin.register(CallerTold)
class CallerToldAdmin(KeptAdmin):
    list_display = ["incident", "what", "how", "told_at", "told_by"]
    list_filter = ["what", "how"]
    list_select_related = ["incident", "told_by"]
    fields = ["incident", "what", "how", "told_at", "told_by"]
