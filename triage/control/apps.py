from django.apps import AppConfig


class ControlConfig(AppConfig):
    name = "triage.control"
    verbose_name = "Control room"

    def ready(self):
        from triage.control import receivers  # noqa: F401
