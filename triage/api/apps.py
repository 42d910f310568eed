from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "triage.api"
    verbose_name = "API"
