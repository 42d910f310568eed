from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "triage.api"
    verbose_name = "API"

    def ready(self):
        from triage.api import receivers  # noqa: F401
