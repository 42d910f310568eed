"""Reads of cases: for lists, the inbox, one case's page, and the victim's own."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, Min, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from appointments.models import Appointment, StatementVersion
from messaging import asking, conversations
from messaging.models import NOTICES, Conversation, Message, Notification
from portal import permissions, rights, words
from portal.models import Case, CaseEvent, Entitlement
from triage.models import Assessment, Crime, Participant
from victimcontact.accounts.models import User
from victimcontact.accounts.roles import PERMISSIONS
from victimcontact.lib.local_time import local
from victimcontact.lib.prepared import Prepared

ABOUT_A_CASE = Case._meta.label_lower
PAGE = 50
EARLIER_MARKS_COUNT = timedelta(days=5 * 365)
# Appointments that were never for the victim to know of.
NEVER_TOLD = (Appointment.Status.HELD, Appointment.Status.RELEASED)


# Which cases a person sees


def cases_for(user):
    """The cases that ``user`` may see: their own; all of their forces for who supervises them."""
    seen = Case.objects.filter(force__in=user.forces.all())
    if not permissions.sees_all_cases(user):
        seen = seen.filter(officer_in_charge=user)
    return seen.select_related("force", "contact", "crime", "officer_in_charge")


def with_marks(cases, at):
    """``cases`` with what a list shows of each.

    ``waiting_since`` (the oldest message of the victim that no staff has dealt with, or None) and
    ``overdue`` (how many rights are late at ``at``).
    """
    late = (
        Entitlement.objects.filter(case=OuterRef("pk"), met_at=None, due_at__lt=at)
        .order_by()
        .values("case")
        .annotate(many=Count("pk"))
        .values("many")
    )
    return cases.annotate(
        waiting_since=Subquery(
            _unseen(about=OuterRef("pk"))
            .order_by()
            .values("conversation")
            .annotate(oldest=Min("sent_at"))
            .values("oldest")
        ),
        overdue=Subquery(late),
    )


def case_list(user, *, show, at, before=None):
    """One page of cases, newest first: (cases with marks, whether there are more).

    ``show`` is "mine", "all" or "closed"; ``before`` the Case after which to go on.
    """
    cases = cases_for(user)
    if show == "closed":
        cases = cases.filter(status=Case.Status.CLOSED)
    else:
        cases = cases.exclude(status=Case.Status.CLOSED)
    if show == "mine":
        cases = cases.filter(officer_in_charge=user)
    if before is not None:
        cases = cases.filter(
            Q(opened_at__lt=before.opened_at) | Q(opened_at=before.opened_at, pk__lt=before.pk)
        )
    found = list(with_marks(cases, at).order_by("-opened_at", "-pk")[: PAGE + 1])
    return found[:PAGE], len(found) > PAGE


def inbox(user, at):
    """Cases in which a victim's message waits for this person, the longest waiting first."""
    return (
        with_marks(cases_for(user), at)
        .filter(waiting_since__isnull=False)
        .order_by("waiting_since", "pk")
    )


def waiting_count(user) -> int:
    """How many cases have a message waiting for this person."""
    count = _waiting_in_forces if permissions.sees_all_cases(user) else _waiting_for
    return count.count(user=user.pk)


@Prepared
def _waiting_in_forces(user):
    waiting = Exists(_unseen(about=OuterRef("pk")))
    return Case.objects.filter(waiting, force__in=User(pk=user).forces.all()).values("pk")


@Prepared
def _waiting_for(user):
    return _waiting_in_forces.__wrapped__(user).filter(officer_in_charge=user)


def crimes_without_case(user):
    """Recorded crimes whose case could not be opened: no victim was known."""
    crimes = Crime.objects.filter(force__in=user.forces.all(), case=None)
    if not permissions.sees_all_cases(user):
        crimes = crimes.filter(officer_in_charge=user)
    return crimes.select_related("incident", "force").order_by("recorded_at")


def officers_for(case):
    """The staff who may be given this case."""
    roles = [role for role, held in PERMISSIONS.items() if "case.update" in held]
    return (
        User.objects.filter(is_active=True, forces=case.force_id, roles__overlap=roles)
        .distinct()
        .order_by("last_name", "first_name")
    )


def _unseen(*, about):
    """Messages of victims in the conversation about a case that no staff has dealt with."""
    return Message.objects.filter(
        conversation__about_type=ABOUT_A_CASE,
        conversation__about_id=about,
        author=Message.Author.VICTIM,
    ).filter(Q(conversation__staff_read_at=None) | Q(sent_at__gt=F("conversation__staff_read_at")))


# Before an invitation


