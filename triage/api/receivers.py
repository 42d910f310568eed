"""What happens to an incident is told to whoever asked to be told."""

from django.dispatch import receiver

from triage import signals
from triage.api import news, reports
from triage.api.models import Event


@receiver(signals.said_later, dispatch_uid="api.said_later")
def what_systems_told(sender, incident, **_):
    return reports.updates(incident)


@receiver(signals.assessed, dispatch_uid="api.assessed")
def tell_grade(sender, incident, assessment, before, by, at, **_):
    news.tell_grade(incident, assessment, before=before, by=by, at=at)


@receiver(signals.response_chosen, dispatch_uid="api.response_chosen")
def tell_response(sender, incident, offer, by, at, **_):
    news.tell(
        Event.RESPONSE_CHOSEN, incident, at=at, grade=incident.grade, response=str(offer.chosen)
    )


@receiver(signals.officers_sent, dispatch_uid="api.officers_sent")
def tell_officers(sender, incident, dispatch, by, at, **_):
    incident.refresh_from_db(fields=["grade"])
    news.tell(Event.OFFICERS_SENT, incident, at=at, grade=incident.grade, dispatch=str(dispatch.pk))


@receiver(signals.closed, dispatch_uid="api.closed")
def tell_closed(sender, incident, by, at, **_):
    news.tell(Event.CLOSED, incident, at=at, grade=incident.grade)
