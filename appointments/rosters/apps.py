from django.apps import AppConfig


class RostersConfig(AppConfig):
    name = "appointments.rosters"
    verbose_name = "Rosters"
