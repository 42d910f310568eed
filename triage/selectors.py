"""Reads for the triage pages: which incidents a person sees, and what is known around one."""

import json
from dataclasses import dataclass, field
from functools import cache, lru_cache

from django.db import connection
from django.db.models import Count, OuterRef, Q, Subquery, TextField, Value
from django.db.models.functions import Cast

from messaging.models import Notification
from triage import repeats, traces
from triage.listed import COLUMNS, Listed, name_of
from triage.models import (
    Assessment,
    AssessmentDraft,
    Crime,
    Incident,
    Offer,
    Participant,
    ReportDraft,
    Review,
)
from victimcontact.accounts.models import Force, User
from victimcontact.accounts.roles import PERMISSIONS
from victimcontact.lib import local_time
from victimcontact.lib.encryption import blind_index
from victimcontact.lib.prepared import Prepared
from victimcontact.people.models import Contact, name_and_birth_index

MOST_KNOWN = 10

# As SQL: each pause in typing asks for it, and putting it together takes longer than the answer.
FORCES_OF = """
select force.* from accounts_force force
  join accounts_user_forces serves on serves.force_id = force.id
 where serves.user_id = %s order by force.name
"""


def forces_of(user) -> list[Force]:
    """The forces that ``user`` serves, by name."""
    return list(Force.objects.raw(FORCES_OF, [user.pk]))


def incidents_for(user):
    """The incidents that ``user`` may see: those of the forces they serve."""
    return Incident.objects.filter(force__in=user.forces.all()).select_related("force", "handler")


def assessments():
    """Assessments with policy and author, the latest first; the policy's rules stay away."""
    found = Assessment.objects.select_related("policy", "decided_by").defer("policy__data")
    return found.order_by("-number")


def open_queue(user):
    """Open incidents with a grade, most urgent first; in a grade the unseen, then the soonest due.

    Each has ``flags`` (slugs of its latest assessment) and ``because`` (why its review is due).
    Ordered as the index ``incident_in_queue``.
    """
    review = Review.objects.filter(incident=OuterRef("pk"), done_at=None)
    queue = incidents_for(user).filter(status=Incident.Status.OPEN, grade__isnull=False)
    return (
        _with_flags(queue)
        .annotate(because=Subquery(review.values("because")[:1]))
        .order_by("grade", "is_seen", "due_at", "id")
    )


WHOSE = ("all", "mine", "unowned")


def of_owner(incidents, whose: str, user):
    """Those of ``incidents`` that are ``user``'s ("mine"), nobody's ("unowned"), or "all"."""
    if whose == "mine":
        return incidents.filter(owner=user)
    return incidents.filter(owner=None) if whose == "unowned" else incidents


def queue_page(user, *, whose: str, start: int, many: int) -> list[Listed]:
    """``many`` lines of the queue (``open_queue``) from ``start`` on, with handler and owner."""
    return [*map(Listed._make, _queue_page(whose, start, many).rows(user=user.pk))]


@lru_cache(maxsize=100)
def _queue_page(whose, start, many):
    def page(user):
        user = User(pk=user)
        found = of_owner(open_queue(user), whose, user)
        return found.values_list(*COLUMNS)[start : start + many]

    return Prepared(page)


def open_counts(user) -> dict:
    """How many open incidents this person may see: {"graded", "ungraded", "pinned"}.

    Of the graded, how many are "mine" and "unowned".
    """
    names = ("graded", "mine", "unowned", "ungraded", "pinned")
    return next(iter(_open_counts(user=user.pk)), dict.fromkeys(names, 0))


@Prepared
def _open_counts(user):
    is_graded = Q(grade__isnull=False)
    return (
        Incident.objects.filter(force__in=_forces(user), status=Incident.Status.OPEN)
        .order_by()
        .values("status")
        .annotate(
            graded=Count("pk", filter=is_graded),
            mine=Count("pk", filter=is_graded & Q(owner=user)),
            unowned=Count("pk", filter=is_graded & Q(owner=None)),
            ungraded=Count("pk", filter=Q(grade=None)),
            pinned=Count("pin"),
        )
    )


def _forces(user):
    return User(pk=user).forces.all()


def pinned(user):
    """Open incidents that a leader put before all others, the first one first."""
    return (
        incidents_for(user)
        .filter(status=Incident.Status.OPEN, grade__isnull=False, pin__isnull=False)
        .select_related("force", "pin__pinned_by")
        .order_by("pin__pinned_at", "id")
    )


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


def assessment_draft(incident, user) -> AssessmentDraft | None:
    """The assessment of ``incident`` this person has begun and not kept, the last touched."""
    return next(iter(_drafts(incident=incident.pk, user=user.pk)), None)


@Prepared
def _drafts(incident, user):
    found = AssessmentDraft.objects.filter(of=incident, handler=user, assessment=None)
    return found.order_by("-saved_at")[:1]


