from django.apps import AppConfig


class AttemptsConfig(AppConfig):
    name = "appointments.attempts"
    verbose_name = "Reaching people"

    def ready(self):
        from appointments.attempts import receivers  # noqa: F401  connects them
