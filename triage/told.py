"""An assessment as people read it, wherever one is shown."""

from dataclasses import dataclass

from triage import panel, thrive
from triage.assessing import SAID
from triage.models import Response
from victimcontact.lib import local_time


@dataclass(frozen=True)
class Told:
    """An assessment as people read it."""

    assessment: object
    recommended: str
    decided: str
    elements: list  # (name, label, level, what the engine gave, the person's own words)
    flags: list  # (label, because)
    dismissed: list  # (label, because, the person's reason)
    rules: object  # Rules
    video: list
    words: str  # the caller's, those below the questions too


def told(assessment, force) -> Told:
    """``assessment`` as it was decided, in the words of ``force``."""
    found = assessment.findings
    elements = [
        (
            name,
            label,
            assessment.elements.get(name, 0),
            found.get("elements", {}).get(name, {}).get("rationale", ()),
            assessment.rationales.get(name, ""),
        )
        for name, label in thrive.ELEMENTS.items()
    ]
    return Told(
        assessment=assessment,
        recommended=force.grade_label(assessment.recommended_grade),
        decided=force.grade_label(assessment.decided_grade),
        elements=elements,
        flags=[(flag["label"], flag["because"]) for flag in found.get("flags", ())],
        dismissed=[
            (flag["label"], flag["because"], assessment.dismissed.get(flag["name"], ""))
            for flag in found.get("dismissed", ())
        ],
        rules=panel.rules(found.get("because", ()), assessment.recommended_grade),
        video=[thrive.VIDEO_REASONS.get(name, name) for name in assessment.video_reasons],
        words=thrive.spoken(assessment.narrative, assessment.answers.get(SAID) or {}),
    )


# Ledger types as people read them; any other is shown as its own words.
SAYS = {
    "incident.recorded": "Report recorded",
    "incident.assessed": "Assessed",
    "incident.viewed": "Opened",
    "incident.sent": "Sent by another system",
    "incident.news": "News from another system",
    "incident.review_asked": "Fresh assessment asked for",
    "incident.sounds_worse": "What they said since sounds worse",
    "review.late": "Review late: team leader told",
    "offer.made": "Choice read out and recorded",
    "crime.recorded": "Crime recorded",
    "incident.closed": "Closed",
    "incident.reopened": "Opened again",
    "incident.pinned": "Put first",
    "incident.unpinned": "By its grade again",
    "appointment.held": "Time held",
    "appointment.booked": "Appointment booked",
    "appointment.moved": "Appointment moved",
    "appointment.cancelled": "Appointment cancelled",
    "case.opened": "Case opened",
    "prompt.done": "Step done",
    "prompt.not_done": "Step not done",
    "prompt.asked_for": "What to do shown",
    "prompt.taken_away": "What to do taken away",
    "referral.late": "Partner late: somebody is to ask again",
    "referral.chased": "Partner asked again",
}
# What a line says besides, in brackets: the first of these that its entry has.
BESIDES = ("because", "agency", "title")


def _owner_changed(event):
    """Whose it is from then on, and whose it was."""
    how, to, before = (event.detail.get(key) for key in ("how", "to", "before"))
    to = event.names.get(to, "somebody") if to else "nobody: back to the pool"
    if how == "taken over":
        what = "Taken over"
    elif how == "handed over":
        what = f"Handed over to {to}"
    else:
        what = f"Given to {to}"
    return f"{what}, before that {event.names[before]}" if before in event.names else what


def line(event) -> dict:
    """A line of the timeline: {"when", "what", "who"}; ``event`` a selectors.Event."""
    what = SAYS.get(event.type) or event.type.replace(".", " ").replace("_", " ").capitalize()
    if event.type == "incident.assessed":
        what = f"Assessed: grade {event.detail.get('decided')}"
        if event.detail.get("decided") != event.detail.get("recommended"):
            what += f" (recommended {event.detail.get('recommended')})"
    elif event.type == "offer.made":
        what = f"Choice read out: {Response(event.detail['chosen']).label.lower()}"
    elif event.type == "incident.owner_changed":
        what = _owner_changed(event)
    elif besides := next(filter(None, map(event.detail.get, BESIDES)), ""):
        what += f" ({besides})"
    return {"when": local_time.staff_time(event.at), "what": what, "who": event.who}
