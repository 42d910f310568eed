"""Assess an incident: the engine recommends, a person decides, the facts are kept."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from django.db import transaction

from triage import policies, signals, thrive
from triage.models import Assessment, Grade, Incident, Response, Review
from triage.permissions import check_can_dismiss, check_can_grade
from victimcontact.accounts.models import Force
from victimcontact.audit import ledger

SAID = "said"  # among the answers: the caller's own words below a question
CLOCK = "clock"  # a review is due because time went by, and for nothing else


class ReasonMissing(ValueError):
    """A grade below the recommendation, or below what stands, was decided without a reason."""


class DismissalUnexplained(ValueError):
    """Flags were dismissed without a reason: ``flags``."""

    def __init__(self, flags):
        self.flags = sorted(flags)
        super().__init__(f"Dismissed without a reason: {', '.join(self.flags)}")


class Overtaken(Exception):
    """Somebody else assessed the incident meanwhile; ``assessment`` is theirs."""

    def __init__(self, assessment):
        self.assessment = assessment
        super().__init__("This incident was assessed by somebody else meanwhile.")


@dataclass(frozen=True)
class Known:
    """What is known of a report: the caller's words, the answers, and earlier records.

    ``answers`` by key as in ``thrive.STRUCTURED`` or the policy's questions, without those not
    asked; ``SAID`` among them holds what was said in answer to a question, {key: words}.
    ``history`` as ``selectors.history`` gives it.
    """

    channel: str
    narrative: str
    answers: dict
    history: dict | None = None


@dataclass(frozen=True)
class Decision:
    """What a person decided. ``rationales`` holds their own words by element.

    ``dismissed`` is {flag: reason} of the flags that they say are not so. It holds for this one
    assessment: the next hears the words afresh.
    """

    grade: int
    reason: str = ""
    rationales: dict | None = None
    dismissed: dict | None = None


def report(known: Known) -> thrive.Report:
    """``known`` as the engine takes it."""
    return thrive.Report(
        channel=known.channel,
        narrative=known.narrative,
        structured={
            key: value for key, value in known.answers.items() if value is not None and key != SAID
        },
        history=known.history,
        said=known.answers.get(SAID) or {},
    )


def score(known: Known, *, policy, dismissed=(), questions=True) -> thrive.Result:
    """What the engine says of ``known`` by the Policy row ``policy``. Writes nothing.

    The flags named in ``dismissed`` are left out of grade and video.
    """
    return Scorer(known, policy=policy).score(dismissed=dismissed, questions=questions)


def weighty(known: Known, *, policy, dismissed) -> set[str]:
    """Those of the ``dismissed`` flags that hold the grade up, or stand between it and video."""
    return Scorer(known, policy=policy).weighty(dismissed)


class Scorer:
    """One ``known``, listened to once by the Policy row ``policy`` and scored several times."""

    def __init__(self, known: Known, *, policy):
        self._hearing = thrive.Hearing(report(known), policies.rules(policy))

    def score(self, *, dismissed=(), questions=True) -> thrive.Result:
        """As the function ``score``."""
        return self._hearing.assess(questions=questions, dismissed=frozenset(dismissed))

    def weighty(self, dismissed) -> set[str]:
        """As the function ``weighty``.

        A flag has weight when leaving it out, alone or with the others, makes the grade less
        urgent or takes away something that stands against video. Flags that were not raised have
        none.
        """

        @cache
        def without(names):
            return self.score(dismissed=names, questions=False)

        whole = without(frozenset())
        names = frozenset(dismissed) & {flag.name for flag in whole.flags}
        if not names:
            return set()
        left = without(names)
        found = {
            name
            for name in names
            if _is_weaker(without(frozenset({name})), whole)
            or _is_weaker(left, without(names - {name}))
        }
        # Two floors may each rest on two flags: none has weight alone, all of them together do.
        return found or (set(names) if _is_weaker(left, whole) else set())


def _is_weaker(result, other):
    """Whether ``result`` asks for less care than ``other``."""
    shut, before = (
        {reason.name for reason in each.video_reasons} - {"no_appointment_needed"}
        for each in (result, other)
    )
    return result.grade > other.grade or bool(before - shut)


def video_at(result: thrive.Result, grade: int) -> tuple[bool, list[str]]:
    """(whether video may be offered at the decided ``grade``, names of what stands against it).

    The engine answers for its own recommendation; a person may have decided otherwise. A grade
    lowered to 3 does not open the way: what made it more urgent still stands against video.
    """
    against = {reason.name: reason.because for reason in result.video_reasons}
    if grade != result.grade:
        if grade == Grade.SCHEDULED and result.grade == Grade.WITHOUT_DEPLOYMENT:
            # Alone because of the grade that was recommended, which is not the one decided.
            if len(against.get("no_appointment_needed", ())) == 1:
                del against["no_appointment_needed"]
        if grade < Grade.SCHEDULED:
            against.setdefault("immediate_risk", ())
        if grade == Grade.WITHOUT_DEPLOYMENT:
            against.setdefault("no_appointment_needed", ())
    names = [name for name in thrive.VIDEO_REASONS if name in against]
    return grade == Grade.SCHEDULED and not names, names


@transaction.atomic
def assess(
    incident, *, known: Known, decision: Decision, by, at, after=None, seen_at=None
) -> Assessment:
    """Keep one more assessment of ``incident`` and start its clocks anew.

    Supersedes the assessment before, does the review that was due, sets the next, and copies
    grade and clocks to the incident. ``after`` is the number of the assessment that the person
    had before their eyes, ``seen_at`` when their page was made (None: not asked): news since then
    keeps the review due. Without a ``decision`` the engine's recommendation
    stands until a person has looked. Raises ReasonMissing, DismissalUnexplained,
    Overtaken, permissions.MayNotLower and permissions.MayNotDismiss. Sends ``assessed``.
    """
    # The incident's row is the lock: assessments themselves can never be locked or changed.
    # Not FOR UPDATE: two who each wrote a row that refers to it would wait for each other.
    found = Incident.objects.select_for_update(no_key=True, of=("self",)).select_related("force")
    incident = found.get(pk=incident.pk)
    before = incident.current_assessment
    if after is not None and before is not None and before.number != after:
        raise Overtaken(before)
    policy = policies.published(at=at)
    scorer = Scorer(known, policy=policy)
    whole = scorer.score()
    if decision is None:
        decision = Decision(grade=whole.grade)
    dismissed, result = _dismiss(scorer, whole, decision, by)
    reason = decision.reason.strip()
    lowered = incident.grade is not None and decision.grade > incident.grade
    if (decision.grade > result.grade or lowered) and not reason:
        raise ReasonMissing
    check_can_grade(by, incident, decision.grade)

    video_offer, video_reasons = video_at(result, decision.grade)
    assessment = Assessment.objects.create(
        incident=incident,
        number=before.number + 1 if before else 1,
        supersedes=before,
        narrative=known.narrative,
        answers={**known.answers, **({"history": known.history} if known.history else {})},
        findings=result.as_dict(),
        elements={name: element.level for name, element in result.elements.items()},
        rationales={k: v.strip() for k, v in (decision.rationales or {}).items() if v.strip()},
        flags=[flag.name for flag in result.flags],
        dismissed=dismissed,
        policy=policy,
        recommended_grade=result.grade,
        decided_grade=decision.grade,
        reason=reason,
        has_reason=bool(reason),
        video_offer=video_offer,
        video_reasons=video_reasons,
        decided_by=by,
        decided_at=at,
    )
    _start_clocks(incident, assessment, at, seen_at)
    ledger.record(
        "incident.assessed",
        by=by,
        about=incident,
        at=at,
        assessment=str(assessment.pk),
        number=assessment.number,
        policy=policy.version,
        recommended=result.grade,
        decided=decision.grade,
        dismissed=sorted(dismissed),
        before=before.decided_grade if before else None,
    )
    signals.assessed.send(
        sender=Incident, incident=incident, assessment=assessment, before=before, by=by, at=at
    )
    return assessment


def _dismiss(scorer, whole, decision, by):
    """({flag: reason}, the Result without them) of what ``by`` may dismiss; raises otherwise.

    ``whole`` is the Result with all of them.
    """
    wanted = {name: reason.strip() for name, reason in (decision.dismissed or {}).items()}
    dismissed = {flag.name: wanted[flag.name] for flag in whole.flags if flag.name in wanted}
    if not dismissed:
        return {}, whole
    if unexplained := [name for name, reason in dismissed.items() if not reason]:
        raise DismissalUnexplained(unexplained)
    check_can_dismiss(by, scorer.weighty(dismissed))
    return dismissed, scorer.score(dismissed=dismissed)


@transaction.atomic
def review_now(incident_id, *, because: str, at) -> Review | None:
    """Ask for a fresh assessment at once: something happened. None for a closed incident.

    ``because`` is a word or two without personal data ("message", "missed call"). A review that
    is due already stays due since then; the clock's own word gives way to what happened.
    """
    # Not FOR UPDATE: two uploads at once have each written a row that refers to the incident.
    incident = Incident.objects.select_for_update(no_key=True, of=("self",)).get(pk=incident_id)
    if incident.status != Incident.Status.OPEN:
        return None
    review = incident.reviews.select_for_update().filter(done_at=None).first()
    if review is None:
        return None
    review.event_at = max(at, review.event_at or at)
    is_news = review.due_at > at or review.because == CLOCK
    if is_news:
        review.due_at, review.because = min(at, review.due_at), because
    review.save(update_fields=["due_at", "because", "event_at"])
    if is_news:
        if incident.review_due_at != review.due_at:
            incident.review_due_at = review.due_at
            incident.save(update_fields=["review_due_at"])
        ledger.record("incident.review_asked", about=incident, at=at, because=because)
        signals.review_asked.send(sender=Incident, incident=incident, because=because, at=at)
    return review


def _start_clocks(incident, assessment, at, seen_at):
    grade_moved = incident.grade != assessment.decided_grade
    first = incident.grade is None
    incident.grade = assessment.decided_grade
    incident.is_seen = assessment.decided_by_id is not None
    if grade_moved:
        start = _clock_start(incident) if first else at
        minutes = incident.force.target_minutes(incident.grade)
        incident.due_at = start + timedelta(minutes=minutes)
    review = incident.reviews.select_for_update().filter(done_at=None).first()
    because, event_at = CLOCK, None
    incident.review_due_at = at + timedelta(minutes=incident.force.review_after_minutes)
    if review and seen_at and review.event_at and review.event_at > seen_at:
        # Whoever decided had not seen it: it still wants a look.
        because, event_at, incident.review_due_at = review.because, review.event_at, at
    if incident.response == Response.VIDEO and not assessment.video_offer:
        # What was chosen is no longer on offer: the choice must be read out again.
        incident.response = ""
    incident.save(update_fields=["grade", "is_seen", "due_at", "review_due_at", "response"])
    if review:
        review.done_at, review.done_by_assessment = at, assessment
        review.save(update_fields=["done_at", "done_by_assessment"])
    Review.objects.create(
        incident=incident, due_at=incident.review_due_at, because=because, event_at=event_at
    )


def _clock_start(incident):
    """From when the target of the first grade runs, as the force has set it."""
    answered = incident.force.clock_start == Force.ClockStart.CALL_ANSWERED
    return (incident.call_answered_at if answered else None) or incident.reported_at
