"""The choice: video, an officer's visit, or a police station. The victim chooses, always."""

from django.db import transaction
from django.template.loader import render_to_string
from django.utils.html import strip_tags

from triage import signals
from triage.models import Grade, Incident, Offer, Response
from victimcontact.accounts.models import User
from victimcontact.audit import ledger
from victimcontact.lib.prepared import Prepared

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


def read_out(assessment) -> str:
    """The words of triage/_script.html as they are read to somebody after ``assessment``.

    Empty at grade 1: no choice is read out.
    """
    offered = options(assessment)
    if not offered:
        return ""
    script = render_to_string(
        "triage/_script.html",
        {"video": Response.VIDEO in offered, "nobody": Response.NONE in offered},
    )
    return " ".join(strip_tags(script).split())


@transaction.atomic
def make(incident, *, chosen: str, by, at, contact=None, words="", words_version="") -> Offer:
    """Record that the choice was read out and what was chosen, by the latest assessment.

    Minds may change: each choice is one more Offer, the last one counts. The same choice again, by
    the same assessment, gives the standing Offer. ``by`` is whoever recorded it, or the Visit of
    the person themselves, who chose by their link: then say which ``words`` they read there and
    their ``words_version``. ``contact`` is a witness, whose choice leaves the incident's response
    as it is; None is the victim. Raises NotAssessed and NotOffered. Sends ``response_chosen`` for
    a victim's choice.
    """
    # A re-assessment takes the same lock: video cannot be chosen while it is being ruled out.
    incident = Incident.objects.select_for_update(of=("self",)).get(pk=incident.pk)
    assessment = incident.current_assessment
    if assessment is None:
        raise NotAssessed
    offered = options(assessment)
    if contact is not None and Response.NONE in offered:
        offered.remove(Response.NONE)  # whether an officer is needed is not a witness's to say
    if chosen not in offered:
        raise NotOffered
    last = latest(incident, contact)
    if last and last.chosen == chosen and last.assessment_id == assessment.pk:
        return last
    offer = Offer.objects.create(
        incident=incident,
        contact=contact,
        assessment=assessment,
        options=offered,
        words_version=words_version or WORDS_VERSION,
        words=words or read_out(assessment),
        video_eligible=assessment.video_offer,
        chosen=chosen,
        chosen_at=at,
        recorded_by=by if isinstance(by, User) else None,
    )
    ledger.record(
        "offer.made",
        by=by,
        about=incident,
        at=at,
        offer=str(offer.pk),
        chosen=chosen,
        offered=offered,
        to="victim" if contact is None else "witness",
    )
    if contact is None:
        incident.response = chosen
        incident.save(update_fields=["response"])
        signals.response_chosen.send(sender=Incident, incident=incident, offer=offer, by=by, at=at)
    return offer


def latest(incident, contact=None) -> Offer | None:
    """What the victim (or the witness ``contact``) chose last, or None."""
    if contact is None:
        return next(iter(_victims(incident=incident.pk)), None)
    return incident.offers.filter(contact=contact).order_by("-chosen_at", "-id").first()


@Prepared
def _victims(incident):
    found = Offer.objects.filter(incident=incident, contact=None)
    return found.order_by("-chosen_at", "-id")[:1]