def invitation_facts(case, at) -> permissions.InvitationFacts:
    """What is known of the victim when an invitation is considered."""
    incident, contact = case.crime.incident, case.contact
    assessment = incident.current_assessment
    earlier = Assessment.objects.filter(
        decided_at__gte=at - EARLIER_MARKS_COUNT,
        incident__participants__contact=contact,
        incident__participants__role__in=(Participant.Role.VICTIM, Participant.Role.CALLER),
    ).exclude(incident=incident)
    obstacles = [asking.standing_obstacle(contact, channel, at) for channel in NOTICES]
    # Of two obstacles the one on texts says more: nearly everyone is reached by them.
    obstacle = None if None in obstacles else obstacles[0]
    plan = contact.plan
    return permissions.InvitationFacts(
        marks=rights.marks(assessment.flags if assessment else (), case.crime.crime_type),
        earlier_flags=frozenset(flag for row in earlier for flag in row.flags),
        age=_age(contact, assessment, at),
        obstacle=obstacle,
        phone_watched=bool(plan and plan.phone_watched),
        needs_interpreter=bool(contact.needs.get("interpreter")),
    )


def _age(contact, assessment, at):
    if contact.date_of_birth:
        born, today = datetime.fromisoformat(contact.date_of_birth), local(at)
        return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return assessment.answers.get("victim_age") if assessment else None


def wants_texts(case) -> bool:
    """Whether the victim wants a text when there is something to read: yes, unless they said no."""
    last = (
        case.events.filter(type__in=("texts_off", "texts_on"))
        .order_by("-recorded_at", "-id")
        .values_list("type", flat=True)
        .first()
    )
    return last != "texts_off"


# One case


@dataclass(frozen=True)
class Moment:
    """Something in a case's timeline. ``words`` are what the victim may read, ``note`` is ours."""

    at: datetime
    kind: str  # report, appointment, statement, message, event, text
    title: str
    words: str = ""
    note: str = ""
    who: str = ""
    is_shown: bool = False  # the victim can see it


EVENT_TITLES = {
    "recorded": "Crime recorded, case opened",
    "status": "Status changed",
    "update": "Update",
    "assigned": "New officer in charge",
    "invited": "Victim invited to the portal",
    "portal_shut": "Portal shut: no longer safe",
    "texts_off": "Victim asked for no texts about new messages",
    "texts_on": "Victim asked for texts about new messages",
    "needs": "Needs assessment",
    "told_phone": "Victim told by phone",
    "told_in_person": "Victim told in person",
    "told_letter": "Victim told by letter",
    "told_email": "Victim told by e-mail",
    "told_referred": "Referred to a support service",
    "told_declined": "Offered, and the victim said no",
    "cannot": "Could not be given",
}


def event_title(event) -> str:
    """How staff read an event of a case."""
    title = EVENT_TITLES.get(event.type) or rights.current().triggers.get(event.type, event.type)
    return f"{title}: {event.get_status_display()}" if event.status else title


def case_timeline(case) -> list[Moment]:
    """Everything that happened in a case, newest first: report, appointments, statements, talk.

    The one place that joins them. As many queries for one row of each as for a hundred.
    """
    incident = case.crime.incident
    moments = [Moment(incident.reported_at, "report", f"Reported by {incident.channel}")]
    for one in incident.appointments.exclude(status__in=NEVER_TOLD).select_related("officer"):
        moments.append(
            Moment(
                one.starts_at,
                "appointment",
                f"Video appointment: {one.get_status_display().lower()}",
                who=str(one.officer),
                is_shown=True,
            )
        )
    for version in signed_statements(case):
        moments.append(
            Moment(
                version.signed_at,
                "statement",
                f"Statement signed, version {version.number}",
                is_shown=True,
            )
        )
    for event in case.events.select_related("recorded_by"):
        moments.append(
            Moment(
                event.happened_at,
                "event",
                event_title(event),
                words=event.words,
                note=event.internal_note,
                who=str(event.recorded_by) if event.recorded_by else "",
                is_shown=event.is_visible,
            )
        )
    for message in messages(case):
        from_victim = message.author == Message.Author.VICTIM
        moments.append(
            Moment(
                message.sent_at,
                "message",
                "Message from the victim" if from_victim else "Message to the victim",
                who="" if from_victim else str(message.staff),
                is_shown=True,
            )
        )
    for text in Notification.objects.filter(about_type=ABOUT_A_CASE, about_id=case.pk):
        moments.append(
            Moment(
                text.sent_at or text.queued_at,
                "text",
                f"{text.get_channel_display()} to the victim: {text.get_status_display().lower()}",
                is_shown=True,
            )
        )
    # Of one moment what is listed later came later: recording after the report.
    return sorted(moments, key=lambda moment: moment.at)[::-1]


def signed_statements(case):
    """The victim's sealed statements about this crime, newest first, each with ``signed_at``."""
    return (
        StatementVersion.objects.filter(
            statement__incident=case.crime.incident_id,
            statement__contact=case.contact_id,
            status=StatementVersion.Status.SIGNED,
        )
        .annotate(signed_at=Coalesce(Min("signatures__signed_at"), "finalised_at"))
        .select_related("statement")
        .order_by("-finalised_at")
    )


