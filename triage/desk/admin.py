"""Reports that were sent, to be read. Those still being written are nobody's to see."""

from django.contrib import admin

from triage.desk.models import SentReport
from victimcontact.accounts.house_admin import KeptAdmin


@admin.register(SentReport)
class SentReportAdmin(KeptAdmin):
    list_display = ["incident", "language", "sent_at"]
    list_select_related = ["incident"]
    fields = ["incident", "language", "started_at", "sent_at"]
