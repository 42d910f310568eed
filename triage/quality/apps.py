from django.apps import AppConfig


class QualityConfig(AppConfig):
    name = "triage.quality"
    verbose_name = "Quality"
