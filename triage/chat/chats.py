"""A chat, from a visitor's first words to the incident that it becomes.

Every change takes the chat's row first, so that two operators, two tabs and the clock agree. Only
the draft of its report is taken before it, for whoever records a draft finds the chat by it.
"""

import logging
import re
import uuid
from datetime import timedelta

from django.db import transaction

from triage import assessing, drafts, intake, later, policies
from triage.chat import hints
from triage.chat.models import Chat, ChatLine
from triage.control import closing
from triage.models import Channel, Grade, ReportDraft
from victimcontact.accounts.permissions import can
from victimcontact.audit import ledger
from victimcontact.lib import cookies
from victimcontact.lib.hashing import keyed_hash

log = logging.getLogger(__name__)

COOKIE = "talk"
LONGEST_LINE = 5_000
LONGEST_CHAT = 20_000  # characters of the visitor's: as much as is read at once
LINES_A_MINUTE = 20
# A visitor who does nothing for so long is gone, whatever their page says.
IDLE = timedelta(minutes=30)
# So long after its page last asked, the page is gone.
UNSEEN = timedelta(minutes=10)
# How long words may wait at the desk before the engine alone makes an incident of them.
NOBODY_CAME = {
    Grade.IMMEDIATE: timedelta(minutes=1),
    Grade.PRIORITY: timedelta(minutes=3),
    Grade.SCHEDULED: timedelta(minutes=10),
    Grade.WITHOUT_DEPLOYMENT: timedelta(minutes=10),
}
# How long whoever had the chat may take to make the incident: after the visitor went, and from one
# pause in typing the report to the next.
WRITING_UP = {
    Grade.IMMEDIATE: timedelta(minutes=2),
    Grade.PRIORITY: timedelta(minutes=3),
    Grade.SCHEDULED: timedelta(minutes=10),
    Grade.WITHOUT_DEPLOYMENT: timedelta(minutes=10),
}
# How long words may wait for whoever has the chat. After that it is everybody's again.
ANSWER_WITHIN = {
    Grade.IMMEDIATE: timedelta(seconds=60),
    Grade.PRIORITY: timedelta(seconds=60),
}
# A page of the desk says every few seconds that it is open. Silent for so long, its person is gone.
HOLDER_GONE = timedelta(seconds=30)
# Whoever saved the report of a chat so lately is at it.
AT_THE_REPORT = timedelta(minutes=1)


class Over(Exception):
    """The chat has ended."""


class TooMuch(Exception):
    """The visitor wrote more than a chat holds, or too fast. Nothing was kept."""


class Taken(Exception):
    """Somebody else has the chat: ``chat.taken_by``, since ``chat.taken_at``."""

    def __init__(self, chat):
        self.chat = chat
        super().__init__(f"{chat.taken_by} has this chat.")


class NotTaken(Exception):
    """Whoever answers takes the chat first."""


class ReasonMissing(Exception):
    """A chat in which somebody wrote is ended without an incident and without a reason."""


class MayNotEnd(Exception):
    """Words that the engine takes for urgent become no incident by a leader's decision alone."""


# The visitor


@transaction.atomic
def begin(*, force, body: str, key, at, is_crowded=False) -> tuple[Chat, str]:
    """A chat that begins with the words ``body``, and the key for its visitor's cookie.

    ``is_crowded``: it is one of very many from its visitor's address.
    """
    secret = cookies.new_key()
    chat = Chat.objects.create(
        force=force,
        key_hash=_hash(secret),
        started_at=at,
        used_at=at,
        seen_at=at,
        grade=Grade.SCHEDULED,
        is_crowded=is_crowded,
    )
    ledger.record("chat.begun", about=chat, at=at)
    say(chat.pk, body=body, key=key, at=at)
    chat.refresh_from_db()
    return chat, secret


def find(secret: str, at) -> Chat | None:
    """The chat of this cookie value, ended or not, while its visitor may still see it; or None."""
    if not secret:
        return None
    return (
        Chat.objects.select_related("force", "incident", "taken_by")
        .filter(key_hash=_hash(secret), used_at__gt=at - IDLE)
        .exclude(ended_why=Chat.Why.LEFT)
        .first()
    )


