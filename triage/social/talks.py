"""What an account writes becomes an incident, or goes on with one; the desk answers.

Every change takes the talk's row first. Order of locks: what came in, the talk, the incident, the
contact.
"""

import uuid

from django.db import transaction

from messaging import asking, outbox, staff_tasks, wording
from messaging.models import Channel as Way
from messaging.models import StaffTask
from triage import assessing, intake, later, policies
from triage.chat import hints
from triage.control import closing
from triage.desk.reports import public_force
from triage.models import Channel, Incident, Participant
from triage.social.models import Talk, TalkLine
from victimcontact.audit import ledger
from victimcontact.lib import phone
from victimcontact.people import plans, safe_contact

LONGEST_HEARD = 20_000  # characters that are read at once; what is longer is kept whole
# After so long without a word the account may be somebody else's: a new person until joined.
SAME_PERSON_WITHIN = plans.LASTS * 3
MOST_HEARD = 200  # lines of one incident
NO_WORDS = "(They sent no words.)"


class Taken(Exception):
    """Somebody else has the talk: ``talk.taken_by``, since ``talk.taken_at``."""

    def __init__(self, talk):
        self.talk = talk
        super().__init__(f"{talk.taken_by} has this.")


class NotSafe(Exception):
    """The contact plan, or the channel, takes no such answer now: ``because``, for staff."""

    def __init__(self, because):
        self.because = because
        super().__init__(because)


# What they write


@transaction.atomic
def hear(text, *, at) -> TalkLine:
    """Keep what came from ``text.account`` on its incident, or make it a new one. Once only.

    Raises LookupError where no force serves the public here: it is heard again by the sweep.
    """
    account = text.account
    force = public_force()
    if force is None:
        raise LookupError("There is no force to receive this.")
    talk, _ = Talk.objects.get_or_create(
        account=account, defaults={"force": force, "started_at": at}
    )
    talk = _locked(talk.pk)
    account = talk.account
    before = talk.lines.filter(author=TalkLine.Author.THEM).order_by("-number").first()
    body = text.body.strip() or NO_WORDS
    incident, is_new = _incident(talk, account, body, before, text, at)
    line = _add(
        talk,
        incident=incident,
        author=TalkLine.Author.THEM,
        body=body,
        media=[each.get("type", "") for each in text.media],
        text=text,
        key=text.pk,
        said_at=text.received_at,
    )
    whole = _score(words(talk), at)
    talk.grade, talk.flags = whole.grade, [flag.name for flag in whole.flags]
    talk.waiting_since = talk.waiting_since or text.received_at
    talk.save(update_fields=["grade", "flags", "waiting_since"])
    if not is_new:
        _tell_the_incident(incident, body, at)
    if text.media:
        count = len(text.media)
        staff_tasks.raise_task(
            StaffTask.Kind.MEDIA_LEFT,
            force=talk.force,
            about=incident,
            reason=f"They sent {count} {'picture or file' if count == 1 else 'pictures or files'}"
            " that nothing has checked, so nothing was fetched. Ask for it as evidence.",
            at=at,
        )
    hints.desk_changed(talk.force_id)
    return line


def _incident(talk, account, body, before, text, at):
    """(the incident that this belongs to, whether it was made of it)."""
    incident = talk.incident
    if incident is not None:
        incident.refresh_from_db()
        if incident.status == Incident.Status.OPEN:
            return incident, False
        if incident.closed_at > at - closing.REOPENS_WITHIN:
            return closing.reopen(incident, because="social message", by=None, at=at), False
    known = account.contact and asking.kept(account.contact)
    is_same = before is not None and before.said_at > at - SAME_PERSON_WITHIN
    incident = intake.receive(
        intake.NewReport(
            channel=Channel.SOCIAL,
            narrative=body[:LONGEST_HEARD],
            caller=intake.Person(
                phone=_number(account), contact_id=str(known.pk) if known and is_same else None
            ),
            reported_at=text.received_at,
        ),
        force=talk.force,
        at=at,
        came_by=account.get_channel_display(),
    )
    talk.incident = incident
    talk.taken_by = talk.taken_at = None
    talk.save(update_fields=["incident", "taken_by", "taken_at"])
    account.contact = incident.participants.get(role=Participant.Role.CALLER).contact
    account.save(update_fields=["contact"])
    text.account = account
    return incident, True


def _number(account):
    """The number that WhatsApp knows the account by; Messenger knows none."""
    if account.channel != Way.WHATSAPP:
        return ""
    try:
        return phone.parse(account.address.removeprefix("whatsapp:"))
    except phone.PhoneError:
        return ""


def _tell_the_incident(incident, body, at):
    """Heard with all that was said before; more urgent than what stands, it stands at once."""
    later.hear(incident.pk, body, because="social message", at=at, raises=True)


# The desk


@transaction.atomic
def take(talk_id, *, by, at, instead_of=None) -> Talk:
    """``by`` looks after it from now on. Twice changes nothing.

    ``instead_of`` is the key of the holder that this person saw and takes it over from. Raises
    Taken.
    """
    talk = _locked(talk_id)
    if talk.taken_by_id == by.pk:
        return talk
    if talk.taken_by_id is not None and str(talk.taken_by_id) != str(instead_of or ""):
        raise Taken(talk)
    talk.taken_by, talk.taken_at = by, at
    talk.save(update_fields=["taken_by", "taken_at"])
    ledger.record("social.taken", by=by, about=talk, at=at)
    hints.desk_changed(talk.force_id)
    return talk


