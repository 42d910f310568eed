"""Trying a synthetic caller: begin, listen, ask, decide. Writes its own attempt and the ledger."""

from dataclasses import asdict

from django.db import transaction

from triage import assessing, policies
from triage.quality.models import PracticeAttempt
from triage.quality.practice import cases, scoring
from victimcontact.audit import ledger

# Asked on every real call, though no answer to them moves the grade.
OWN_QUESTIONS = {
    "where": "Where are you now?",
    "alone": "Who is with you?",
    "reach": "How and when is it safe for us to reach you?",
    "help": "What would help you most?",
}


class Finished(Exception):
    """The attempt is decided: nothing in it changes any more."""


@transaction.atomic
def start(case: cases.Case, *, by, at) -> PracticeAttempt:
    """Begin, or go on with the attempt at this case that this person has not finished."""
    going = PracticeAttempt.objects.filter(handler=by, case=case.key, finished_at=None).first()
    if going is not None and going.case_print == case.print:
        return going
    made = PracticeAttempt.objects.create(
        handler=by,
        case=case.key,
        case_print=case.print,
        policy_version=policies.published(at=at).version,
        form={"channel": [case.channel]},
        started_at=at,
        saved_at=at,
    )
    ledger.record("practice.started", by=by, about=made, at=at, case=case.key)
    return made


def case_of(attempt) -> cases.Case | None:
    """The case of ``attempt``, or None where it is gone from the file."""
    return cases.everybody().get(attempt.case)


def questions(rules) -> dict:
    """{key: text} of what may be asked: the caller's place first, then the policy's questions."""
    return OWN_QUESTIONS | {question.key: question.text for question in rules.questions}


@transaction.atomic
def hear_more(attempt_id, *, by, at) -> PracticeAttempt:
    """The caller speaks one line more; at the end nothing changes. Raises Finished."""
    attempt = _open(attempt_id, by)
    attempt.heard = min(attempt.heard + 1, len(case_of(attempt).lines))
    attempt.saved_at = at
    attempt.save(update_fields=["heard", "saved_at"])
    return attempt


@transaction.atomic
def ask(attempt_id, key: str, *, by, at) -> PracticeAttempt:
    """Ask the caller ``key``; asked again, the answer is only read again. Raises Finished."""
    attempt = _open(attempt_id, by)
    if key not in attempt.asked:
        attempt.asked = [*attempt.asked, key]
        attempt.saved_at = at
        attempt.save(update_fields=["asked", "saved_at"])
    return attempt


@transaction.atomic
def save(attempt_id, *, form: dict, by, at) -> PracticeAttempt:
    """Keep what was typed so far. Raises Finished."""
    attempt = _open(attempt_id, by)
    if attempt.form != form:
        attempt.form, attempt.saved_at = form, at
        attempt.save(update_fields=["form", "saved_at"])
    return attempt


@transaction.atomic
def finish(attempt_id, *, known, decision, by, at) -> PracticeAttempt:
    """Decide and score. ``known`` and ``decision`` as a real report gives them. Raises Finished."""
    attempt = _open(attempt_id, by)
    policy = policies.published(at=at)
    parts = score(attempt, known=known, decision=decision, policy=policy)
    attempt.policy_version = policy.version
    attempt.decided_grade = decision.grade
    attempt.points = sum(part.points for part in parts)
    attempt.outcome = {
        "parts": [asdict(part) for part in parts],
        "narrative": assessing.report(known).words,
        "reason": decision.reason,
        "lines": list(case_of(attempt).lines),
    }
    attempt.finished_at = attempt.saved_at = at
    attempt.save()
    ledger.record(
        "practice.finished",
        by=by,
        about=attempt,
        at=at,
        case=attempt.case,
        grade=decision.grade,
        points=attempt.points,
    )
    return attempt


def score(attempt, *, known, decision, policy) -> tuple[scoring.Part, ...]:
    """The parts of the score of what was decided, from what the attempt holds. Writes nothing."""
    case = case_of(attempt)
    dismissed = {name for name, why in (decision.dismissed or {}).items() if why.strip()}
    flags, video = _made_of(known, decision.grade, policy, dismissed)
    tried = scoring.Tried(
        grade=decision.grade,
        flags=flags,
        dismissed=frozenset(dismissed),
        video=video,
        asked=tuple(attempt.asked),
        rationales=decision.rationales or {},
    )
    return scoring.score(case, tried, best(case, policy), questions(policies.rules(policy)))


def best(case: cases.Case, policy) -> scoring.Best:
    """What the engine makes of the case, by ``policy``, when everything was heard and asked."""
    narrative, answers = case.told
    known = assessing.Known(case.channel, narrative, answers, case.history)
    return scoring.Best(*_made_of(known, case.exemplar.grade, policy))


def _made_of(known, grade, policy, dismissed=()):
    result = assessing.score(known, policy=policy, dismissed=dismissed, questions=False)
    video, _ = assessing.video_at(result, grade)
    return frozenset(flag.name for flag in result.flags), video


def _open(attempt_id, by):
    attempt = PracticeAttempt.objects.select_for_update().get(pk=attempt_id, handler=by)
    if attempt.finished_at is not None:
        raise Finished
    return attempt
