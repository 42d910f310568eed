"""Reads for the desk's screen: who waits, how long, and what the engine says of their words."""

from dataclasses import dataclass

from django.db.models import Case, Q, When

from triage import shown
from triage.chat import chats
from triage.chat.models import Chat, ChatLine
from triage.selectors import open_queue, span
from victimcontact.accounts.models import User
from victimcontact.lib.prepared import Prepared

MOST = 50
MOST_UNSEEN = 50
# Urgent, and nobody has it: everybody at the desk is called.
CALLING = Q(status=Chat.Status.WAITING, grade__in=list(chats.ANSWER_WITHIN))


def chats_for(user):
    """The chats of the forces that ``user`` serves."""
    return Chat.objects.filter(force__in=user.forces.all()).select_related(
        "force", "taken_by", "incident", "draft"
    )


def open_chats(user):
    """Chats that are not over, and those that are and still wait to be written up.

    On top what is urgent and nobody's, then the most urgent words; among equals who was left by
    somebody, then one of a few from its address before one of many, then who has waited longest.
    """
    to_write_up = Q(status=Chat.Status.ENDED, incident=None) & ~Q(ended_why=Chat.Why.NOTHING)
    return (
        chats_for(user)
        .filter(~Q(status=Chat.Status.ENDED) | to_write_up)
        .order_by(
            Case(When(CALLING, then=0), default=1),
            "grade",
            Case(When(CALLING, called_at__isnull=False, then=0), default=1),
            "is_crowded",
            "waiting_since",
            "started_at",
        )
    )


@dataclass(frozen=True)
class Row:
    """One chat in the list, as people read it. ``state`` is waiting, mine, theirs or over.

    ``is_calling``: urgent and nobody's, ``is_left``: somebody had it and left it.
    """

    chat: object
    state: str
    grade_label: str
    waits: str
    is_here: bool
    is_calling: bool
    is_left: bool
    flags: list
    words: str


def rows(user, at) -> list[Row]:
    found = _open(user=user.pk)
    last = _last_words(found)
    return [_row(chat, last.get(chat.pk, ""), user, at) for chat in found]


def row(chat, user, at) -> Row:
    """How ``chat`` stands for ``user`` at ``at``."""
    return _row(chat, _last_words([chat]).get(chat.pk, ""), user, at)


def _last_words(found) -> dict:
    """{chat's key: what its visitor wrote last}."""
    lines = _last_lines(chats=[chat.pk for chat in found]) if found else ()
    return {line.chat_id: line.body for line in lines}


@Prepared
def _open(user):
    return open_chats(User(pk=user))[:MOST]


@Prepared
def _last_lines(chats):
    lines = ChatLine.objects.filter(chat__any=chats, author=ChatLine.Author.VISITOR)
    return lines.order_by("chat", "-number").distinct("chat")


def _row(chat, last, user, at):
    state = "waiting"
    if chat.status == Chat.Status.ENDED:
        state = "over"
    elif chat.taken_by_id is not None:
        state = "mine" if chat.taken_by_id == user.pk else "theirs"
    text = " ".join(last.split())
    waits = ""
    if chat.waiting_since is not None:
        seconds = int((at - chat.waiting_since).total_seconds())
        waits = span(seconds // 60) if seconds >= 60 else f"{max(0, seconds)} s"
    return Row(
        chat=chat,
        state=state,
        grade_label=chat.force.grade_label(chat.grade),
        waits=waits,
        is_here=chat.status != Chat.Status.ENDED and at - chat.seen_at < 3 * chats.SEEN_EVERY,
        is_calling=state == "waiting" and chat.grade in chats.ANSWER_WITHIN,
        is_left=state == "waiting" and chat.called_at is not None,
        flags=shown.labels(chat.flags),
        words=text[:90] + ("…" if len(text) > 90 else ""),
    )


def unseen(user):
    """Open incidents that came in with nobody on the line and that no person has assessed yet.

    50 at most.
    """
    return _unseen(user=user.pk)


@Prepared
def _unseen(user):
    # A list shows none of the sealed words.
    found = open_queue(User(pk=user)).filter(is_seen=False)
    return found.defer("narrative", "location", "safety_note")[:MOST_UNSEEN]


def waiting_count(user) -> int:
    """How many chats of this person's forces have nobody."""
    return _waiting.count(user=user.pk)


@Prepared
def _waiting(user):
    return Chat.objects.filter(force__staff=user, status=Chat.Status.WAITING).values("pk")
