"""May this leave, now? The contact's plan, and what a channel asks, at the moment of sending.

``messaging.sending`` asks this of everything before it leaves; nothing else decides.
"""

from datetime import datetime, timedelta

from messaging import wording
from messaging.models import SOCIAL, Channel
from victimcontact.lib.encryption import blind_index
from victimcontact.people import safe_contact
from victimcontact.people.models import Contact

NO_ADDRESS = "no_address"
SESSION_OVER = "session_over"
NUMBER_UNSAFE = "number_unsafe"
# What a person reads beside a held text. No personal data: it stands in lists.
HELD_REASONS = {
    NO_ADDRESS: "There is no number or address to send to.",
    SESSION_OVER: "A day has gone by since they wrote: no answer may be sent there any more.",
    NUMBER_UNSAFE: "Somebody else with this number must not be contacted this way.",
    safe_contact.Reason.NO_PLAN: "Nobody has recorded how it is safe to contact this person.",
    safe_contact.Reason.NOT_ASKED: "Nobody has asked yet how it is safe to contact this person.",
    safe_contact.Reason.DO_NOT_CONTACT: "The contact plan says no contact at all.",
    safe_contact.Reason.PLAN_EXPIRED: "The contact plan is out of date. Ask again what is safe.",
    safe_contact.Reason.PLAN_UNREADABLE: "The contact plan's hours cannot be read. Mend the plan.",
    safe_contact.Reason.CHANNEL_UNSAFE: "The contact plan says this way is not safe.",
    safe_contact.Reason.CHANNEL_UNKNOWN: "Nobody has asked whether this way is safe.",
    safe_contact.Reason.PHONE_WATCHED: "Somebody else may be reading this phone.",
    safe_contact.Reason.NO_SAFE_HOURS: "The contact plan leaves no hour in which to send.",
    safe_contact.Reason.WORDING_NOT_AGREED: "These words were not agreed with this person.",
}
# For so long after a person's own words Twilio carries an answer in free words to WhatsApp, and
# Messenger takes one. A minute less: an answer on its way must still arrive inside.
SESSION = timedelta(hours=24) - timedelta(minutes=1)


def ask_plan(contact, channel: str, at: datetime, *, words: str = "", account=None):
    """What the contact's plan says to ``words`` by ``channel`` at ``at``.

    ``words`` that name the police need a plan that says so; without any, they are taken for
    neutral. ``account`` is where a social message goes. Gives safe_contact.Allowed, NotBefore or
    Held (its reason a string: those of the plan, or this module's).
    """
    contact = kept(contact)
    if not address_of(contact, channel, account):
        return safe_contact.Held(NO_ADDRESS)
    if channel in SOCIAL and account.last_heard_at + SESSION <= at:
        return safe_contact.Held(SESSION_OVER)
    record = contact.plan
    try:
        plan = None if record is None else safe_contact.Plan.read(record)
    except ValueError:
        return safe_contact.Held(safe_contact.Reason.PLAN_UNREADABLE)
    kind = safe_contact.Wording.NEUTRAL
    if words and wording.telling_words(words):
        kind = safe_contact.Wording.NAMED
    answer = safe_contact.check(plan, channel=str(channel), at=at, wording=kind)
    if channel not in SOCIAL or isinstance(answer, safe_contact.Held):
        return answer
    if _unsafe_for_another(contact, channel, account):
        return safe_contact.Held(NUMBER_UNSAFE)
    if isinstance(answer, safe_contact.NotBefore):
        return answer if answer.at < account.last_heard_at + SESSION else _over()
    closes = account.last_heard_at + SESSION
    return safe_contact.Allowed(until=min(answer.until or closes, closes))


def standing_obstacle(contact, channel: str, at: datetime, account=None) -> str | None:
    """Why ``channel`` cannot be used at any hour, or None when it can be, now or later."""
    answer = ask_plan(contact, channel, at, account=account)
    return str(answer.reason) if isinstance(answer, safe_contact.Held) else None


def kept(contact):
    """The record that a merge kept."""
    while contact.merged_into_id is not None:
        contact = contact.merged_into
    return contact


def address_of(contact, channel: str, account=None) -> str:
    """Where it goes; empty for nowhere."""
    if channel == Channel.SMS:
        return contact.phone
    if channel == Channel.EMAIL:
        return contact.email
    # An account that was taken for somebody else since is not this person's.
    is_theirs = account is not None and account.contact and kept(account.contact).pk == contact.pk
    return account.address if is_theirs and account.channel == channel else ""


def _unsafe_for_another(contact, channel, account) -> bool:
    """Whether somebody of this force who has the account's number said not to be reached so.

    The record of who wrote is a new one until a person has joined it to another: what that one
    agreed counts meanwhile.
    """
    number = account.address.removeprefix(f"{Channel.WHATSAPP}:")
    if channel != Channel.WHATSAPP:
        return False
    others = Contact.objects.filter(
        phone_index=blind_index("phone", number), force=contact.force_id, merged_into=None
    ).exclude(pk=contact.pk)
    return any(_forbids(other.plan, channel) for other in others[:50])


def _forbids(plan, channel) -> bool:
    if plan is None:
        return False
    return (
        plan.safe == plan.Safe.NO_CONTACT
        or plan.phone_watched
        or safe_contact.Safety.UNSAFE in (plan.channels.get(channel), plan.channels.get("sms"))
    )


def _over():
    return safe_contact.Held(SESSION_OVER)
