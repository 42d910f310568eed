from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "triage.desk"
    verbose_name = "Digital desk"

    def ready(self):
        from triage.desk import receivers  # noqa: F401
