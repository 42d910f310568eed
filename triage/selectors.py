"""Reads for the triage pages: which incidents a person sees, and what is known around one."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Exists, OuterRef, Q, Subquery

from messaging.models import Notification
from triage.models import Assessment, Crime, Incident, Participant, ReportDraft
from victimcontact.accounts.models import User
from victimcontact.accounts.roles import PERMISSIONS
from victimcontact.audit.models import Entry
from victimcontact.lib import local_time
from victimcontact.lib.encryption import blind_index
from victimcontact.people.models import Contact

# A repeat counts within a rolling year. Source: force policies on repeat victims.
REPEAT_WITHIN = timedelta(days=365)
MOST_EARLIER = 10


def incidents_for(user):
    """The incidents that ``user`` may see: those of the forces they serve."""
    return Incident.objects.filter(force__in=user.forces.all()).select_related("force", "handler")


def open_queue(user):
    """Open incidents with a grade, most urgent first, then the soonest due.

    Each has ``flags`` (slugs of its latest assessment). Ordered as the index ``incident_queue``.
    """
    return _with_flags(
        incidents_for(user).filter(status=Incident.Status.OPEN, grade__isnull=False)
    ).order_by("grade", "due_at", "id")


def ungraded(user):
    """Open reports that nobody has assessed yet, oldest first."""
    return (
        incidents_for(user)
        .filter(status=Incident.Status.OPEN, grade=None)
        .order_by("reported_at", "id")
    )


def reviews_due(user, *, at):
    """Open incidents whose review is late at ``at``, longest first."""
    return open_queue(user).filter(review_due_at__lt=at).order_by("review_due_at", "id")


def _with_flags(incidents):
    latest = Assessment.objects.filter(incident=OuterRef("pk")).order_by("-number")
    return incidents.annotate(flags=Subquery(latest.values("flags")[:1]))


def drafts_for(user):
    """The reports this person has begun and not recorded, last touched first."""
    return ReportDraft.objects.filter(handler=user, incident=None).order_by("-saved_at")


def known_contacts(force, phone: str):
    """People of ``force`` under an E.164 number. The same number is not the same person."""
    index = blind_index("phone", phone)
    if not index:
        return Contact.objects.none()
    return Contact.objects.filter(force=force, phone_index=index, merged_into=None).order_by(
        "-created_at"
    )[:MOST_EARLIER]


def earlier_incidents(force, *, phones=(), location="", at, besides=None):
    """Incidents of the last year at these numbers or this place, latest first, ten at most.

    Each has ``flags``. ``location`` finds the same words, whatever their case and spacing.
    """
    indexes = [blind_index("phone", phone) for phone in phones if phone]
    place = blind_index("place", " ".join(location.casefold().split()))
    if not indexes and not place:
        return Incident.objects.none()
    at_number = Participant.objects.filter(
        incident=OuterRef("pk"), contact__phone_index__in=indexes
    )
    here = Q(location_index=place) if place else Q(pk=None)
    found = Incident.objects.filter(
        Exists(at_number) | here, force=force, reported_at__gt=at - REPEAT_WITHIN
    )
    if besides is not None:
        found = found.exclude(pk=besides)
    return _with_flags(found).order_by("-reported_at", "-id")[:MOST_EARLIER]


def history(earlier) -> dict | None:
    """What the engine is told of earlier incidents: ``markers`` (flags) and how many there were."""
    earlier = list(earlier)
    if not earlier:
        return None
    markers = sorted({flag for incident in earlier for flag in incident.flags or ()})
    return {"markers": markers, "previous_reports_12m": len(earlier)}


def officers_for(force):
    """Who may be put in charge of a case of ``force``."""
    roles = [role for role, held in PERMISSIONS.items() if "case.update" in held]
    return User.objects.filter(forces=force, is_active=True, roles__overlap=roles)


@dataclass(frozen=True)
class Event:
    """One line of an incident's timeline."""

    at: object
    type: str
    who: str
    detail: dict


def hanging_on(incident) -> list:
    """("app.model", key) of what other apps keep about an incident or its crime, and of itself.

    Found by the relations that point here, so that this app need not know those above it.
    """
    pairs = [(incident._meta.label_lower, incident.pk)]
    crime = Crime.objects.filter(incident=incident).first()
    for row in filter(None, (incident, crime)):
        for relation in row._meta.related_objects:
            model = relation.related_model
            if model._meta.app_label == "triage":
                continue
            keys = model.objects.filter(**{relation.field.name: row}).values_list("pk", flat=True)
            pairs += [(model._meta.label_lower, key) for key in keys]
    return pairs


def notifications(incident, pairs):
    """Texts and e-mails about an incident or what hangs on it (``hanging_on``), latest first."""
    about = Q()
    for label, keys in _by_label(pairs).items():
        about |= Q(about_type=label, about_id__in=keys)
    return (
        Notification.objects.filter(about).select_related("contact").order_by("-queued_at", "-id")
    )


def timeline(pairs) -> list[Event]:
    """What the ledger says of an incident and what hangs on it, latest first; 200 at most."""
    about = Q()
    for label, keys in _by_label(pairs).items():
        about |= Q(about_type=label, about_id__in=[str(key) for key in keys])
    entries = list(Entry.objects.filter(about).order_by("-at", "-id")[:200])
    keys = {entry.actor[5:] for entry in entries if entry.actor.startswith("user:")}
    names = {str(user.pk): str(user) for user in User.objects.filter(pk__in=keys)}

    def who(actor):
        if actor.startswith("visit:"):
            return "The victim"
        return names.get(actor[5:], "The system")

    return [Event(entry.at, entry.type, who(entry.actor), entry.detail) for entry in entries]


def _by_label(pairs):
    found = {}
    for label, key in pairs:
        found.setdefault(label, []).append(key)
    return found


@dataclass(frozen=True)
class Clock:
    """How a deadline stands: ``state`` is "late", "soon" or "ok"; ``says`` is for people."""

    state: str
    says: str
    when: str


def clock(due_at, *, at, warn_minutes: int) -> Clock:
    """``due_at`` as seen at ``at``; "soon" in the last ``warn_minutes`` before it."""
    left = due_at - at
    minutes = int(abs(left).total_seconds() // 60)
    when = local_time.staff_time(due_at)
    if left.total_seconds() < 0:
        return Clock("late", f"{span(minutes)} late", when)
    state = "soon" if minutes < warn_minutes else "ok"
    return Clock(state, f"in {span(minutes)}", when)


def span(minutes: int) -> str:
    """A length of time at a glance: "5 min", "3 h 05", "2 d 4 h"."""
    hours, rest = divmod(minutes, 60)
    if hours == 0:
        return f"{rest} min"
    if hours < 24:
        return f"{hours} h {rest:02d}"
    return f"{hours // 24} d {hours % 24} h"
