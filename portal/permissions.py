"""May this person see this case, and may this case's victim be invited to the portal?"""

from dataclasses import dataclass

from victimcontact.accounts.permissions import can
from victimcontact.people.safe_contact import Reason

# Which flags of an assessment keep a victim out of the portal, and how staff read it.
# Source: risk criteria of the first portal trials: not where the person suspected may hold or
# share the phone, where reading alone could harm, or where a change of status could tip somebody
# off. Left out means the same rights by a safe call, never fewer.
BARRING_FLAGS = {
    "domestic_abuse": "known_suspect",
    "coercive_control": "known_suspect",
    "non_fatal_strangulation": "known_suspect",
    "stalking": "known_suspect",
    "court_order_breach": "known_suspect",
    "honour_based_abuse": "honour",
    "sexual_offence": "sexual",
    "child_sexual_exploitation": "sexual",
    "modern_slavery": "exploitation",
    "cuckooing": "exploitation",
    "county_lines_cce": "exploitation",
    "threats_to_kill": "threat",
    "missing_person": "missing",
    "hate_crime": "hate",
    "unable_to_speak_freely": "watched",
}
REASONS = {
    "known_suspect": "Abuse, stalking or a breach: the person suspected may share the phone",
    "honour": "Honour-based abuse: the family may hold the phone",
    "sexual": "A sexual offence: a specialist officer keeps in touch",
    "exploitation": "Exploitation: somebody may control the phone",
    "threat": "A threat to life",
    "missing": "A missing person: the family liaison officer keeps in touch",
    "hate": "Hate crime: decide case by case with a supervisor",
    "watched": "The victim could not speak freely",
    "earlier_marker": "An earlier report within five years has one of these marks",
    "under_18": "The victim is under 18",
    "no_plan": "Nobody has asked how it is safe to reach the victim, or it was too long ago",
    "no_contact": "The victim asked not to be contacted",
    "no_channel": "Neither texts nor e-mail are known to be safe",
    "phone_watched": "The phone may be watched",
    "interpreter": "The victim needs an interpreter: the portal is not in their language",
}
# What the safe contact rules say of a channel, as a reason here; any other is "no_channel".
OBSTACLES = {
    Reason.NO_PLAN: "no_plan",
    Reason.NOT_ASKED: "no_plan",
    Reason.PLAN_EXPIRED: "no_plan",
    Reason.PLAN_UNREADABLE: "no_plan",
    Reason.DO_NOT_CONTACT: "no_contact",
    Reason.PHONE_WATCHED: "phone_watched",
}
# These stand against an invitation, but do not shut a portal that is open.
LAPSES = frozenset({"no_plan", "no_channel"})
ADULT = 18


@dataclass(frozen=True)
class InvitationFacts:
    """What is known of a victim when an invitation is considered; see ``selectors``."""

    marks: frozenset[str]  # flags of the assessment and what the crime type says
    earlier_flags: frozenset[str]  # of the same person's other reports in the last five years
    age: int | None
    obstacle: str | None  # why neither texts nor e-mail can be used at any hour; None: one can
    phone_watched: bool
    needs_interpreter: bool


class NotEligible(Exception):
    """The victim may not be invited. ``reasons`` are keys of REASONS, at least one."""

    def __init__(self, reasons):
        self.reasons = tuple(reasons)
        super().__init__("; ".join(REASONS[reason] for reason in self.reasons))


def reasons_against_invitation(facts: InvitationFacts) -> tuple[str, ...]:
    """Everything that stands against inviting, as keys of REASONS in their order; empty: may."""
    found = {BARRING_FLAGS[mark] for mark in facts.marks if mark in BARRING_FLAGS}
    if facts.earlier_flags & BARRING_FLAGS.keys():
        found.add("earlier_marker")
    if facts.age is not None and facts.age < ADULT:
        found.add("under_18")
    if facts.obstacle is not None:
        found.add(OBSTACLES.get(facts.obstacle, "no_channel"))
    if facts.phone_watched:
        found.add("phone_watched")
    if facts.needs_interpreter:
        found.add("interpreter")
    return tuple(reason for reason in REASONS if reason in found)


def check_can_invite(facts: InvitationFacts) -> None:
    """Raise NotEligible unless the victim may be invited to the portal."""
    reasons = reasons_against_invitation(facts)
    if reasons:
        raise NotEligible(reasons)


def sees_all_cases(user) -> bool:
    """Whether a person sees every case of their forces, not only those they are in charge of."""
    return can(user, "case.assign") or can(user, "ledger.view")
