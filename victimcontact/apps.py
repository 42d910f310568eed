from django.apps import AppConfig


class HouseConfig(AppConfig):
    name = "victimcontact"
    label = "house"

    def ready(self):
        from victimcontact import faults  # noqa: F401  connects its receiver
