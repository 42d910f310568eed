from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "triage.chat"
    verbose_name = "Live chat"

    def ready(self):
        from triage.chat import receivers, selectors  # noqa: F401  receivers connect
        from victimcontact.templatetags import faces

        faces.COUNTS["chat:desk"] = selectors.waiting_count
