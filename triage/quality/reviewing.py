"""Reviewing an assessment: a score on what was known then, second opinions, and an alarm.

Source: the ten principles of risk (College of Policing APP, Risk): judge a decision by what was
known and by its quality, not by its outcome; learn from success as well as from failure.
"""

from dataclasses import dataclass

from django.db import transaction

from messaging import staff_tasks
from messaging.models import StaffTask
from triage import assessing
from triage.models import Assessment, Incident
from triage.quality import teams
from triage.quality.models import (
    MOST,
    CriterionScore,
    FeedbackAnswer,
    QualityReview,
    SecondOpinion,
    UnsafeNow,
)
from victimcontact.audit import ledger

LOW = 1  # points from which a comment has to say why


class OwnAssessment(Exception):
    """Nobody reviews what they decided themselves."""


class NotSampled(Exception):
    """The assessment is not one to review: it was not drawn, and no second opinion is asked."""


class AlreadyReviewed(Exception):
    """This reviewer has given an opinion of it; ``review`` is it."""

    def __init__(self, review):
        self.review = review
        super().__init__("You have reviewed this assessment.")


class CommentMissing(ValueError):
    """Low points without saying why: ``keys``."""

    def __init__(self, keys):
        self.keys = list(keys)
        super().__init__(f"Low points without a comment: {', '.join(self.keys)}")


class NothingScored(ValueError):
    """Every criterion was left out: there is no score to give."""


class NotTheirs(Exception):
    """Feedback is answered by the handler whom it is about."""


class ReasonMissing(ValueError):
    """An alarm, or a disagreement, without saying why."""


@dataclass(frozen=True)
class Scored:
    """Points of one criterion: 0 to 3, or None where it did not apply."""

    key: str
    label: str
    points: int | None
    comment: str = ""


@dataclass(frozen=True)
class Opinion:
    """What a reviewer says. ``overall`` is one of QualityReview.Overall."""

    scores: tuple[Scored, ...]
    overall: str
    right_grade: int
    good_practice: str = ""
    feedback: str = ""


def check_can_review(user, assessment) -> None:
    """Raise OwnAssessment or NotSampled where ``user`` is not to review ``assessment``."""
    if assessment.decided_by_id == user.pk:
        raise OwnAssessment
    if not assessment.samples.exists():
        raise NotSampled


@transaction.atomic
def review(assessment, *, opinion: Opinion, by, at) -> QualityReview:
    """Keep what ``by`` thinks of ``assessment``; it can never be changed.

    The first review is for whoever draws the sample; a further one needs a second opinion to be
    asked for, or two reviewers who had the page open at once. Raises OwnAssessment, NotSampled,
    AlreadyReviewed, CommentMissing, NothingScored.
    """
    # The incident is the lock: an assessment itself can never be locked.
    incident = Incident.objects.select_for_update(of=("self",)).get(pk=assessment.incident_id)
    check_can_review(by, assessment)
    if done := assessment.quality_reviews.filter(reviewer=by).first():
        raise AlreadyReviewed(done)
    scored = [one for one in opinion.scores if one.points is not None]
    if not scored:
        raise NothingScored
    if low := [one.key for one in scored if one.points <= LOW and not one.comment.strip()]:
        raise CommentMissing(low)
    made = QualityReview.objects.create(
        force_id=incident.force_id,
        assessment=assessment,
        handler=assessment.decided_by,
        team=teams.of_one(assessment.decided_by, incident.force),
        reviewer=by,
        overall=opinion.overall,
        decided_grade=assessment.decided_grade,
        right_grade=opinion.right_grade,
        points=sum(one.points for one in scored),
        most=MOST * len(scored),
        good_practice=opinion.good_practice.strip(),
        feedback=opinion.feedback.strip(),
        assessed_at=assessment.decided_at,
        scored_at=at,
    )
    CriterionScore.objects.bulk_create(
        [
            CriterionScore(
                review=made,
                key=one.key,
                label=one.label,
                position=place,
                points=one.points,
                comment=one.comment.strip(),
                has_comment=bool(one.comment.strip()),
            )
            for place, one in enumerate(opinion.scores, 1)
        ]
    )
    ledger.record(
        "quality.reviewed",
        by=by,
        about=made,
        at=at,
        assessment=str(assessment.pk),
        graded=made.graded,
        overall=made.overall,
    )
    return made


@transaction.atomic
def ask_second(assessment, *, by, why="", at) -> SecondOpinion:
    """Ask for another reviewer's opinion; asked twice, the first asking stands."""
    asked, made = SecondOpinion.objects.get_or_create(
        assessment=assessment,
        defaults={"asked_by": by, "why": why.strip(), "asked_at": at},
    )
    if made:
        ledger.record("quality.second_asked", by=by, about=assessment, at=at)
    return asked


@transaction.atomic
def answer(review, *, kind: str, words: str = "", by, at) -> FeedbackAnswer:
    """The handler's answer to feedback. Not agreeing needs words and asks for a second opinion.

    Each kind once: asked again, the first answer comes back. Raises NotTheirs, ReasonMissing.
    """
    if review.handler_id != by.pk:
        raise NotTheirs
    if kind == FeedbackAnswer.Kind.DISAGREE and not words.strip():
        raise ReasonMissing
    made, new = FeedbackAnswer.objects.get_or_create(
        review=review,
        kind=kind,
        defaults={"handler": by, "words": words.strip(), "answered_at": at},
    )
    if new:
        ledger.record("quality.answered", by=by, about=review, at=at, kind=str(kind))
        if kind == FeedbackAnswer.Kind.DISAGREE:
            ask_second(review.assessment, by=by, at=at)
    return made


@transaction.atomic
def unsafe_now(assessment: Assessment, *, why: str, by, at) -> UnsafeNow:
    """A reviewer fears for the victim now: assess again at once, and a task for the control room.

    Whether the incident is open or closed there is a task. Once for each reviewer and assessment:
    asked again, what was raised comes back. Raises ReasonMissing.
    """
    if not why.strip():
        raise ReasonMissing
    incident = Incident.objects.select_for_update(of=("self",)).get(pk=assessment.incident_id)
    if raised := assessment.unsafe_now.filter(raised_by=by).first():
        return raised
    assessing.review_now(incident.pk, because="reviewer fears: unsafe now", at=at)
    is_open = incident.status == Incident.Status.OPEN
    task = staff_tasks.raise_task(
        StaffTask.Kind.CALL_BACK,
        force=incident.force,
        about=incident,
        reason=f"{incident.reference}: a quality reviewer fears that the victim is unsafe now."
        + (" Assess again at once" if is_open else " It is closed: look at it at once"),
        at=at,
    )
    raised = UnsafeNow.objects.create(
        assessment=assessment, raised_by=by, why=why.strip(), task_id=task.pk, raised_at=at
    )
    ledger.record("quality.unsafe_now", by=by, about=incident, at=at, assessment=str(assessment.pk))
    return raised
