from django.apps import AppConfig


class StandbyConfig(AppConfig):
    name = "appointments.standby"
    verbose_name = "Standby"
