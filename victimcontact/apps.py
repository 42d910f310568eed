from django.apps import AppConfig


class HouseConfig(AppConfig):
    name = "victimcontact"
    label = "house"
