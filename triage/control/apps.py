from django.apps import AppConfig


class ControlConfig(AppConfig):
    name = "triage.control"
    verbose_name = "Control room"
