from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "triage.chat"
    verbose_name = "Live chat"
