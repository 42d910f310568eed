"""One incident: everything that is known of it and was decided about it."""

from dataclasses import dataclass
from datetime import date

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_POST

from triage import (
    children,
    crime_types,
    policies,
    presence,
    repeats,
    rooms,
    selectors,
    shown,
    typed,
)
from triage.answered import answered
from triage.draft_state import number
from triage.marking import marked
from triage.models import TAKES_TIME, Participant
from triage.told import line, told
from victimcontact.accounts.permissions import can, require
from victimcontact.audit import ledger
from victimcontact.lib import local_time

BOOKING_TELLS = "appointments.appointment"  # texts about it stand beside its booking


@require_GET
@require("incident.view")
def incident(request, pk):
    """Everything about one incident. Opening it is an entry in the ledger."""
    at = now()
    # Read once for all parts of the page: who is in it, and how it was assessed.
    incident = selectors.whole(request.user, pk)
    if incident is None:
        raise Http404
    ledger.record("incident.viewed", by=request.user, about=incident, at=at)
    assessments = list(incident.assessments.all())
    current = assessments[0] if assessments else None
    pairs = selectors.hanging_on(incident)
    victim = incident.victim
    # What the booking of an appointment tells of its own texts is not told twice.
    has_booking = incident.response in TAKES_TIME and can(request.user, "appointment.book")
    texts = [pair for pair in pairs if pair[0] != BOOKING_TELLS] if has_booking else pairs
    context = shown.header(incident, at) | {
        "victim": victim,
        **shown.plan_told(victim),
        "people": _people(incident, current, at),
        "pieces": marked(current.narrative, current.findings.get("flags", ())) if current else [],
        "current": told(current, incident.force) if current else None,
        "answered": answered(current, policies.rules(current.policy)) if current else (),
        "before": [told(one, incident.force) for one in assessments[1:]],
        "offers": selectors.offers_of(incident),
        "crime": selectors.crime_of(incident),
        "crime_label": crime_types.label(incident.crime_type) if incident.crime_type else "",
        "notifications": selectors.notifications(texts),
        "timeline": [line(event) for event in selectors.timeline(pairs)],
        "has_booking": has_booking,
        **shown.around(repeats.around_incident(incident, at=at)),
        # Whatever was assessed meanwhile was read just now.
        "here": presence.Here(
            current.number if current else 0, presence.others(incident, request.user, at=at), None
        ),
        "rooms": rooms.panels_of(incident, request.user, at),
    }
    return TemplateResponse(request, "triage/incident.html", context)


@dataclass
class _Someone:
    """A person of the incident, once, whatever number of parts they have in it."""

    contact: object  # None for a person suspected
    description: str
    parts: list  # "Caller", "victim"
    age: int | None  # by the date of birth, else as the caller said

    @property
    def role(self):
        return " and ".join(self.parts)


def _people(incident, current, at):
    answers = current.answers if current else {}
    said = {"victim": answers.get("victim_age"), "caller": answers.get("caller_age")}
    today = local_time.local(at).date()
    found = {}
    parts = incident.participants.all()
    seen = {}
    if any(part.role == Participant.Role.CHILD for part in parts):
        seen = {one.pk: one.said for one in children.of(incident)}
    for part in parts:
        someone = found.setdefault(
            part.contact_id or f"no contact {part.pk}",
            _Someone(part.contact, seen.get(part.pk) or part.description, [], None),
        )
        label = part.get_role_display()
        someone.parts.append(label.lower() if someone.parts else label)
        born = part.contact.date_of_birth if part.contact else ""
        if born:
            someone.age = typed.age_on(date.fromisoformat(born), today)
        elif said.get(part.role) is not None:
            someone.age = said[part.role]
    return list(found.values())


@require_POST
@require("incident.view", reads="triage.incident")
def here(request, pk):
    """Say that one is here, and hear who else is: asked for every few seconds by open pages."""
    at = now()
    visible = selectors.incidents_for(request.user).select_related(None).only("pk")
    incident = get_object_or_404(visible, pk=pk)
    presence.note(incident, request.user, at=at)
    found = presence.here(incident, request.user, after=number(request.POST, "after"), at=at)
    if found.digest == request.POST.get("known"):
        return HttpResponse(status=204)
    context = {
        "incident": incident,
        "here": found,
        "is_assessing": bool(request.POST.get("assessing")),
    }
    return TemplateResponse(request, "triage/_here.html", context)
