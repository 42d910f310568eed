from django.apps import AppConfig


class ControlConfig(AppConfig):
    name = "triage.control"
    verbose_name = "Control room"

    def ready(self):
        from triage import repeats
        from triage.control import markers, receivers  # noqa: F401

        repeats.MARKERS.append(markers.firearms)