def begun(user) -> list:
    """The drafts of reports and of assessments that this person has begun, 20 of each."""
    return [*_reports_begun(user=user.pk), *_assessments_begun(user=user.pk)]


@Prepared
def _reports_begun(user):
    return drafts_for(User(pk=user))[:20]


@Prepared
def _assessments_begun(user):
    return assessments_begun(User(pk=user))[:20]


def assessments_begun(user):
    """The assessments this person has begun and not kept, of any open incident."""
    return (
        AssessmentDraft.objects.filter(
            handler=user, assessment=None, of__status=Incident.Status.OPEN
        )
        .select_related("of")
        .defer("of__narrative", "of__location", "of__safety_note")
        .order_by("-saved_at")
    )


def known_contacts(force, phone: str, *, name="", born=""):
    """People of ``force`` under an E.164 number, or of that name born on that day (ISO).

    The same number is not the same person.
    """
    same = Q()
    if phone:
        same |= Q(phone_index=blind_index("phone", phone))
    if name and born:
        same |= Q(name_and_birth_index=name_and_birth_index(name, born))
    if not same:
        return Contact.objects.none()
    found = Contact.objects.filter(same, force=force, merged_into=None)
    return found.order_by("-created_at")[:MOST_KNOWN]


def earlier_incidents(force, *, phones=(), location="", at, besides=None):
    """Incidents of the last year at these numbers or this place, latest first, each with ``flags``.

    ``repeats.around`` tells more of them: how often, and by what they were found.
    """
    keys = traces.of_address(force.pk, location)
    for phone in phones:
        keys |= traces.of_number(force.pk, phone)
    return [
        one.incident for one in repeats.around(keys, at=at).earlier if one.incident.pk != besides
    ]


def history(earlier) -> dict | None:
    """What the engine is told of earlier incidents: ``markers`` (flags) and how many there were."""
    return repeats.Around([repeats.Earlier(incident, ()) for incident in earlier]).history


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
    names: dict = field(default_factory=dict)  # of the staff in it, by their key as text


def hanging_on(incident) -> list:
    """("app.model", key as text) of an incident and of what other apps keep about it or its crime.

    Found by the relations that point here, so that this app need not know those above it. One
    query, and a second where there is a crime, whatever number of apps there are. The incident
    then knows of what there is none (``Incident.may_have``).
    """
    pointing = _pointing_at_incident.rows(incident=incident.pk)
    labels = {label for label, _, _ in pointing}
    incident.hanging = {label: label in labels for label in _labels_at_incident()}
    found = [(incident._meta.label_lower, str(incident.pk))]
    found += [(label, key) for label, key, hangs in pointing if hangs]
    if incident.may_have(Crime):
        pointing = _pointing_at_its_crime.rows(incident=incident.pk)
        found += [(label, key) for label, key, hangs in pointing if hangs]
    return found


@Prepared
def _pointing_at_incident(incident):
    return _pointing_at(Incident, incident)


@Prepared
def _pointing_at_its_crime(incident):
    return _pointing_at(Crime, incident, "__incident")


@cache
def _labels_at_incident():
    return [relation.related_model._meta.label_lower for relation in _relations(Incident)]


def _relations(model):
    # What a room keeps aside (a relation without a name) is looked for like the rest.
    return [
        relation
        for relation in model._meta.get_fields(include_hidden=True)
        if relation.auto_created
        and not relation.concrete
        and not relation.related_model._meta.auto_created
    ]


def _pointing_at(model, key, path=""):
    """(label, key as text, whether it hangs there) of what points at the ``model`` of that key.

    ``path`` leads from ``model`` to what ``key`` is the key of, where that is something else.
    """
    pointing = []
    for relation in _relations(model):
        other = relation.related_model
        # This app's own rows are the incident; what has no name here does not hang on it either.
        hangs = other._meta.app_label != "triage" and not relation.hidden
        found = other.objects.filter(**{f"{relation.field.name}{path}": key}).order_by()
        told = (Value(other._meta.label_lower), Cast("pk", TextField()), Value(hangs))
        pointing.append(found.values_list(*told))
    return pointing[0].union(*pointing[1:], all=True)


def whole(user, pk) -> Incident | None:
    """The incident of that key with who is in it and how it was assessed, if ``user`` sees it."""
    incident = seen_by(user, pk)
    if incident is None:
        return None
    for name, read in (("participants", _participants), ("assessments", _assessments)):
        kept = getattr(incident, name).all()
        kept._result_cache, kept._prefetch_done = read(incident=pk), True
        for one in kept:
            one.incident = incident
        incident.__dict__.setdefault("_prefetched_objects_cache", {})[name] = kept
    return incident


def seen_by(user, pk) -> Incident | None:
    """The incident of that key with its force, handler and owner, if ``user`` sees it."""
    return next(iter(_seen(user=user.pk, incident=pk)), None)


