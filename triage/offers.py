"""The choice: video, an officer's visit, or a police station. The victim chooses, always."""

from django.db import transaction

from triage import signals
from triage.models import Grade, Incident, Offer, Response
from victimcontact.audit import ledger

# Change it with every change to templates/triage/_script.html: the record says what was read.
WORDS_VERSION = "2026-1"


class NotOffered(ValueError):
    """What was chosen is not among what may be offered for this incident."""


class NotAssessed(Exception):
    """There is no assessment yet, so nobody knows what may be offered."""


def options(assessment) -> list[str]:
    """What may be offered by ``assessment``, in the order in which it is read out.

    At grade 1 nothing: officers go, and nobody is asked to choose while they are in danger.
    """
    if assessment.decided_grade == Grade.IMMEDIATE:
        return []
    found = [Response.VISIT, Response.STATION]
    if assessment.video_offer:
        found.insert(0, Response.VIDEO)
    if assessment.decided_grade == Grade.WITHOUT_DEPLOYMENT:
        found.append(Response.NONE)
    return [str(option) for option in found]


@transaction.atomic
def make(incident, *, chosen: str, by, at) -> Offer:
    """Record that the choice was read out and what the victim chose, by the latest assessment.

    The victim may change their mind: each choice is one more Offer, the last one counts. The same
    choice again, by the same assessment, gives the standing Offer. Raises NotAssessed and
    NotOffered. Sends ``response_chosen``.
    """
    # A re-assessment takes the same lock: video cannot be chosen while it is being ruled out.
    incident = Incident.objects.select_for_update(of=("self",)).get(pk=incident.pk)
    assessment = incident.current_assessment
    if assessment is None:
        raise NotAssessed
    offered = options(assessment)
    if chosen not in offered:
        raise NotOffered
    last = incident.current_offer
    if last and last.chosen == chosen and last.assessment_id == assessment.pk:
        return last
    offer = Offer.objects.create(
        incident=incident,
        assessment=assessment,
        options=offered,
        words_version=WORDS_VERSION,
        video_eligible=assessment.video_offer,
        chosen=chosen,
        chosen_at=at,
        recorded_by=by,
    )
    incident.response = chosen
    incident.save(update_fields=["response"])
    ledger.record(
        "offer.made",
        by=by,
        about=incident,
        at=at,
        offer=str(offer.pk),
        chosen=chosen,
        offered=offered,
    )
    signals.response_chosen.send(sender=Incident, incident=incident, offer=offer, by=by, at=at)
    return offer
