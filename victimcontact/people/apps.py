from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "victimcontact.people"
    label = "people"
    verbose_name = "People and safe contact"
