"""What comes in by a phone: stored once, unverified, shown to staff. It changes nothing by itself.

One thing is heeded at once: STOP makes that way to write unsafe until somebody has asked again.

Two steps. ``receive`` stores, in a transaction of its own, so that nothing that breaks later loses
what somebody wrote. ``hear`` acts on it; what broke half way is heard by the sweep.
"""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from messaging import asking, staff_tasks
from messaging.models import SOCIAL, Account, Channel, InboundText, StaffTask
from messaging.signals import text_received
from victimcontact.audit import ledger
from victimcontact.lib.encryption import blind_index
from victimcontact.people import plans
from victimcontact.people.models import Contact

logger = logging.getLogger(__name__)
# What networks and Twilio take for a wish to get no more, and Welsh for it.
STOP_WORDS = frozenset(
    {"stop", "stopall", "stop all", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"}
    | {"opt out", "arret", "stopiwch", "stopia", "peidiwch", "peidio", "dim mwy", "rhowch y gorau"}
)
MOST_CANDIDATES = 50
# Numbers are given to new people after some months. Whose plan was confirmed, or who was entered
# or wrote, within this time is believed to have theirs still.
NUMBER_IS_BELIEVED_FOR = timedelta(days=90)
HEAR_AGAIN_AFTER = timedelta(seconds=30)


def receive(
    *,
    provider_id: str,
    sent_from: str,
    body: str,
    at: datetime,
    written_to: str = "",
    media: list[dict] | None = None,
) -> InboundText:
    """Keep what came from ``sent_from`` and act on it. Told of twice, it is kept and heard once.

    ``sent_from`` is a number (E.164), or an address as "whatsapp:+44…" or "messenger:…" that wrote
    to ``written_to``. ``media`` is [{"type", "at"}] of what came with the words. Never called
    inside a transaction (RuntimeError): what is kept stays kept, whatever breaks after.
    """
    with transaction.atomic(durable=True):
        text, is_new = InboundText.objects.get_or_create(
            provider_id=provider_id,
            defaults={
                "channel": channel_of(sent_from),
                "sent_from": sent_from,
                "body": body,
                "media": media or [],
                "account": _account(sent_from, written_to, at),
                "received_at": at,
            },
        )
        if is_new and text.account:
            Account.objects.filter(pk=text.account_id, last_heard_at__lt=at).update(
                last_heard_at=at
            )
    if is_new:
        # First, and by itself: nothing that breaks in what follows may keep that way open.
        steps = (stop, _hear) if is_stop(body) else (_hear,)
        for step in steps:
            try:
                step(text, at=at)
            except Exception as error:  # it is kept: the sweep hears it
                logger.error("%s was not heard: %s", text.pk, type(error).__name__)
        text.refresh_from_db()
    return text


def _hear(text, *, at):
    hear(text.pk, at=at)


def channel_of(sent_from: str) -> str:
    """By which way an address writes."""
    before, colon, _ = sent_from.partition(":")
    return before if colon and before in SOCIAL else Channel.SMS


def _account(sent_from, written_to, at):
    channel = channel_of(sent_from)
    if channel not in SOCIAL:
        return None
    account, _ = Account.objects.get_or_create(
        address_index=blind_index("account", sent_from),
        written_to=written_to[:60],
        defaults={
            "channel": channel,
            "address": sent_from,
            "first_heard_at": at,
            "last_heard_at": at,
        },
    )
    return account


@transaction.atomic
def hear(text_id, *, at: datetime) -> bool:
    """Act on what was kept: join it, tell people, heed STOP. False when that was done before.

    A text is joined to a contact only where exactly one has that number and is believed to have it
    still; otherwise a person is asked whose it is before it is shown on a case. Sends
    ``text_received``. Order of locks: this text, then rows of the apps above (the signal's), then
    contacts: as wherever a plan or a number is changed.
    """
    text = (
        InboundText.objects.select_for_update(of=("self",))
        .select_related("account__contact", "contact__force")
        .get(pk=text_id)
    )
    if text.heard_at is not None:
        return False
    text.heard_at = at
    found = []
    if text.channel == Channel.SMS:
        found = candidates(text)
        if len(found) == 1 and _is_believed(found[0], at):
            text.contact = found[0]
    text.save(update_fields=["heard_at", "contact"])
    ledger.record("text.received", about=text, at=at, channel=text.channel, contacts=len(found))
    text_received.send(sender=InboundText, text=text, at=at)
    if is_stop(text.body):
        stop(text, at=at)
    elif text.contact is not None and text.channel == Channel.SMS:
        staff_tasks.raise_task(
            StaffTask.Kind.TEXT_RECEIVED,
            force=text.contact.force,
            about=text.contact,
            reason="A text came from this person's number. Anyone may have written it.",
            at=at,
        )
    elif found:
        _ask_whose(text, found, at)
    return True


def hear_left(at: datetime, *, most: int = 50) -> int:
    """Hear what was kept and not acted on; how many. One that breaks stops no other."""
    left = InboundText.objects.filter(heard_at=None, received_at__lt=at - HEAR_AGAIN_AFTER)
    heard = 0
    for pk in left.order_by("received_at").values_list("pk", flat=True)[:most]:
        try:
            heard += hear(pk, at=at)
        except Exception as error:
            logger.error("%s was not heard: %s", pk, type(error).__name__)
    return heard


def candidates(text: InboundText) -> list[Contact]:
    """Everyone who has the number that wrote, until a person said whose the text is."""
    number = text.sent_from
    if text.channel in SOCIAL or not number or text.settled_at is not None:
        return []
    return list(
        Contact.objects.filter(phone_index=blind_index("phone", number), merged_into=None)
        .select_related("force")
        .order_by("pk")[:MOST_CANDIDATES]
    )


def _is_believed(contact, at) -> bool:
    since = at - NUMBER_IS_BELIEVED_FOR
    return (
        contact.created_at > since
        or contact.plans.filter(confirmed_at__gt=since, confirmed_by__isnull=False).exists()
        or contact.inbound_texts.filter(received_at__gt=since).exists()
    )


def _ask_whose(text, found, at):
    several = len(found) > 1
    reason = (
        "Several people have the number that wrote. Say whose text it is before it is used."
        if several
        else "Nothing was heard of this number for months: it may be somebody else's by now."
    )
    forces = {contact.force_id: contact.force for contact in found}
    for force in forces.values():
        staff_tasks.raise_task(
            StaffTask.Kind.TEXT_UNSURE, force=force, about=text, reason=reason, at=at
        )


@transaction.atomic
def settle_whose(text_id, *, contact_id, by, at: datetime) -> InboundText:
    """``by`` says whose a text is; a ``contact_id`` of None: nobody's of those who have the number.

    Sends ``text_received`` again. Said twice, the first stands. Raises Contact.DoesNotExist for
    whoever does not have the number.
    """
    text = InboundText.objects.select_for_update(of=("self",)).get(pk=text_id)
    if text.settled_at is not None or text.contact_id is not None:
        return text
    if contact_id is not None:
        whose = [each for each in candidates(text) if str(each.pk) == str(contact_id)]
        if not whose:
            raise Contact.DoesNotExist
        text.contact = whose[0]
    text.settled_by, text.settled_at = by, at
    text.save(update_fields=["contact", "settled_by", "settled_at"])
    ledger.record("text.settled", by=by, about=text, at=at, joined=text.contact_id is not None)
    staff_tasks.settle(
        StaffTask.Kind.TEXT_UNSURE,
        about=text,
        by=by,
        note="Said whose it is" if text.contact_id else "Nobody's who is known here",
        at=at,
    )
    text_received.send(sender=InboundText, text=text, at=at)
    return text


def is_stop(body: str) -> bool:
    """Whether the text says nothing but stop."""
    return " ".join(body.casefold().strip(" .!\"'").split()) in STOP_WORDS


@transaction.atomic
def stop(text: InboundText, *, at: datetime) -> int:
    """Make the way that ``text`` came by unsafe for whoever wrote it; how many were changed.

    Where it is unsafe already nothing is said again.
    """
    if text.channel == Channel.SMS:
        return mark_texts_unsafe(text.sent_from, at=at)
    return mark_account_unsafe(text.account, at=at)


def mark_texts_unsafe(number: str, *, at: datetime) -> int:
    """Make texts unsafe for everyone who has this number, and tell staff; how many were changed."""
    theirs = Contact.objects.filter(phone_index=blind_index("phone", number), merged_into=None)
    return _stop_for(theirs.order_by("pk").values_list("pk", flat=True), Channel.SMS, at)


def mark_account_unsafe(account: Account, *, at: datetime) -> int:
    """The same for WhatsApp or Messenger: for whoever it was taken for, and has its number."""
    theirs = Q(pk=asking.kept(account.contact).pk) if account.contact else Q(pk=None)
    if account.channel == Channel.WHATSAPP:
        number = account.address.removeprefix(f"{Channel.WHATSAPP}:")
        theirs |= Q(phone_index=blind_index("phone", number), merged_into=None)
    found = Contact.objects.filter(theirs).order_by("pk")
    return _stop_for(found.values_list("pk", flat=True), account.channel, at)


def _stop_for(contact_ids, channel, at):
    changed = 0
    contacts = Contact.objects.filter(pk__in=list(contact_ids)).select_related("force")
    for contact in contacts.order_by("pk"):
        if contact.plan is not None and contact.plan.channels.get(channel) == "unsafe":
            continue
        plans.set_channel(contact, channel=channel, safety="unsafe", by=None, at=at)
        changed += 1
        staff_tasks.raise_task(
            StaffTask.Kind.STOP_RECEIVED,
            force=contact.force,
            about=contact,
            reason="They asked for no more messages. Ask by a safe way what is wanted.",
            at=at,
        )
    return changed