@Prepared
def _seen(user, incident):
    found = incidents_for(User(pk=user)).filter(pk=incident).order_by()
    return found.select_related("force", "handler", "owner__duty")


@Prepared
def _participants(incident):
    found = Participant.objects.filter(incident=incident).select_related("contact")
    return found.order_by("id")


@Prepared
def _assessments(incident):
    return assessments().filter(incident=incident)


def crime_of(incident) -> Crime | None:
    """The crime recorded of ``incident``, with the officer in charge."""
    if not incident.may_have(Crime):
        return None
    return next(iter(_crime(incident=incident.pk)), None)


@Prepared
def _crime(incident):
    return Crime.objects.filter(incident=incident).select_related("officer_in_charge").order_by()


def offers_of(incident) -> list[Offer]:
    """The victim's choices, the latest first. A witness's is not among these."""
    return _offers(incident=incident.pk) if incident.may_have(Offer) else []


@Prepared
def _offers(incident):
    found = Offer.objects.filter(incident=incident, contact=None).select_related("recorded_by")
    return found.order_by("-chosen_at", "-id")


# As SQL: an incident's page asks for them, mostly there are none, and to put the question together
# takes longer than to answer it.
_TEXTS_ABOUT = """
select text.id from messaging_notification text
  join unnest(%s::text[], %s::uuid[]) as about(type, id)
    on text.about_type = about.type and text.about_id = about.id
 order by text.queued_at desc, text.id desc limit %s
"""
_ENTRIES_ABOUT = """
select entry.at, entry.type, entry.actor, entry.detail,
       staff.first_name, staff.last_name, staff.username
  from audit_entry entry
  join unnest(%s::text[], %s::text[]) as about(type, id)
    on entry.about_type = about.type and entry.about_id = about.id
  left join accounts_user staff on staff.id =
       case when entry.actor like 'user:________-____-____-____-____________'
            then substr(entry.actor, 6)::uuid end
 order by entry.at desc, entry.id desc limit %s
"""
MOST_TEXTS, MOST_EVENTS = 50, 200


def notifications(pairs) -> list[Notification]:
    """Texts and e-mails about any of ``pairs`` (see ``hanging_on``), latest first; 50 at most."""
    keyed = [pair for pair in pairs if "-" in pair[1]]  # what has another key than a UUID has none
    keys = [key for (key,) in _rows(_TEXTS_ABOUT, keyed, MOST_TEXTS)]
    if not keys:
        return []
    found = Notification.objects.filter(pk__in=keys).select_related("contact")
    return list(found.order_by("-queued_at", "-id"))


def timeline(pairs) -> list[Event]:
    """What the ledger says of an incident and what hangs on it, latest first; 200 at most."""
    entries = [
        (at, kind, actor, json.loads(detail), name_of(*name))
        for at, kind, actor, detail, *name in _rows(_ENTRIES_ABOUT, pairs, MOST_EVENTS)
    ]
    named = {
        detail[side]
        for _, kind, _, detail, _ in entries
        if kind == "incident.owner_changed"
        for side in ("to", "before")
        if detail.get(side)
    }
    people = User.objects.filter(pk__in=named) if named else ()
    names = {str(user.pk): str(user) for user in people}

    def who(actor, name):
        return "The victim" if actor.startswith("visit:") else name or "The system"

    return [
        Event(at, kind, who(actor, name), detail, names)
        for at, kind, actor, detail, name in entries
    ]


def _rows(asked, pairs, most):
    with connection.cursor() as cursor:
        cursor.execute(asked, [[label for label, _ in pairs], [key for _, key in pairs], most])
        return cursor.fetchall()


@dataclass(frozen=True)
class Clock:
    """How a deadline stands: ``state`` is "late", "soon" or "ok"; ``says`` is for people."""

    state: str
    says: str
    when: str


def clock(due_at, *, at, warn_minutes: int) -> Clock:
    """``due_at`` as seen at ``at``; "soon" in the last ``warn_minutes`` before it."""
    minutes, when = minutes_left(due_at, at=at), local_time.staff_time(due_at)
    if minutes < 0:
        return Clock("late", f"{span(-1 - minutes)} late", when)
    state = "soon" if minutes < warn_minutes else "ok"
    return Clock(state, f"in {span(minutes)}", when)


def minutes_left(due_at, *, at) -> int:
    """Whole minutes from ``at`` to ``due_at``; past it -1 in the first minute, -2 in the second."""
    left = (due_at - at).total_seconds()
    return int(left // 60) if left >= 0 else -1 - int(-left // 60)


def span(minutes: int) -> str:
    """A length of time at a glance: "5 min", "3 h 05", "2 d 4 h"."""
    hours, rest = divmod(minutes, 60)
    if hours == 0:
        return f"{rest} min"
    if hours < 24:
        return f"{hours} h {rest:02d}"
    return f"{hours // 24} d {hours % 24} h"
