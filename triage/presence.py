"""Who else has an incident open just now: a hint, which holds nobody back.

Each open page says every few seconds that somebody is there. What was said lapses by itself; what
keeps two people from overwriting each other is ``assessing.Overtaken`` alone.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction

from triage.models import Assessment, AssessmentDraft, Presence
from victimcontact.lib import local_time
from victimcontact.lib.hashing import sha256_hex
from victimcontact.lib.prepared import Prepared

HERE_FOR = timedelta(seconds=16)  # a page says it every five seconds
TYPING_FOR = timedelta(seconds=12)
BEGUN_WITHIN = timedelta(hours=12)
FORGET_AFTER = timedelta(hours=1)


@dataclass(frozen=True)
class Other:
    """Somebody else at the same incident: here now, or with an assessment begun and not kept."""

    name: str
    is_here: bool
    is_typing: bool
    begun_at: str  # "" where they have begun no assessment


@dataclass(frozen=True)
class Here:
    """What a page says of the others: it read the incident up to assessment number ``after``."""

    after: int
    others: list
    overtaken: object  # the Assessment made since by somebody else, or None

    @property
    def digest(self) -> str:
        """The same for the same content, so that a page is not told again what it says."""
        said = [*self.others, self.overtaken and self.overtaken.pk]
        return sha256_hex(repr(said).encode())[:16]


def here(incident, user, *, after: int, at) -> Here:
    """What to say to ``user``, whose page has read the assessments up to number ``after``."""
    latest = next(iter(_latest_of_others(incident=incident.pk, user=user.pk)), None)
    overtaken = latest if latest and latest.number > after else None
    return Here(after, others(incident, user, at=at), overtaken)


@Prepared
def _latest_of_others(incident, user):
    found = Assessment.objects.filter(incident=incident).exclude(decided_by=user)
    return found.select_related("decided_by").only(*_OF_OTHERS).order_by("-number")[:1]


# What a page says of it: no sealed words are opened every few seconds.
_OF_OTHERS = (
    *("number", "decided_grade"),
    *(f"decided_by__{name}" for name in ("first_name", "last_name", "username")),
)


@transaction.atomic
def note(incident, user, *, at, is_typing=False) -> None:
    """``user`` has ``incident`` open at ``at``, and types into an assessment of it or does not."""
    typed_at = {"typed_at": at} if is_typing else {}
    Presence.objects.update_or_create(
        incident=incident, user=user, defaults={"seen_at": at, **typed_at}
    )
    Presence.objects.filter(seen_at__lt=at - FORGET_AFTER, incident=incident).delete()


def others(incident, user, *, at) -> list[Other]:
    """Who else is at ``incident``, those who are here first."""
    asked = {"incident": incident.pk, "user": user.pk, "at": at}
    present = _present(**asked) if incident.may_have(Presence) else ()
    here = {presence.user: presence for presence in present}
    begun = {}
    for draft in _begun(**asked) if incident.may_have(AssessmentDraft) else ():
        begun[draft.handler] = local_time.local(draft.saved_at).strftime("%H:%M")
    return [
        Other(
            name=str(person),
            is_here=person in here,
            is_typing=_is_typing(here.get(person), at),
            begun_at=begun.get(person, ""),
        )
        for person in [*here, *(person for person in begun if person not in here)]
    ]


@Prepared
def _present(incident, user, at):
    present = Presence.objects.filter(incident=incident, seen_at__gt=at - HERE_FOR)
    return present.exclude(user=user).select_related("user").order_by("seen_at")


@Prepared
def _begun(incident, user, at):
    drafts = AssessmentDraft.objects.filter(
        of=incident, assessment=None, saved_at__gt=at - BEGUN_WITHIN
    )
    others = drafts.exclude(handler=user).select_related("handler")
    return others.defer("form").order_by("saved_at")


def _is_typing(presence, at):
    return bool(presence and presence.typed_at and presence.typed_at > at - TYPING_FOR)
