"""What a victim and the officer in charge write to each other. Nothing said is edited or unsent."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from messaging.models import Conversation, Message
from messaging.signals import message_received
from messaging.staff_tasks import about_of
from victimcontact.audit import ledger

MOST_CHARACTERS = 20_000
VICTIM = Message.Author.VICTIM
STAFF = Message.Author.STAFF


class Unsayable(ValueError):
    """The words cannot be sent as they are; the message, translated, is for who wrote them."""


def open_for(*, contact, about, at: datetime) -> Conversation:
    """The one conversation with ``contact`` about a thing, begun now if there is none."""
    about_type, about_id = about_of(about)
    conversation, _created = Conversation.objects.get_or_create(
        contact=contact,
        about_type=about_type,
        about_id=about_id,
        defaults={"force": contact.force, "opened_at": at},
    )
    return conversation


def clean(body: str) -> str:
    """``body`` as it would be kept: line ends alike, no spaces around. Raises Unsayable."""
    body = body.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").strip()
    if not body:
        raise Unsayable(_("Write your message"))
    if len(body) > MOST_CHARACTERS:
        raise Unsayable(
            _("Your message must be %(most)s characters or fewer. It has %(length)s")
            % {"most": f"{MOST_CHARACTERS:,}", "length": f"{len(body):,}"}
        )
    return body


@transaction.atomic
def post(
    conversation: Conversation, *, author, body: str, idempotency_key: UUID, at: datetime
) -> Message:
    """Say ``body`` in the conversation.

    ``author`` is a member of staff (User), or ``conversations.VICTIM``. Sent twice with one
    ``idempotency_key``, it is said once, and the first Message comes back. The other side's next
    look shows it as unread; ``message_received`` goes out in the same transaction. Raises
    Unsayable.
    """
    body = clean(body)
    staff = None if author == VICTIM else author
    message, is_new = Message.objects.get_or_create(
        conversation=conversation,
        idempotency_key=idempotency_key,
        defaults={
            "author": VICTIM if staff is None else STAFF,
            "staff": staff,
            "body": body,
            "sent_at": at,
        },
    )
    if is_new:
        ledger.record(
            "message.sent", by=staff, about=message, at=at, author=message.author, length=len(body)
        )
        message_received.send(sender=Message, message=message, conversation=conversation)
    return message


def unread(conversation: Conversation, *, side: str):
    """The messages that ``side`` (VICTIM or STAFF) has not seen yet, oldest first."""
    messages = conversation.messages.exclude(author=side).select_related("staff")
    seen = conversation.victim_read_at if side == VICTIM else conversation.staff_read_at
    return messages if seen is None else messages.filter(sent_at__gt=seen)


def mark_read(conversation: Conversation, *, side: str, up_to: datetime) -> None:
    """``side`` has seen everything sent up to ``up_to``: the ``sent_at`` of the last one shown.

    Not the present moment: a message committed while the page was made was not on it. A mark
    never goes back.
    """
    mark = "victim_read_at" if side == VICTIM else "staff_read_at"
    Conversation.objects.filter(pk=conversation.pk).filter(
        Q(**{mark: None}) | Q(**{f"{mark}__lt": up_to})
    ).update(**{mark: up_to})
    setattr(conversation, mark, max(getattr(conversation, mark) or up_to, up_to))


def with_unread_by_staff(conversations):
    """The queryset with ``is_unread``: whether the victim wrote what no staff has seen."""
    waiting = Message.objects.filter(conversation=OuterRef("pk"), author=VICTIM).filter(
        Q(sent_at__gt=OuterRef("staff_read_at")) | Q(conversation__staff_read_at=None)
    )
    return conversations.annotate(is_unread=Exists(waiting)).order_by(
        F("is_unread").desc(), "-opened_at"
    )
