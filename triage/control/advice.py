"""Advice given: read out and ticked, or sent behind a link that only the agreed word opens.

Source: inspectors' finding that advice on evidence and prevention was given and not written down,
or not given.
"""

from dataclasses import dataclass, field
from datetime import timedelta

from django.db import transaction

from messaging import outbox
from triage.control import library
from triage.control.models import Advice
from triage.models import Incident
from victimcontact.audit import ledger
from victimcontact.lib.prepared import Prepared
from victimcontact.people import links
from victimcontact.people.models import Link

How = Advice.How
LINK_LIVES_FOR = timedelta(days=14)


class UnknownItem(ValueError):
    """What was to be given is not in ``library.advice``."""


class NotReachable(Exception):
    """There is nobody to send it to, or no word agreed that would open the link."""


@dataclass(frozen=True)
class Told:
    """A piece of advice as it stands for an incident: whether suggested, and when it was given."""

    piece: library.Piece
    is_suggested: bool
    given: list = field(default_factory=list)  # Advice, oldest first

    @property
    def is_missing(self) -> bool:
        return self.is_suggested and not self.given


def standing(incident) -> list[Told]:
    """Every piece of advice as it stands for ``incident``; what is suggested comes first.

    Suggested by the flags of the assessment that stands and by the type of crime.
    """
    given = {}
    for row in _given(incident=incident.pk) if incident.may_have(Advice) else ():
        given.setdefault(row.item, []).append(row)
    current = incident.current_assessment
    flags = current.flags if current else ()
    found = [
        Told(piece, piece.suits(flags, incident.crime_type), given.get(slug, []))
        for slug, piece in library.advice().items()
    ]
    return sorted(found, key=lambda one: not one.is_suggested)


@Prepared
def _given(incident):
    return Advice.objects.filter(incident=incident).select_related("given_by", "notification")


def missing(incident) -> list[library.Piece]:
    """The advice suggested for ``incident`` that nobody has given yet."""
    return [one.piece for one in standing(incident) if one.is_missing]


@transaction.atomic
def give(incident, *, items, by, at) -> list[Advice]:
    """Record that ``by`` read out the ``items`` (slugs), in the library's words of today.

    The same again within a minute is one: a form sent twice. Raises UnknownItem.
    """
    pieces = _pieces(items)
    incident = _lock(incident)
    recent = set(
        incident.advice.filter(
            how=How.READ_OUT, given_by=by, given_at__gt=at - timedelta(minutes=1)
        ).values_list("item", flat=True)
    )
    pieces = [piece for piece in pieces if piece.slug not in recent]
    return _keep(incident, pieces, How.READ_OUT, None, by, at)


@transaction.atomic
def send(incident, *, items, by, at, channel="sms") -> list[Advice]:
    """Send the victim a link to the ``items``: neutral words, and the advice behind their word.

    The contact plan decides at sending; ``notification`` of the rows says what came of it. A link
    sent before is shut: the new page holds all that was ever sent. Raises UnknownItem and
    NotReachable.
    """
    pieces = _pieces(items)
    incident = _lock(incident)
    if not pieces:
        return []
    victim = incident.victim
    plan = victim.plan if victim else None
    if plan is None or not plan.opening_word_hash:
        raise NotReachable
    links.revoke_all(about_id=incident.pk, by=by, at=at, reason="advice sent again")
    _, token = links.issue(
        contact=victim,
        purpose=Link.Purpose.ADVICE,
        about_id=incident.pk,
        expires_at=at + LINK_LIVES_FOR,
        by=by,
        at=at,
    )
    notification = outbox.queue(
        "advice_sent",
        to=victim,
        about=incident,
        context={"link": links.address(Link.Purpose.ADVICE, token)},
        at=at,
        channel=channel,
        useful_until=at + LINK_LIVES_FOR,
        by=by,
    )
    return _keep(incident, pieces, How.SENT, notification, by, at)


def sent_to(incident) -> list[str]:
    """The words of all advice sent about ``incident``, each once, what saves life first."""
    order = {slug: piece.order for slug, piece in library.advice().items()}
    latest = {row.item: row.words for row in incident.advice.filter(how=How.SENT)}
    return [latest[item] for item in sorted(latest, key=lambda item: order.get(item, 1000))]


def _pieces(items):
    known = library.advice()
    if unknown := [item for item in items if item not in known]:
        raise UnknownItem(", ".join(sorted(unknown)))
    return [piece for slug, piece in known.items() if slug in set(items)]


def _keep(incident, pieces, how, notification, by, at):
    rows = [
        Advice.objects.create(
            incident=incident,
            item=piece.slug,
            words=piece.words,
            how=how,
            notification=notification,
            given_at=at,
            given_by=by,
        )
        for piece in pieces
    ]
    if rows:
        ledger.record(
            "advice.given",
            by=by,
            about=incident,
            at=at,
            how=str(how),
            items=[row.item for row in rows],
        )
    return rows


def _lock(incident):
    return Incident.objects.select_for_update(no_key=True, of=("self",)).get(pk=incident.pk)
