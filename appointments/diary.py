"""What the diary's pages show: a day or a week of appointments, and one appointment whole."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import OuterRef, Prefetch, Q, Subquery
from django.db.models.functions import Now

from appointments import calendar, rooms, selectors
from appointments.models import Appointment, ChangeRequest
from messaging.models import Notification
from triage.models import Assessment
from triage.thrive import ELEMENTS, FLAGS
from victimcontact.accounts.permissions import can
from victimcontact.lib import local_time
from victimcontact.people import needs
from victimcontact.people.models import ContactPlan

SHOWN = (*Appointment.LIVE, Appointment.Status.ENDED, Appointment.Status.MISSED)
NIGHT = timedelta(hours=8)
LEVELS = ("None", "Low", "Medium", "High")
COLOURS = {
    Notification.Status.DELIVERED: "green",
    Notification.Status.SENT: "blue",
    Notification.Status.UNDELIVERED: "red",
    Notification.Status.FAILED: "red",
    Notification.Status.HELD: "orange",
    Notification.Status.DROPPED: "orange",
}


@dataclass(frozen=True)
class Row:
    """One appointment as a list shows it. ``text`` is the latest Notification about it or None."""

    appointment: Appointment
    assessment: Assessment | None
    plan: ContactPlan | None
    text: Notification | None
    is_here: bool
    may_enter: bool

    @property
    def grade(self):
        return self.appointment.incident.grade

    @property
    def grade_word(self):
        return self.appointment.incident.force.grade_label(self.grade) if self.grade else ""

    @property
    def flags(self):
        return flag_labels(self.assessment)

    @property
    def text_colour(self):
        return COLOURS.get(self.text.status, "grey") if self.text else ""

    @property
    def needs(self):
        return needs.told(self.appointment.contact)

    @property
    def changes(self):
        """What the victim asked for and nobody has settled, as words."""
        return [change.get_wish_display() for change in self.appointment.open_changes]


@dataclass(frozen=True)
class ElementRow:
    """One of the six elements: its name, its level in a word, and why."""

    name: str
    level: str
    rationale: list


def day(user, on: date, *, everyone: bool, at: datetime) -> list[Row]:
    """The day's appointments by time: the user's own, or with ``everyone`` all they may see.

    ``on`` is a day on London's calendar; today also reaches NIGHT back and ahead of ``at``: a shift
    runs over midnight, and whoever is due then may wait before it. The number of queries does not
    grow with the rows.
    """
    start, end = local_time.day_bounds(on)
    if start <= at < end:
        start, end = min(start, at - NIGHT), max(end, at + NIGHT)
    return _rows(user, start, end, everyone=everyone, at=at)


def week(user, monday: date, *, everyone: bool, at: datetime) -> list[tuple[date, list[Row]]]:
    """Seven days from ``monday``, each with its rows."""
    days = [monday + timedelta(days=number) for number in range(7)]
    start, end = local_time.day_bounds(days[0])[0], local_time.day_bounds(days[-1])[1]
    found = {each: [] for each in days}
    for row in _rows(user, start, end, everyone=everyone, at=at):
        found[local_time.local(row.appointment.starts_at).date()].append(row)
    return list(found.items())


def next_up(rows, at) -> Row | None:
    """Whom to see now: a victim who waits, else the call in progress, else the next to come."""
    for status in (Appointment.Status.WAITING, Appointment.Status.IN_CALL):
        for row in rows:
            if row.appointment.status == status:
                return row
    return next(
        (
            row
            for row in rows
            if row.appointment.status == Appointment.Status.BOOKED and row.appointment.ends_at > at
        ),
        None,
    )


def put_through(rows, at) -> Row | None:
    """The caller whom a handler has put through to this officer, and who is not in the room yet."""
    return next(
        (
            row
            for row in rows
            if row.appointment.status in (Appointment.Status.BOOKED, Appointment.Status.WAITING)
            and getattr(row.appointment, "passed_on", None)
            and row.appointment.ends_at > at
        ),
        None,
    )


def one(user, appointment, *, at: datetime) -> Row:
    """The Row of a single appointment."""
    appointment = _whole(Appointment.objects.filter(pk=appointment.pk)).get()
    return _as_rows(user, [appointment], at=at)[0]


def of(user, appointments, *, at: datetime) -> list[Row]:
    """The Rows of a queryset of appointments, by time."""
    return _as_rows(user, list(_whole(appointments).order_by("during")), at=at)


def texts_about(appointment) -> list[tuple[Notification, str]]:
    """Every text about an appointment, the latest first, each with the colour of its state."""
    texts = Notification.objects.filter(
        about_type=Appointment._meta.label_lower, about_id=appointment.pk
    )
    return [(text, COLOURS.get(text.status, "grey")) for text in texts.order_by("-queued_at")]


def has_own_diary(user) -> bool:
    """Whether appointments are put into this person's diary; others look at everyone's."""
    return can(user, "room.enter")


def elements(assessment) -> list[ElementRow]:
    """The six elements in their order, with the handler's rationale before the engine's."""
    if assessment is None:
        return []
    heard = assessment.findings.get("elements", {})
    found = []
    for key, name in ELEMENTS.items():
        level = assessment.elements.get(key, 0)
        own = assessment.rationales.get(key)
        reasons = [own] if own else []
        reasons += heard.get(key, {}).get("rationale", [])
        found.append(ElementRow(name, LEVELS[min(int(level), 3)], reasons))
    return found


def flag_labels(assessment) -> list[str]:
    """The flags that stand, in words, those found by the engine first."""
    return [FLAGS.get(name, name) for name in assessment.flags] if assessment else []


def _rows(user, start, end, *, everyone, at):
    appointments = selectors.appointments_for(user).filter(
        during__startswith__gte=start, during__startswith__lt=end, status__in=SHOWN
    )
    if not everyone:
        appointments = appointments.filter(officer=user)
    return _as_rows(user, list(_whole(appointments).order_by("during")), at=at)


def _whole(appointments):
    # A reminder that waits for its evening says nothing of whether the time arrived, nor does a
    # calendar file.
    latest = (
        Notification.objects.filter(
            Q(not_before=None) | Q(not_before__lte=Now()),
            about_type=Appointment._meta.label_lower,
            about_id=OuterRef("pk"),
        )
        .exclude(template=calendar.BY_EMAIL)
        .order_by("-queued_at")
    )
    return (
        appointments.select_related(
            "incident__force", "contact", "desk", "officer", "passed_on", "offer__recorded_by"
        )
        .annotate(text_id=Subquery(latest.values("pk")[:1]))
        .prefetch_related(
            Prefetch(
                "change_requests",
                queryset=ChangeRequest.objects.filter(settled_at=None),
                to_attr="open_changes",
            )
        )
    )


def _as_rows(user, appointments, *, at):
    incidents = {appointment.incident_id for appointment in appointments}
    contacts = {appointment.contact_id for appointment in appointments}
    assessments = {
        assessment.incident_id: assessment
        for assessment in Assessment.objects.filter(
            incident__in=incidents, superseded_by=None
        ).order_by("number")
    }
    plans = {
        plan.contact_id: plan
        for plan in ContactPlan.objects.filter(contact__in=contacts, replaced_at=None)
    }
    texts = Notification.objects.in_bulk(
        [appointment.text_id for appointment in appointments if appointment.text_id]
    )
    here = rooms.here_now(appointments, at)
    manages = can(user, "diary.manage")
    enters = can(user, "room.enter")
    return [
        Row(
            appointment=appointment,
            assessment=assessments.get(appointment.incident_id),
            plan=plans.get(appointment.contact_id),
            text=texts.get(appointment.text_id),
            is_here=appointment.pk in here and appointment.status in Appointment.LIVE[1:],
            may_enter=enters
            and appointment.is_video
            and (manages or appointment.officer_id == user.pk),
        )
        for appointment in appointments
    ]
