from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "victimcontact.audit"
    label = "audit"
    verbose_name = "Ledger"
