"""Writing a notification down: its exact words, in the transaction of what it tells."""

from datetime import datetime, timedelta

from django.db.models import F, Q

from messaging import wording
from messaging.models import Channel, Notification, Template
from victimcontact.audit import ledger

# Nothing heard for this long after it was due, or sent: another way, or a person.
DECIDED_WITHIN = timedelta(minutes=5)
# So long before the time that it names it must be known to have arrived: another way takes time.
NEEDED_BEFORE = timedelta(minutes=30)
# With these goes the calendar file that stands in their context as "calendar".
WITH_CALENDAR = ("appointment_calendar",)


def write(
    template: str,
    *,
    to,
    about: tuple,
    channel: str,
    context: dict,
    at: datetime,
    not_before: datetime | None = None,
    useful_until: datetime | None = None,
    instead_of: Notification | None = None,
    by=None,
) -> Notification:
    """Make the row and its ledger entry. Raises wording.UnknownTemplate, wording.Unfilled."""
    subject, body = words(template, channel, to.language, to.force_id, context)
    due_at = at if not_before is None else max(at, not_before)
    notification = Notification.objects.create(
        force_id=to.force_id,
        contact=to,
        template=template,
        channel=channel,
        language=to.language,
        subject=subject,
        body=body,
        context=_packed(context),
        about_type=about[0],
        about_id=about[1],
        not_before=not_before,
        useful_until=useful_until,
        needed_by=_needed_by(context),
        next_attempt_at=due_at,
        look_at=due_at + DECIDED_WITHIN,
        instead_of=instead_of,
        queued_at=at,
        queued_by=by,
    )
    ledger.record(
        "notification.queued",
        by=by,
        about=notification,
        at=at,
        template=template,
        channel=str(channel),
        parts=wording.count(body).parts,
        **({} if instead_of is None else {"instead_of": str(instead_of.pk)}),
    )
    return notification


def words(template: str, channel: str, language: str, force, context: dict) -> tuple[str, str]:
    """(subject, body) as they will be sent: an administrator's wording, else the house's file.

    ``force`` is a Force or its key.
    """
    own = (
        Template.objects.filter(Q(force=force) | Q(force=None))
        .filter(name=template, channel=channel, language=language)
        .order_by(F("force").asc(nulls_last=True))
        .first()
    )
    if own is not None:
        subject, text = own.subject, wording.plain(own.body).strip()
    else:
        subject, text = "", wording.default(template, channel, language)
        if channel == Channel.EMAIL:
            subject, text = wording.subject_and_body(text)
    return subject, wording.fill(text, context, language)


def context_of(notification: Notification) -> dict:
    """What its words were filled with."""
    packed = notification.context or {}
    moments = {name: datetime.fromisoformat(text) for name, text in packed.get("at", {}).items()}
    return packed.get("text", {}) | moments


def _needed_by(context):
    """A text that names a time must be read before it; other texts wait until somebody looks."""
    named = context.get("when")
    return named - NEEDED_BEFORE if isinstance(named, datetime) else None


def _packed(context):
    moments = {name: each for name, each in context.items() if isinstance(each, datetime)}
    return {
        "text": {name: str(each) for name, each in context.items() if name not in moments},
        "at": {name: each.isoformat() for name, each in moments.items()},
    }