def seconds_left(chat, at) -> int:
    """How long the visitor's page may stay if they do nothing; 0 when it is over."""
    return max(0, int((chat.used_at + IDLE - at).total_seconds())) if chat else 0


def touch(chat, at) -> None:
    """The visitor did something."""
    Chat.objects.filter(pk=chat.pk).update(used_at=at, seen_at=at)


SEEN_EVERY = timedelta(seconds=15)


def seen(chat, at) -> None:
    """The visitor's page asked. Written no more often than every quarter of a minute."""
    Chat.objects.filter(pk=chat.pk, seen_at__lt=at - SEEN_EVERY).update(seen_at=at)


@transaction.atomic
def say(chat_id, *, body: str, key, at) -> ChatLine:
    """Keep what the visitor wrote, and score all of their words. The same key is one line.

    Where the chat is an incident already, it is opened again if somebody closed it, made more
    urgent where the words ask for that, and a fresh look at it is asked for. Raises Over, TooMuch.
    """
    chat = _locked(chat_id)
    known = chat.lines.filter(key=key).first()
    if known is not None:
        return known
    if chat.status == Chat.Status.ENDED:
        raise Over
    theirs = list(chat.lines.filter(author=ChatLine.Author.VISITOR))
    lately = [line for line in theirs if line.said_at > at - timedelta(minutes=1)]
    if len(lately) >= LINES_A_MINUTE:
        raise TooMuch
    if sum(len(line.body) + 1 for line in theirs) + len(body) > LONGEST_CHAT:
        raise TooMuch
    line = _add(chat, ChatLine.Author.VISITOR, None, body, key, at)
    result = score(chat, at=at)
    chat.grade, chat.flags = result.grade, [flag.name for flag in result.flags]
    chat.waiting_since = chat.waiting_since or at
    chat.used_at = chat.seen_at = at
    chat.save(update_fields=["grade", "flags", "waiting_since", "used_at", "seen_at"])
    if chat.incident_id:
        _tell_the_incident(chat, body, at)
    hints.changed(chat)
    return line


def _tell_the_incident(chat, body, at):
    """What was written after the chat became an incident counts there as well."""
    incident = closing.reopen(chat.incident, because="chat message", by=None, at=at)
    later.hear(incident.pk, body, because="chat message", at=at, raises=True)


@transaction.atomic
def leave(secret: str, at) -> Chat | None:
    """The visitor went by the way out. What they wrote stays with the desk."""
    chat = (
        Chat.objects.select_for_update(of=("self",)).filter(key_hash=_hash(secret)).first()
        if secret
        else None
    )
    if chat is None:
        return None
    if chat.status != Chat.Status.ENDED:
        _end(chat, Chat.Why.LEFT, at)
    elif chat.ended_why != Chat.Why.LEFT:
        # It is over already; the cookie is worth nothing from now on.
        chat.used_at = at - IDLE
        chat.save(update_fields=["used_at"])
    return chat


# The desk


@transaction.atomic
def take(chat_id, *, by, at, instead_of=None) -> Chat:
    """``by`` looks after the chat from now on. Twice changes nothing.

    ``instead_of`` is the key of the holder that this person saw and takes it over from. Raises
    Taken and Over.
    """
    chat = _locked(chat_id)
    if chat.taken_by_id == by.pk:
        return chat
    if chat.status == Chat.Status.ENDED:
        raise Over
    if chat.taken_by_id is not None and str(chat.taken_by_id) != str(instead_of or ""):
        raise Taken(chat)
    before = chat.taken_by_id
    chat.status, chat.taken_by, chat.taken_at = Chat.Status.TAKEN, by, at
    chat.holder_seen_at, chat.called_at = at, None
    chat.save(update_fields=["status", "taken_by", "taken_at", "holder_seen_at", "called_at"])
    ledger.record(
        "chat.taken", by=by, about=chat, at=at, instead_of=str(before) if before else None
    )
    hints.changed(chat)
    return chat


