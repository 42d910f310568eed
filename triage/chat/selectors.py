"""Reads for the desk's screen: who waits, how long, and what the engine says of their words."""

from dataclasses import dataclass

from django.db.models import Q

from triage import shown
from triage.chat import chats
from triage.chat.models import Chat
from triage.models import Incident
from triage.selectors import incidents_for, span

MOST = 50


def chats_for(user):
    """The chats of the forces that ``user`` serves."""
    return Chat.objects.filter(force__in=user.forces.all()).select_related(
        "force", "taken_by", "incident", "draft"
    )


def open_chats(user):
    """Chats that are not over, and those that are and still wait to be written up.

    The most urgent words first, then who has waited longest.
    """
    to_write_up = Q(status=Chat.Status.ENDED, incident=None) & ~Q(ended_why=Chat.Why.NOTHING)
    return (
        chats_for(user)
        .filter(~Q(status=Chat.Status.ENDED) | to_write_up)
        .order_by("grade", "waiting_since", "started_at")
    )


@dataclass(frozen=True)
class Row:
    """One chat in the list, as people read it. ``state`` is waiting, mine, theirs or over."""

    chat: object
    state: str
    grade_label: str
    waits: str
    is_here: bool
    flags: list
    words: str


def rows(user, at) -> list[Row]:
    return [row(chat, user, at) for chat in open_chats(user)[:MOST]]


def row(chat, user, at) -> Row:
    """How ``chat`` stands for ``user`` at ``at``."""
    state = "waiting"
    if chat.status == Chat.Status.ENDED:
        state = "over"
    elif chat.taken_by_id is not None:
        state = "mine" if chat.taken_by_id == user.pk else "theirs"
    last = chat.lines.filter(author="visitor").order_by("-number").first()
    text = " ".join(last.body.split()) if last else ""
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
        flags=shown.labels(chat.flags),
        words=text[:90] + ("…" if len(text) > 90 else ""),
    )


def unseen(user):
    """Open incidents that came in with nobody on the line and that no person has assessed yet."""
    return (
        incidents_for(user)
        .filter(status=Incident.Status.OPEN, is_seen=False, grade__isnull=False)
        .order_by("grade", "due_at", "id")
    )


def waiting_count(user) -> int:
    """How many chats of this person's forces have nobody."""
    return chats_for(user).filter(status=Chat.Status.WAITING).count()
