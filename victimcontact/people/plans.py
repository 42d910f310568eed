"""Agree with a person how they may be reached: a new plan that replaces the one before."""

from datetime import timedelta

from django.db import transaction

from victimcontact.audit import ledger
from victimcontact.people import links, words
from victimcontact.people.models import Contact, ContactPlan
from victimcontact.people.safe_contact import Plan
from victimcontact.people.signals import number_changed, number_changing, plan_changed

# What was safe a month ago may not be now. Source: safe contact practice for domestic abuse.
LASTS = timedelta(days=30)


class NoContact(Exception):
    """The plan says no contact at all: one way is not opened by itself."""


@transaction.atomic
def set_plan(
    contact,
    *,
    by,
    at,
    safe=ContactPlan.Safe.AS_BELOW,
    channels=None,
    windows=(),
    wording=ContactPlan.Wording.NEUTRAL,
    phone_watched=False,
    officer_name_safe=False,
    who_may_answer="",
    cover_story="",
    do_not_say="",
    note="",
    help_word="",
    opening_word="",
    phone=None,
) -> ContactPlan:
    """Put a plan in force for 30 days in place of the one before, which is kept.

    ``channels`` is {"sms": "safe" | "unsafe"} (absent: unknown, which is unsafe), ``windows`` as
    in ContactPlan. An empty ``opening_word`` keeps the word agreed before. ``phone`` (E.164)
    replaces the number where given. Raises words.WordUnfit, and ValueError when the hours cannot
    be understood; nothing is changed then.
    """
    number_changing.send(sender=Contact, contact=contact)
    contact = Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)
    before = contact.plan
    plan = ContactPlan(
        contact=contact,
        safe=safe,
        channels=dict(channels or {}),
        windows=list(windows),
        wording=wording,
        phone_watched=phone_watched,
        officer_name_safe=officer_name_safe,
        who_may_answer=who_may_answer.strip(),
        cover_story=cover_story.strip(),
        do_not_say=do_not_say.strip(),
        note=note.strip(),
        help_word=help_word.strip(),
        confirmed_at=at,
        confirmed_by=by,
        expires_at=at + LASTS,
    )
    # A plan that cannot be read back would hold every text: refuse it while somebody is there.
    Plan.read(plan)
    if opening_word:
        words.set_opening_word(plan, opening_word)
    elif before and before.opening_word_hash:
        if plan.help_word and words.is_right(plan.help_word, before.opening_word_hash):
            raise words.WordUnfit(
                "The word that opens the link and the word for help must be different"
            )
        plan.opening_word_hash = before.opening_word_hash
    if before:
        before.replaced_at = at
        before.save(update_fields=["replaced_at"])
    plan.save()
    new_phone = phone is not None and phone != contact.phone
    if new_phone:
        had_phone = bool(contact.phone)
        contact.phone = phone
        contact.save(update_fields=["phone"])
        if had_phone:
            # Whoever holds the old phone holds its links. Nothing is ever said to the old number.
            links.revoke_all(contact=contact, by=by, at=at, reason="number changed")
            number_changed.send(sender=Contact, contact=contact, by=by, at=at)
    ledger.record(
        "contact.plan_set",
        by=by,
        about=contact,
        at=at,
        plan=str(plan.pk),
        safe=str(safe),
        phone_changed=new_phone,
        word_set=bool(opening_word),
    )
    plan_changed.send(sender=Contact, contact=contact, before=before, plan=plan, by=by, at=at)
    return plan


@transaction.atomic
def set_channel(contact, *, channel: str, safety: str, note: str = "", by, at) -> ContactPlan:
    """Say of one way alone whether it is "safe" or "unsafe"; the rest stays as it was agreed.

    ``note`` is how that is known; it is added to the plan's.
    ``by`` of None is the house, which only ever shuts a way: that confirms nothing, and ends no
    later. What an expired plan said of other ways is not taken over. Raises NoContact.
    """
    if by is None and safety != "unsafe":
        raise ValueError("Only a person says that a way is safe.")
    number_changing.send(sender=Contact, contact=contact)
    contact = Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)
    before = contact.plan
    opens = safety == "safe"
    if opens and before is not None and before.safe == ContactPlan.Safe.NO_CONTACT:
        raise NoContact
    plan = ContactPlan(contact=contact, expires_at=at + LASTS)
    if before is not None:
        ContactPlan.objects.filter(pk=before.pk).update(replaced_at=at)
        kept = {field.attname for field in ContactPlan._meta.concrete_fields} - {"id"}
        for name in kept:
            setattr(plan, name, getattr(before, name))
    is_over = before is not None and before.expires_at <= at
    plan.channels = {**({} if is_over and opens else plan.channels), channel: safety}
    if opens:
        plan.safe = ContactPlan.Safe.AS_BELOW
        plan.expires_at = at + LASTS if is_over else plan.expires_at
    plan.note = "\n".join(filter(None, [plan.note, note.strip()]))
    plan.confirmed_at, plan.confirmed_by, plan.replaced_at = at, by, None
    plan.save()
    ledger.record(
        "contact.channel_set",
        by=by,
        about=contact,
        at=at,
        plan=str(plan.pk),
        channel=str(channel),
        safety=str(safety),
    )
    plan_changed.send(sender=Contact, contact=contact, before=before, plan=plan, by=by, at=at)
    return plan


@transaction.atomic
def set_needs(contact, *, needs, language, by, at) -> Contact:
    """Keep what ``contact`` needs of whoever meets them, in place of what was kept before.

    ``needs`` as in ``people.needs``. Writes the names of what changed into the ledger, no words.
    """
    contact = Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)
    before, contact.needs, contact.language = contact.needs, needs, language
    contact.save(update_fields=["needs", "language"])
    changed = sorted(k for k in {*before, *needs} if before.get(k) != needs.get(k))
    ledger.record("contact.needs_set", by=by, about=contact, at=at, changed=changed)
    return contact
