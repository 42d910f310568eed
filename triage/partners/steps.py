"""What was done about hidden demand: cards asked for, steps taken or not taken because."""

from dataclasses import dataclass

from django.db import transaction

from triage.models import Incident
from triage.partners import cards
from triage.partners.models import CardTick, StepTaken
from victimcontact.audit import ledger
from victimcontact.lib.prepared import Prepared

LONGEST_BECAUSE = 500


class UnknownCard(ValueError):
    """No card, or no step of it, has that name."""


class BecauseMissing(ValueError):
    """A step was said to be not done without the reason."""


@dataclass(frozen=True)
class Typed:
    """What was ticked on a page: ``steps`` is {(card, step): (is done, because)}."""

    cards: frozenset
    steps: dict


@transaction.atomic
def take(incident, *, card: str, step: str, is_done: bool, because: str = "", by, at):
    """Keep that a step was done, or not done ``because``. Returns the StepTaken that stands.

    Said again in the same words, nothing is written. Raises UnknownCard, BecauseMissing.
    """
    found = cards.all_cards().get(card)
    words = found and found.step(step)
    if not words:
        raise UnknownCard
    because = "" if is_done else because.strip()
    if not is_done and not because:
        raise BecauseMissing
    incident = Incident.objects.select_for_update(of=("self",)).get(pk=incident.pk)
    before = incident.steps_taken.filter(card=card, step=step).order_by("-at", "-id").first()
    if before and (before.is_done, before.because) == (is_done, because):
        return before
    taken = StepTaken.objects.create(
        incident=incident,
        card=card,
        step=step,
        words=words.text,
        version=cards.version(),
        is_done=is_done,
        because=because,
        has_because=bool(because),
        at=at,
        by=by,
    )
    what, title = "prompt.done" if is_done else "prompt.not_done", _title(card)
    ledger.record(
        what, by=by, about=incident, at=at, card=card, step=step, kept=str(taken.pk), title=title
    )
    return taken


@transaction.atomic
def tick(incident, *, card: str, is_on: bool, by, at) -> bool:
    """Ask for a card, or take it away; whether anything changed. Raises UnknownCard."""
    if card not in cards.all_cards():
        raise UnknownCard
    incident = Incident.objects.select_for_update(of=("self",)).get(pk=incident.pk)
    if (card in ticked(incident)) == is_on:
        return False
    CardTick.objects.create(incident=incident, card=card, is_on=is_on, at=at, by=by)
    what = "prompt.asked_for" if is_on else "prompt.taken_away"
    ledger.record(what, by=by, about=incident, at=at, card=card, title=_title(card))
    return True


def _title(card):
    title = cards.all_cards()[card].title
    return title[0].lower() + title[1:]


@transaction.atomic
def keep(incident, typed: Typed, *, by, at) -> None:
    """Keep everything that was ticked while a report was typed.

    What is not known, and what is "not done" without a reason, is left out: the step then stands
    open on the incident's page.
    """
    for card in sorted(typed.cards & cards.all_cards().keys()):
        tick(incident, card=card, is_on=True, by=by, at=at)
    for (card, step), (is_done, because) in typed.steps.items():
        try:
            take(incident, card=card, step=step, is_done=is_done, because=because, by=by, at=at)
        except (UnknownCard, BecauseMissing):
            continue


def ticked(incident) -> set[str]:
    """The cards that somebody asked for and nobody took away."""
    last = {}
    for tick_ in _ticks(incident=incident.pk) if incident.may_have(CardTick) else ():
        last[tick_.card] = tick_.is_on
    return {card for card, is_on in last.items() if is_on}


def standing(incident) -> dict:
    """{(card, step): the StepTaken that stands}."""
    found = _taken(incident=incident.pk) if incident.may_have(StepTaken) else ()
    return {(taken.card, taken.step): taken for taken in found}


@Prepared
def _ticks(incident):
    return CardTick.objects.filter(incident=incident).order_by("at", "id")


@Prepared
def _taken(incident):
    found = StepTaken.objects.filter(incident=incident).select_related("by")
    return found.order_by("at", "id")


def typed(data) -> Typed:
    """What is ticked in a posted form or a draft: fields card-…, step-…-… and why-…-….

    Only names of cards and steps that exist are looked for.
    """
    asked, taken = set(), {}
    for key, card in cards.all_cards().items():
        if data.get(f"card-{key}"):
            asked.add(key)
        for step in card.steps:
            said = data.get(f"step-{key}-{step.key}")
            because = str(data.get(f"why-{key}-{step.key}") or "")
            if said in ("done", "not"):
                taken[key, step.key] = (said == "done", because)
    return Typed(frozenset(asked), taken)
