from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "portal"

    def ready(self):
        from portal import receivers, selectors  # noqa: F401  connects the receivers
        from victimcontact.templatetags import faces

        faces.COUNTS["portal:cases"] = selectors.waiting_count