@transaction.atomic
def give_back(talk_id, *, by, at) -> Talk:
    """Let somebody else take it. Raises Taken."""
    talk = _held(talk_id, by)
    talk.taken_by = talk.taken_at = None
    talk.save(update_fields=["taken_by", "taken_at"])
    ledger.record("social.given_back", by=by, about=talk, at=at)
    hints.desk_changed(talk.force_id)
    return talk


@transaction.atomic
def answer(talk_id, *, body: str, key, by, at) -> TalkLine:
    """Queue an answer and keep it on the incident. The same key is one line.

    Whoever answers has it from then on. The plan is asked now, so that whoever writes learns what
    stands against it, and again when it leaves. Raises Taken, NotSafe, and ValueError where
    outbox.answer does.
    """
    talk = _locked(talk_id)
    known = talk.lines.filter(key=key).first()
    if known is not None:
        return known
    if talk.taken_by_id not in (None, by.pk):
        raise Taken(talk)
    account = talk.account
    allowed = may_answer(talk, at=at, words=body)
    if isinstance(allowed, safe_contact.Held):
        telling = ", ".join(wording.telling_words(body))
        left_out = allowed.reason == safe_contact.Reason.WORDING_NOT_AGREED
        because = asking.HELD_REASONS[allowed.reason]
        raise NotSafe(f"{because} Leave out: {telling}." if left_out else because)
    notification = outbox.answer(
        body,
        to=asking.kept(account.contact),
        account=account,
        about=talk.incident,
        at=at,
        useful_until=account.last_heard_at + asking.SESSION,
        by=by,
    )
    line = _add(
        talk,
        incident=talk.incident,
        author=TalkLine.Author.DESK,
        by=by,
        body=notification.body,
        notification=notification,
        key=key,
        said_at=at,
    )
    talk.waiting_since = None
    talk.taken_by, talk.taken_at = by, talk.taken_at or at
    talk.save(update_fields=["waiting_since", "taken_by", "taken_at"])
    hints.desk_changed(talk.force_id)
    return line


@transaction.atomic
def needs_no_answer(talk_id, *, by, at) -> Talk:
    """Say that nobody waits. The incident stays as it is. Raises Taken."""
    talk = _locked(talk_id)
    if talk.taken_by_id not in (None, by.pk):
        raise Taken(talk)
    if talk.waiting_since is not None:
        talk.waiting_since = None
        talk.save(update_fields=["waiting_since"])
        ledger.record("social.not_answered", by=by, about=talk, at=at)
        hints.desk_changed(talk.force_id)
    return talk


@transaction.atomic
def say_safe(talk_id, *, is_safe: bool, note: str, by, at) -> None:
    """Keep in the contact plan whether it is safe to answer here, and how that is known.

    Nothing else of the plan changes. Raises Taken, and plans.NoContact where it says no contact.
    """
    talk = _locked(talk_id)
    if talk.taken_by_id not in (None, by.pk):
        raise Taken(talk)
    plans.set_channel(
        asking.kept(talk.account.contact),
        channel=talk.account.channel,
        safety="safe" if is_safe else "unsafe",
        note=note,
        by=by,
        at=at,
    )


# What both need


def may_answer(talk, *, at, words=""):
    """What the plan and the channel say now: safe_contact.Allowed, NotBefore or Held."""
    account = talk.account
    if account.contact is None:
        return safe_contact.Held(asking.NO_ADDRESS)
    return asking.ask_plan(account.contact, account.channel, at, words=words, account=account)


def words(talk) -> str:
    """What they wrote about the incident that it is now, in order."""
    theirs = talk.lines.filter(author=TalkLine.Author.THEM, incident=talk.incident_id)
    return "\n".join(line.body for line in theirs.order_by("number"))[-LONGEST_HEARD:]


def said(incident) -> list[later.Later]:
    """What they wrote about ``incident``, for whoever hears it with what came by other doors."""
    lines = TalkLine.objects.filter(incident=incident, author=TalkLine.Author.THEM)
    lines = lines.order_by("-said_at")[:MOST_HEARD]
    return [later.Later(line.said_at, line.body[:LONGEST_HEARD]) for line in lines]


def score(talk, *, at, questions=False):
    """What the engine says of their words: a thrive.Result."""
    return _score(words(talk), at, questions)


def _score(body, at, questions=False):
    known = assessing.Known(Channel.SOCIAL.value, body[-LONGEST_HEARD:], {})
    return assessing.score(known, policy=policies.published(at=at), questions=questions)


def _add(talk, **fields):
    last = talk.lines.order_by("-number").values_list("number", flat=True).first() or 0
    fields.setdefault("key", uuid.uuid4())
    return TalkLine.objects.create(talk=talk, number=last + 1, **fields)


def _held(talk_id, by):
    talk = _locked(talk_id)
    if talk.taken_by_id != by.pk:
        raise Taken(talk)
    return talk


def _locked(talk_id):
    return (
        Talk.objects.select_for_update(of=("self",))
        .select_related("force", "account__contact", "incident", "taken_by")
        .get(pk=talk_id)
    )
