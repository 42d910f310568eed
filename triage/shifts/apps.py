from django.apps import AppConfig


class ShiftsConfig(AppConfig):
    name = "triage.shifts"
    verbose_name = "Shifts"
