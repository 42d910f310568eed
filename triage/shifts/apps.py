from django.apps import AppConfig


class ShiftsConfig(AppConfig):
    name = "triage.shifts"
    verbose_name = "Shifts"

    def ready(self):
        from triage.shifts import receivers  # noqa: F401  connects them