@transaction.atomic
def give_back(chat_id, *, by, at) -> Chat:
    """Let somebody else take it. Raises Taken, NotTaken and Over."""
    chat = _held(chat_id, by)
    _let_anybody(chat, at)
    ledger.record("chat.given_back", by=by, about=chat, at=at)
    hints.changed(chat)
    return chat


@transaction.atomic
def answer(chat_id, *, body: str, key, by, at) -> ChatLine:
    """Keep what the desk wrote. The same key is one line. Raises Taken, NotTaken and Over."""
    chat = _locked(chat_id)
    known = chat.lines.filter(key=key).first()
    if known is not None:
        return known
    _check_held(chat, by)
    line = _add(chat, ChatLine.Author.DESK, by, body, key, at)
    chat.waiting_since, chat.holder_seen_at = None, at
    chat.save(update_fields=["waiting_since", "holder_seen_at"])
    hints.changed(chat)
    return line


def here(user, at) -> None:
    """A page of the desk is open before ``user``: whatever they have, somebody has it."""
    Chat.objects.filter(taken_by=user, status=Chat.Status.TAKEN).update(holder_seen_at=at)


@transaction.atomic
def end(chat_id, *, by, at, reason="") -> Chat:
    """The desk ends the chat. What became no incident needs a reason, and a leader where urgent.

    Raises ReasonMissing, MayNotEnd, Taken, NotTaken and Over.
    """
    chat = _held(chat_id, by)
    reason = reason.strip()
    is_begun = chat.incident_id or chat.draft_id
    if not is_begun and not reason:
        raise ReasonMissing
    if not is_begun and chat.grade <= Grade.PRIORITY and not can(by, "grade.lower"):
        raise MayNotEnd
    chat.end_reason = reason
    chat.save(update_fields=["end_reason"])
    _end(chat, Chat.Why.DESK if is_begun else Chat.Why.NOTHING, at, by=by)
    return chat


@transaction.atomic
def begin_report(chat_id, *, by, at):
    """The key of a draft report with the visitor's words, for ``by`` to go on with.

    Recorded, it becomes the chat's incident. Raises Taken and NotTaken.
    """
    chat = _locked(chat_id)
    _check_holder(chat, by)
    if chat.draft_id and (chat.draft.handler_id == by.pk or chat.draft.incident_id):
        return chat.draft_id
    # Begun by somebody who had the chat before: theirs stays theirs, and this one counts.
    form = {
        "channel": [Channel.CHAT.value],
        "narrative": [words(chat)],
        "force_choice": [str(chat.force_id)],
    }
    chat.draft = drafts.save(uuid.uuid4(), form=form, version=0, by=by, at=at)
    chat.save(update_fields=["draft"])
    ledger.record("chat.report_begun", by=by, about=chat, at=at)
    return chat.draft_id


@transaction.atomic
def belongs_to(incident, *, at) -> None:
    """A draft was recorded: where it was begun from a chat, that chat is the incident's."""
    draft = getattr(incident, "draft", None)
    chat = (
        Chat.objects.select_for_update(of=("self",)).filter(draft=draft).first()
        if draft is not None
        else None
    )
    if chat is not None and chat.incident_id is None:
        chat.incident = incident
        chat.save(update_fields=["incident"])
        ledger.record("chat.recorded", about=incident, at=at, chat=str(chat.pk))
        hints.changed(chat)


@transaction.atomic
def written_since(incident, *, at) -> None:
    """Ask for a fresh look where the visitor wrote on while the report of it was typed."""
    chat = Chat.objects.select_related("draft").filter(incident=incident).first()
    if chat is None or chat.draft is None:
        return
    theirs = chat.lines.filter(author=ChatLine.Author.VISITOR)
    if theirs.filter(said_at__gt=chat.draft.started_at).exists():
        assessing.review_now(incident.pk, because="chat message", at=at)


# The clock


def let_go(at) -> int:
    """Give everybody at the desk what its holder has left unanswered, or left; how many chats."""
    held = Chat.objects.filter(status=Chat.Status.TAKEN).select_related("draft")
    left = [chat.pk for chat in held.order_by("grade", "started_at") if is_left(chat, at)]
    return sum(_each(left, _let_go, at))


