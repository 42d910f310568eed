from django.apps import AppConfig


class SocialConfig(AppConfig):
    name = "triage.social"
    verbose_name = "WhatsApp and Messenger"

    def ready(self):
        from triage.social import receivers  # noqa: F401  connects them
