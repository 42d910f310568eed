from django.apps import AppConfig


class PartnersConfig(AppConfig):
    name = "triage.partners"
    verbose_name = "Partner agencies"

    def ready(self):
        from django.utils.timezone import now

        from triage import repeats
        from triage.partners import markers, receivers, selectors  # noqa: F401
        from victimcontact.templatetags import faces

        repeats.MARKERS.append(markers.high_risk)

        faces.COUNTS["partners:referrals"] = lambda user: selectors.overdue_count(user, at=now())