def is_left(chat, at) -> bool:
    """Whether whoever took ``chat`` has left it, so that anybody is to take it at ``at``.

    Urgent words wait for them no longer than ANSWER_WITHIN, or than WRITING_UP where they are at
    the report of it. Whoever has no page of the desk open any more has left what waits, and has
    left the urgent that is no incident yet.
    """
    if chat.status != Chat.Status.TAKEN:
        return False
    is_urgent = chat.grade in ANSWER_WITHIN
    is_answered = chat.waiting_since is None
    saved_at = chat.draft.saved_at if chat.draft_id else None
    pause = WRITING_UP[chat.grade] if is_answered else AT_THE_REPORT
    is_writing = saved_at is not None and at - saved_at < pause
    is_gone = at - (chat.holder_seen_at or chat.taken_at) >= HOLDER_GONE and not is_writing
    if is_answered:
        return is_gone and is_urgent and chat.incident_id is None
    if is_gone:
        return True
    if not is_urgent or at - max(chat.waiting_since, chat.taken_at) < ANSWER_WITHIN[chat.grade]:
        return False
    return not is_writing or at - chat.waiting_since >= WRITING_UP[chat.grade]


@transaction.atomic
def _let_go(chat_id, at) -> bool:
    chat = _locked(chat_id)
    if not is_left(chat, at):
        return False
    holder = chat.taken_by_id
    chat.called_at = at
    _let_anybody(chat, at)
    ledger.record("chat.left", about=chat, at=at, holder=str(holder))
    if chat.incident_id:
        assessing.review_now(chat.incident_id, because="chat not answered", at=at)
    hints.changed(chat)
    return True


def _let_anybody(chat, at):
    chat.status, chat.taken_by, chat.taken_at = Chat.Status.WAITING, None, None
    chat.holder_seen_at = None
    chat.waiting_since = chat.waiting_since or at
    chat.save(
        update_fields=[
            "status",
            "taken_by",
            "taken_at",
            "holder_seen_at",
            "waiting_since",
            "called_at",
        ]
    )


def receive_waiting(at) -> int:
    """Make incidents of what nobody has looked after in time; how many."""
    return sum(_each(_waiting_too_long(at), _receive, at))


def _each(chat_ids, work, at):
    """What ``work`` answers for each. Whatever it is about one, the others wait no longer."""
    for pk in chat_ids:
        try:
            yield work(pk, at)
        except Exception as error:
            log.error("Chat %s: %s failed: %s", pk, work.__name__, type(error).__name__)


def _waiting_too_long(at):
    open_ones = Chat.objects.filter(incident=None).exclude(ended_why=Chat.Why.NOTHING)
    open_ones = open_ones.select_related("draft")
    return [chat.pk for chat in open_ones.order_by("grade", "started_at") if is_due(chat, at)]


def is_due(chat, at) -> bool:
    """Whether the engine alone is to make an incident of ``chat`` at ``at``."""
    if chat.draft_id and at - chat.draft.saved_at < WRITING_UP[chat.grade]:
        return False  # somebody is writing it up
    if chat.status == Chat.Status.ENDED:
        # Nobody had it: nobody else will look. Whoever had it gets some time to write it up.
        return at - chat.ended_at >= (WRITING_UP[chat.grade] if chat.taken_by_id else timedelta(0))
    if chat.waiting_since is None:
        return False
    if chat.taken_by_id is None:
        is_left = chat.called_at is not None and chat.grade in ANSWER_WITHIN
        return is_left or at - chat.waiting_since >= NOBODY_CAME[chat.grade]
    return at - chat.waiting_since >= max(WRITING_UP[chat.grade], NOBODY_CAME[chat.grade])


