"""Texts that come in: stored once, unverified, shown to staff. They change nothing by themselves.

One thing is heeded at once: STOP makes texts to that number unsafe until somebody has asked again.
"""

from datetime import datetime, timedelta

from django.db import transaction

from messaging import staff_tasks
from messaging.models import InboundText, StaffTask
from messaging.signals import text_received
from victimcontact.audit import ledger
from victimcontact.lib.encryption import blind_index
from victimcontact.people.models import Contact, ContactPlan

# What networks and Twilio take for a wish to get no more, and Welsh for it.
STOP_WORDS = frozenset(
    {"stop", "stopall", "stop all", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"}
    | {"opt out", "stopiwch", "peidiwch"}
)
PLAN_LASTS = timedelta(days=30)


def receive(*, provider_id: str, sent_from: str, body: str, at: datetime) -> InboundText:
    """Keep a text that came from ``sent_from`` (E.164). Told of twice, it is kept once.

    It is joined to a contact only where exactly one has that number: several people can share one.
    """
    with transaction.atomic():
        kept = (
            list(
                Contact.objects.filter(
                    phone_index=blind_index("phone", sent_from), merged_into=None
                ).select_related("force")[:50]
            )
            if sent_from
            else []
        )
        contact = kept[0] if len(kept) == 1 else None
        text, is_new = InboundText.objects.get_or_create(
            provider_id=provider_id,
            defaults={
                "contact": contact,
                "sent_from": sent_from,
                "body": body,
                "received_at": at,
            },
        )
        if not is_new:
            return text
        ledger.record("text.received", about=text, at=at, contacts=len(kept))
        if is_stop(body):
            mark_texts_unsafe(sent_from, at=at)
        elif contact is not None:
            staff_tasks.raise_task(
                StaffTask.Kind.TEXT_RECEIVED,
                force=contact.force,
                about=contact,
                reason="A text came from this person's number. Anyone may have written it.",
                at=at,
            )
        text_received.send(sender=InboundText, text=text)
        return text


def is_stop(body: str) -> bool:
    """Whether the text says nothing but stop."""
    return " ".join(body.casefold().strip(" .!\"'").split()) in STOP_WORDS


def mark_texts_unsafe(number: str, *, at: datetime) -> int:
    """Make texts unsafe for everyone who has this number, and tell staff; how many were changed."""
    contacts = Contact.objects.filter(
        phone_index=blind_index("phone", number), merged_into=None
    ).select_related("force")
    changed = 0
    for contact in contacts.select_for_update(of=("self",)).order_by("pk"):
        plan = contact.plan
        if plan is None or plan.channels.get("sms") != "unsafe":
            _replace_plan(contact, plan, at)
            changed += 1
        staff_tasks.raise_task(
            StaffTask.Kind.STOP_RECEIVED,
            force=contact.force,
            about=contact,
            reason="The number asked for no more texts. Ask by a safe way what is wanted.",
            at=at,
        )
    return changed


def _replace_plan(contact, plan, at):
    """A plan is never edited: the new one says the same but for texts."""
    if plan is None:
        plan = ContactPlan(contact=contact, expires_at=at + PLAN_LASTS)
    else:
        ContactPlan.objects.filter(pk=plan.pk).update(replaced_at=at)
        plan.pk = ContactPlan._meta.pk.get_default()
        plan._state.adding = True
    plan.channels = {**plan.channels, "sms": "unsafe"}
    plan.confirmed_at, plan.confirmed_by = at, None
    plan.save()
    ledger.record("contact_plan.texts_stopped", about=contact, at=at)
