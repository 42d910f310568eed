from django.apps import AppConfig


class StandbyConfig(AppConfig):
    name = "appointments.standby"
    verbose_name = "Standby"

    def ready(self):
        from appointments.standby import receivers  # noqa: F401  connects them