@transaction.atomic
def _receive(chat_id, at) -> bool:
    """Make the incident of one chat, unless that has been done or is not due any more."""
    # The draft before the chat, as whoever records it: see belongs_to.
    drafts_of_it = ReportDraft.objects.filter(chat=chat_id)
    draft = drafts_of_it.select_for_update(of=("self",)).first()
    chat = _locked(chat_id)
    if chat.draft_id != (draft.pk if draft else None):
        return False  # begun, or thrown away, in this moment: the next look finds it
    if chat.incident_id is not None or chat.ended_why == Chat.Why.NOTHING or not is_due(chat, at):
        return False
    chat.incident = intake.receive(
        intake.NewReport(
            channel=Channel.CHAT,
            narrative=words(chat),
            caller=intake.Person(),
            reported_at=chat.started_at,
        ),
        force=chat.force,
        at=at,
        came_by="chat",
        # The draft that somebody began is done with it: recorded later, it is this incident.
        draft_id=chat.draft_id,
    )
    if chat.draft_id is None:  # else it was told already that the draft is recorded
        chat.save(update_fields=["incident"])
        ledger.record("chat.recorded", about=chat.incident, at=at, chat=str(chat.pk))
        hints.changed(chat)
    return True


@transaction.atomic
def end_quiet(at) -> int:
    """End the chats whose visitor is gone without a word; how many."""
    gone = Chat.objects.exclude(status=Chat.Status.ENDED).exclude(
        seen_at__gt=at - UNSEEN, used_at__gt=at - IDLE
    )
    gone = list(gone.select_for_update(of=("self",), skip_locked=True).order_by("pk"))
    for chat in gone:
        _end(chat, Chat.Why.QUIET, at)
    return len(gone)


# What both need


def words(chat) -> str:
    """What the visitor wrote, in order: what a report of it says.

    ``said`` tells when each line was written.
    """
    return "\n".join(line.words for line in said(chat))[:LONGEST_CHAT]


def said(chat) -> list[later.Later]:
    """What the visitor wrote, line by line, in order.

    An answer that begins with yes or no means nothing without its question, so the desk's question
    stands before it.
    """
    found, asked = [], ""
    for line in chat.lines.order_by("number"):
        if line.author == ChatLine.Author.DESK:
            asked = _LAST_SENTENCE.split(line.body.strip())[-1]
            continue
        first = line.body.split(maxsplit=1)[0].strip(".,!").casefold() if line.body.split() else ""
        if asked.endswith("?") and first in SHORT_ANSWERS:
            found.append(later.Later(line.said_at, f"{asked} {line.body}"))
        else:
            found.append(later.Later(line.said_at, line.body))
        asked = ""
    return found


_LAST_SENTENCE = re.compile(r"(?<=[.!?])\s+")
SHORT_ANSWERS = frozenset("yes yeah yep yh ye aye no nope nah none never".split())


def score(chat, *, at, questions=False):
    """What the engine says of the visitor's words so far: a thrive.Result."""
    return _score(words(chat), at, questions)


def is_urgent(body: str, at) -> bool:
    """Whether the engine takes these words alone for urgent."""
    return _score(body, at, False).grade <= Grade.PRIORITY


def _score(text, at, questions):
    known = assessing.Known(Channel.CHAT.value, text, {})
    return assessing.score(known, policy=policies.published(at=at), questions=questions)


def _locked(chat_id):
    return (
        Chat.objects.select_for_update(of=("self",))
        .select_related("force", "taken_by", "draft", "incident")
        .get(pk=chat_id)
    )


def _held(chat_id, by):
    chat = _locked(chat_id)
    _check_held(chat, by)
    return chat


def _check_held(chat, by):
    if chat.status == Chat.Status.ENDED:
        raise Over
    _check_holder(chat, by)


def _check_holder(chat, by):
    if chat.taken_by_id is None:
        raise NotTaken
    if chat.taken_by_id != by.pk:
        raise Taken(chat)


def _add(chat, author, by, body, key, at):
    last = chat.lines.order_by("-number").values_list("number", flat=True).first() or 0
    return ChatLine.objects.create(
        chat=chat, number=last + 1, author=author, by=by, body=body, key=key, said_at=at
    )


def _end(chat, why, at, by=None):
    chat.status, chat.ended_at, chat.ended_why = Chat.Status.ENDED, at, why
    chat.save(update_fields=["status", "ended_at", "ended_why"])
    ledger.record("chat.ended", by=by, about=chat, at=at, why=str(why))
    hints.changed(chat)


def _hash(secret):
    return keyed_hash("chat", secret)
