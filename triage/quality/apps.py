from django.apps import AppConfig


class QualityConfig(AppConfig):
    name = "triage.quality"
    verbose_name = "Quality"

    def ready(self):
        from triage.quality import selectors
        from victimcontact.templatetags import faces

        faces.COUNTS["quality:reviews"] = selectors.waiting
        faces.COUNTS["quality:feedback_list"] = selectors.unanswered
