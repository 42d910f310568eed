from django.apps import AppConfig


class AppointmentsConfig(AppConfig):
    name = "appointments"

    def ready(self):
        from appointments import on_duty, receivers, reminders  # noqa: F401  connects them
