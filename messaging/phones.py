"""The phones of the handset: what came to them, a page at a time or all that have one number."""

from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.db.models import F, Max, Q, Window
from django.db.models.functions import RowNumber

from messaging.models import InboundText, Notification
from messaging.transports import HANDSET_PREFIX
from messaging.writing import WITH_CALENDAR, context_of
from victimcontact.lib.encryption import blind_index
from victimcontact.people.models import Contact

MOST_PHONES = 12
MOST_BUBBLES = 30


@dataclass(frozen=True)
class Bubble:
    """One text or e-mail on the phone; ``is_reply`` when the phone sent it.

    ``calendar`` is the iCalendar file that came with an e-mail; empty for none.
    """

    id: object
    at: object
    body: str
    subject: str = ""
    is_reply: bool = False
    calendar: str = ""


@dataclass(frozen=True)
class Phone:
    """A victim's phone: ``bubbles`` oldest first, ``latest`` as the locked screen shows it."""

    contact: Contact
    bubbles: list[Bubble]

    @property
    def latest(self) -> Bubble:
        return next(bubble for bubble in reversed(self.bubbles) if not bubble.is_reply)


def shown():
    """What only the handset shows."""
    return Notification.objects.filter(provider_id__startswith=HANDSET_PREFIX)


def owners():
    """Everyone to whom something was sent that only the handset shows."""
    return Contact.objects.filter(notifications__in=shown()).distinct()


def find(*, number: str = "", email: str = "") -> Contact | None:
    """Whoever something came to by this number (E.164) or address; the latest, where several."""
    index = {"phone_index": blind_index("phone", number)}
    if email:
        index = {"email_index": blind_index("email", email.strip().lower())}
    return owners().filter(**index).order_by("-created_at", "-pk").first()


def page(number, *, alike: Contact | None = None) -> Page:
    """The phones that something came to, the latest first: page ``number`` of them.

    With ``alike`` only that one, and those of others who have the same number.
    """
    found = shown()
    if alike is not None:
        same = Q(contact=alike)
        if alike.phone:
            same |= Q(contact__phone_index=alike.phone_index)
        found = found.filter(same)
    rows = found.values("contact").annotate(latest=Max("sent_at"))
    some = Paginator(rows.order_by("-latest", "-contact"), MOST_PHONES).get_page(number)
    some.object_list = _phones([row["contact"] for row in some.object_list])
    return some


def version(some: Page) -> str:
    """Changes whenever anything on these phones does."""
    bubbles = [bubble for phone in some for bubble in phone.bubbles]
    latest = max(bubbles, key=lambda bubble: bubble.at, default=None)
    return f"{some.paginator.count}-{len(bubbles)}-{latest.id if latest else ''}"


def _phones(contact_ids):
    nth = Window(
        RowNumber(), partition_by="contact", order_by=[F("sent_at").desc(), F("pk").desc()]
    )
    sent = (
        shown()
        .filter(contact__in=contact_ids)
        .annotate(nth=nth)
        .filter(nth__lte=MOST_BUBBLES)
        .select_related("contact__force")
    )
    people, bubbles = {}, {}
    for row in sent:
        people[row.contact_id] = row.contact
        calendar = context_of(row).get("calendar", "") if row.template in WITH_CALENDAR else ""
        bubbles.setdefault(row.contact_id, []).append(
            Bubble(row.pk, row.sent_at, row.body, row.subject, calendar=calendar)
        )
    theirs = InboundText.objects.filter(
        Q(contact__in=contact_ids) | Q(account__contact__in=contact_ids)
    )
    for text in theirs.select_related("account"):
        whose = text.contact_id or text.account.contact_id
        bubbles[whose].append(Bubble(text.pk, text.received_at, text.body, is_reply=True))
    return [
        Phone(people[pk], sorted(bubbles[pk], key=lambda bubble: bubble.at)) for pk in contact_ids
    ]
