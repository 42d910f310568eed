from django.apps import AppConfig


class PartnersConfig(AppConfig):
    name = "triage.partners"
    verbose_name = "Partner agencies"
