"""Reads for the desk: who wrote on WhatsApp or Messenger and waits for an answer."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Case, Q, When

from messaging import asking
from triage import shown
from triage.selectors import span
from triage.social.models import Talk, TalkLine
from victimcontact.accounts.models import User
from victimcontact.lib.prepared import Prepared

MOST = 50
# Answered ones stay in the list this long, for what is written next.
STAYS_FOR = timedelta(hours=24)


def talks_for(user):
    """The talks of the forces that ``user`` serves."""
    return Talk.objects.filter(force__in=user.forces.all()).select_related(
        "force", "taken_by", "incident", "account__contact__merged_into"
    )


def open_talks(user, at):
    """Who waits, the most urgent words first; then whom the desk still may answer."""
    recent = Q(account__last_heard_at__gt=at - STAYS_FOR)
    return (
        talks_for(user)
        .filter(Q(waiting_since__isnull=False) | recent)
        .order_by(Case(When(waiting_since=None, then=1), default=0), "grade", "waiting_since", "pk")
    )


@dataclass(frozen=True)
class Row:
    """One talk in the list, as people read it. ``state`` is waiting, mine, theirs or answered."""

    talk: object
    state: str
    grade_label: str
    waits: str
    closes: str  # how long an answer may still be sent
    flags: list
    words: str


def rows(user, at) -> list[Row]:
    found = _open(user=user.pk, at=at)
    last = _last_words(found)
    return [_row(talk, last.get(talk.pk, ""), user, at) for talk in found]


def row(talk, user, at) -> Row:
    """How ``talk`` stands for ``user`` at ``at``."""
    return _row(talk, _last_words([talk]).get(talk.pk, ""), user, at)


def _last_words(found) -> dict:
    lines = _last_lines(talks=[talk.pk for talk in found]) if found else ()
    return {line.talk_id: line.body for line in lines}


@Prepared
def _open(user, at):
    return open_talks(User(pk=user), at)[:MOST]


@Prepared
def _last_lines(talks):
    lines = TalkLine.objects.filter(talk__any=talks, author=TalkLine.Author.THEM)
    return lines.order_by("talk", "-number").distinct("talk")


def _row(talk, last, user, at):
    state = "answered" if talk.waiting_since is None else "waiting"
    if talk.taken_by_id is not None:
        state = "mine" if talk.taken_by_id == user.pk else "theirs"
    waits = ""
    if talk.waiting_since is not None:
        seconds = max(0, int((at - talk.waiting_since).total_seconds()))
        waits = span(seconds // 60) if seconds >= 60 else f"{seconds} s"
    left = talk.account.last_heard_at + asking.SESSION - at
    text = " ".join(last.split())
    return Row(
        talk=talk,
        state=state,
        grade_label=talk.force.grade_label(talk.grade),
        waits=waits,
        closes=span(int(left.total_seconds() // 60)) if left > timedelta(0) else "",
        flags=shown.labels(talk.flags),
        words=text[:90] + ("…" if len(text) > 90 else ""),
    )


def waiting_count(user) -> int:
    """How many wait for an answer and have nobody."""
    return _waiting.count(user=user.pk)


@Prepared
def _waiting(user):
    return Talk.objects.filter(
        force__staff=user, waiting_since__isnull=False, taken_by=None
    ).values("pk")