def conversation(case) -> Conversation | None:
    """The conversation about a case, or None before the first message."""
    return Conversation.objects.filter(
        contact=case.contact_id, about_type=ABOUT_A_CASE, about_id=case.pk
    ).first()


def messages(case) -> list[Message]:
    """What was said about a case, oldest first."""
    return list(
        Message.objects.filter(
            conversation__contact=case.contact_id,
            conversation__about_type=ABOUT_A_CASE,
            conversation__about_id=case.pk,
        )
        .select_related("staff")
        .order_by("sent_at", "id")
    )


@dataclass(frozen=True)
class Owed:
    """One right of a case with its words. ``state``: met, shown, impossible, late, due or open."""

    entitlement: Entitlement
    right: rights.Right
    state: str


# Two rows of a table are compared by where they stand here.
STATES = ("late", "shown", "due", "impossible", "open", "met")


def owed(case, at) -> list[Owed]:
    """The rights of a case: what is late first, then by when it is due; what was given last."""
    code = rights.current()
    rows = [
        Owed(one, code.rights[one.right], _state(one, at))
        for one in case.entitlements.select_related("met_by")
        if one.right in code.rights
    ]
    far = datetime.max.replace(tzinfo=at.tzinfo)
    return sorted(rows, key=lambda row: (STATES.index(row.state), row.entitlement.due_at or far))


def _state(entitlement, at):
    if entitlement.met_at is not None:
        return "met"
    if entitlement.not_met_reason:
        return "impossible"
    if entitlement.due_at is not None and entitlement.due_at < at:
        return "late"
    if entitlement.proof_type:
        return "shown"
    return "due" if entitlement.due_at is not None else "open"


# The victim's page


def case_of_visit(visit) -> Case | None:
    """The case behind a verified opening of a portal link, or None where it is shut."""
    return (
        Case.objects.filter(
            pk=visit.link.about_id, contact=visit.link.contact_id, invited_at__isnull=False
        )
        .select_related("force", "contact", "crime__incident", "officer_in_charge")
        .first()
    )


def officer_as_told(case) -> str:
    """The officer's name and collar number, or empty where the plan does not allow a name."""
    plan = case.contact.plan
    return case.officer_in_charge.styled_name if plan and plan.officer_name_safe else ""


@dataclass(frozen=True)
class Line:
    """A message as the victim reads it."""

    message: Message
    is_mine: bool
    who: str
    is_new: bool


@dataclass(frozen=True)
class Portal:
    """Everything on the victim's page."""

    case: Case
    officer: str
    status: words.StatusWords
    lines: list[Line]
    just_sent: bool
    waiting_reply: bool
    events: list[CaseEvent]
    owed: list[Owed]
    appointments: list
    statements: list
    services: list[words.Service]
    wants_texts: bool
    last_shown_at: datetime | None  # of the newest message on the page


JUST_NOW = timedelta(minutes=2)


def portal_page(case, at) -> Portal:
    """The victim's page of a case: only what belongs to them and may be shown."""
    officer = officer_as_told(case)
    talk = conversation(case)
    said = messages(case)
    seen = talk.victim_read_at if talk else None
    lines = [
        Line(
            message=message,
            is_mine=message.author == Message.Author.VICTIM,
            who=_who(message, bool(officer)),
            is_new=message.author == Message.Author.STAFF
            and (seen is None or message.sent_at > seen),
        )
        for message in said
    ]
    last = lines[-1] if lines else None
    return Portal(
        case=case,
        officer=officer,
        status=words.status(
            case.status,
            officer=officer,
            next_update_on=case.next_update_on,
            today=local(at).date(),
        ),
        lines=lines,
        just_sent=bool(last and last.is_mine and at - last.message.sent_at < JUST_NOW),
        waiting_reply=bool(last and last.is_mine),
        events=list(case.events.filter(is_visible=True).order_by("-happened_at", "-id")),
        owed=owed(case, at),
        appointments=list(
            case.crime.incident.appointments.filter(contact=case.contact_id)
            .exclude(status__in=NEVER_TOLD)
            .select_related("officer", "desk")
        ),
        statements=list(signed_statements(case)),
        services=words.services(),
        wants_texts=wants_texts(case),
        last_shown_at=said[-1].sent_at if said else None,
    )


def _who(message, may_name):
    if message.author == Message.Author.VICTIM:
        return _("You")
    return message.staff.styled_name if may_name else _("The officer")


def mark_read_by_victim(case, up_to) -> None:
    """The victim's page showed every message up to this time."""
    talk = conversation(case)
    if talk and up_to and (talk.victim_read_at is None or talk.victim_read_at < up_to):
        conversations.mark_read(talk, side=conversations.VICTIM, up_to=up_to)
