"""What the report screen and an incident's page show of hidden demand and of partners."""

from dataclasses import dataclass

from triage import repeats
from triage.partners import cards, selectors, steps
from triage.partners.forms import StepsForm
from triage.partners.models import Referral
from victimcontact.accounts.permissions import can
from victimcontact.lib.prepared import Prepared


@dataclass(frozen=True)
class TypedStep:
    """A step beside the report, as it stands in what is typed."""

    step: cards.Step
    name: str  # of its field
    why_name: str
    said: str  # "done", "not" or empty
    because: str


@dataclass(frozen=True)
class TypedCard:
    card: cards.Card
    reason: cards.Reason
    steps: list
    done: int


def report_context(data, *, flags, around, standing=None, ticked=()):
    """The cards beside a report that is typed into: ``data`` is the posted form or the draft.

    ``flags`` are those raised and not dismissed, ``around`` what was reported before (a
    ``triage.repeats.Around``). For an incident that is assessed again, ``standing`` and
    ``ticked`` are what was kept before.
    """
    typed = steps.typed(data)
    shown = cards.shown(
        flags=flags,
        is_repeat=around.repeat.is_repeat_caller,
        ticked=typed.cards | set(ticked) | {card for card, _ in standing or ()},
    )
    found = []
    for key, reason in shown.items():
        card = cards.all_cards()[key]
        rows = [_typed_step(card, step, data, typed, standing or {}) for step in card.steps]
        found.append(TypedCard(card, reason, rows, sum(row.said == "done" for row in rows)))
    others = [card for key, card in cards.all_cards().items() if key not in shown]
    return {"hidden_demand": found, "other_cards": others}


def _typed_step(card, step, data, typed, standing):
    name, why_name = f"step-{card.key}-{step.key}", f"why-{card.key}-{step.key}"
    before = standing.get((card.key, step.key))
    if (card.key, step.key) in typed.steps:
        is_done, because = typed.steps[card.key, step.key]
        said = "done" if is_done else "not"
    elif before and name not in data:
        said, because = ("done" if before.is_done else "not"), before.because
    else:
        said, because = "", str(data.get(why_name) or "")
    return TypedStep(step, name, why_name, said, because)


@dataclass(frozen=True)
class KeptCard:
    """A card on an incident's page."""

    card: cards.Card
    reason: cards.Reason
    form: StepsForm
    taken: dict  # {step: the StepTaken that stands}
    done: int
    is_open: bool  # some step is neither done nor explained


def kept_card(card, reason, standing, form=None):
    own = {step: taken for (key, step), taken in standing.items() if key == card.key}
    return KeptCard(
        card=card,
        reason=reason,
        form=form or StepsForm(card=card, standing=standing),
        taken=own,
        done=sum(taken.is_done for taken in own.values()),
        is_open=any(step.key not in own for step in card.steps),
    )


def cards_of(incident, *, at):
    """{card: Reason} of an incident: its latest flags, its repeats, what was ticked or begun."""
    assessment = incident.current_assessment
    standing = steps.standing(incident)
    ticked = steps.ticked(incident)
    shown = cards.shown(
        flags=assessment.flags if assessment else (),
        is_repeat=repeats.of_incident(incident, at=at).is_repeat_caller,
        ticked=ticked | {card for card, _ in standing},
    )
    return shown, standing, ticked


@Prepared
def _referrals(incident):
    found = Referral.objects.filter(incident=incident).select_related("agency", "made_by")
    return found.order_by("-made_at", "-id")


def incident_context(incident, user, at):
    """What the incident's page shows, or None to whom neither cards nor referrals are open."""
    if not can(user, "referral.view"):
        return None
    shown, standing, ticked = cards_of(incident, at=at)
    all_cards = cards.all_cards()
    referrals = _referrals(incident=incident.pk) if incident.may_have(Referral) else ()
    return {
        "demand": [kept_card(all_cards[key], why, standing) for key, why in shown.items()],
        "ticked_cards": ticked,
        "more_cards": [card for key, card in all_cards.items() if key not in shown],
        "referral_rows": [selectors.row(referral, at) for referral in referrals],
        "may_tick": can(user, "incident.assess"),
        "may_refer": can(user, "referral.make"),
    }
