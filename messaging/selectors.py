"""Reads for the pages of messaging."""

from dataclasses import dataclass

from django.apps import apps
from django.db.models import Q

from messaging.models import InboundText, Notification, StaffTask
from messaging.transports import HANDSET_PREFIX
from victimcontact.people.models import Contact

MOST_PHONES = 12
MOST_BUBBLES = 30


@dataclass(frozen=True)
class Bubble:
    """One text or e-mail on the phone; ``is_reply`` when the phone sent it."""

    id: object
    at: object
    body: str
    subject: str = ""
    is_reply: bool = False


@dataclass(frozen=True)
class Phone:
    """A victim's phone: ``bubbles`` oldest first, ``latest`` as the locked screen shows it."""

    contact: Contact
    bubbles: list[Bubble]

    @property
    def latest(self) -> Bubble:
        return next(bubble for bubble in reversed(self.bubbles) if not bubble.is_reply)


def people_with_a_handset():
    """Everyone to whom something was sent that only the handset shows."""
    return Contact.objects.filter(notifications__provider_id__startswith=HANDSET_PREFIX).distinct()


def phones() -> list[Phone]:
    """The phones that something came to, the latest first."""
    sent = (
        Notification.objects.filter(provider_id__startswith=HANDSET_PREFIX)
        .select_related("contact")
        .order_by("-sent_at", "-id")[: MOST_PHONES * MOST_BUBBLES]
    )
    by_contact = {}
    for notification in sent:
        bubbles = by_contact.setdefault(notification.contact, [])
        if len(bubbles) < MOST_BUBBLES:
            bubbles.append(
                Bubble(
                    notification.pk, notification.sent_at, notification.body, notification.subject
                )
            )
    contacts = list(by_contact)[:MOST_PHONES]
    theirs = InboundText.objects.filter(Q(contact__in=contacts) | Q(account__contact__in=contacts))
    for text in theirs.select_related("contact", "account__contact"):
        by_contact[text.contact or text.account.contact].append(
            Bubble(text.pk, text.received_at, text.body, is_reply=True)
        )
    return [
        Phone(contact, sorted(by_contact[contact], key=lambda bubble: bubble.at))
        for contact in contacts
    ]


def phones_version(found: list[Phone]) -> str:
    """Changes whenever anything on the phones does."""
    return "-".join(
        [str(sum(len(phone.bubbles) for phone in found))]
        + [str(phone.bubbles[-1].id) for phone in found[:1]]
        + [f"{max((b.at for p in found for b in p.bubbles), default=0)}".replace(" ", "T")]
    )


def person_of(task: StaffTask) -> Contact | None:
    """The person a task is about: of its text, or whom the row that it names has as contact."""
    if task.notification is not None:
        return task.notification.contact
    if task.about_type == "people.contact":
        return Contact.objects.filter(pk=task.about_id).first()
    about = apps.get_model(task.about_type) if task.about_type else None
    if about is None or not any(field.name == "contact" for field in about._meta.fields):
        return None
    return Contact.objects.filter(
        pk__in=about._base_manager.filter(pk=task.about_id).values("contact")
    ).first()


def texts_behind(task: StaffTask, person: Contact | None) -> list[InboundText]:
    """The texts from this person's number that the task was raised for."""
    kinds = (
        StaffTask.Kind.TEXT_RECEIVED,
        StaffTask.Kind.TEXT_DANGER,
        StaffTask.Kind.STOP_RECEIVED,
    )
    if person is None or task.kind not in kinds:
        return []
    return list(
        InboundText.objects.filter(contact=person, received_at__gte=task.raised_at).order_by(
            "received_at"
        )[:5]
    )
