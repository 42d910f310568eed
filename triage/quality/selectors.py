"""Reads of the quality pages: what waits for a reviewer, what was known then, what came after."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Exists, Min, OuterRef, Q, Subquery

from triage import policies
from triage import selectors as triage_selectors
from triage.answered import answered
from triage.control import library
from triage.control.models import Advice, CallerTold, Safeguarding, SystemCheck
from triage.models import Assessment
from triage.quality.models import (
    FeedbackAnswer,
    Kind,
    QualityReview,
    Sample,
    SecondOpinion,
    UnsafeNow,
)
from victimcontact.accounts.models import User
from victimcontact.lib.prepared import Prepared

# How long after the grade what is recorded still belongs to the same contact.
SAME_CONTACT = timedelta(minutes=60)


def samples_for(user):
    """The assessments drawn in the forces of ``user``, without their own."""
    drawn = Sample.objects.filter(assessment=OuterRef("pk"))
    return (
        Assessment.objects.filter(Exists(drawn), incident__force__in=user.forces.all())
        .exclude(decided_by=user)
        .select_related("incident__force", "policy", "decided_by")
        .defer("policy__data")
    )


def to_review(user):
    """What ``user`` may review now, second opinions first, then what was drawn first.

    Each has ``is_second`` (an opinion is there, another is asked for) and ``first_drawn_at``.
    """
    reviews = QualityReview.objects.filter(assessment=OuterRef("pk"))
    asked = SecondOpinion.objects.filter(assessment=OuterRef("pk"))
    many = reviews.order_by().values("assessment").annotate(n=Count("pk")).values("n")
    first = (
        Sample.objects.filter(assessment=OuterRef("pk"))
        .order_by()
        .values("assessment")
        .annotate(at=Min("drawn_at"))
        .values("at")
    )
    return (
        samples_for(user)
        .annotate(opinions=Subquery(many), is_second=Exists(asked), first_drawn_at=Subquery(first))
        .filter(Q(opinions=None) | Q(opinions=1, is_second=True))
        .exclude(Exists(reviews.filter(reviewer=user)))
        .order_by("-is_second", "first_drawn_at", "pk")
    )


def kinds_of(assessments) -> dict:
    """{assessment's key: labels of why it was drawn}, the risks before chance."""
    found = {}
    for key, kind in Sample.objects.filter(assessment__in=assessments).values_list(
        "assessment", "kind"
    ):
        found.setdefault(key, []).append(Kind(kind))
    return {
        key: [kind.label for kind in sorted(kinds, key=lambda k: (k == Kind.RANDOM, k))]
        for key, kinds in found.items()
    }


def reviews_by(user):
    """What ``user`` has reviewed, latest first."""
    return (
        QualityReview.objects.filter(reviewer=user)
        .select_related("assessment__incident", "handler")
        .order_by("-scored_at")
    )


@dataclass(frozen=True)
class Record:
    """One thing that was recorded within the same contact: ``what`` and, if said, ``words``."""

    what: str
    words: str
    at: object


@dataclass(frozen=True)
class Then:
    """What stood on the screen or was recorded within the same contact, before its end."""

    earlier: list  # the assessments of the incident before this one, latest first
    offer: object  # the choice that was read out on this assessment, or None
    history: dict  # what earlier reports had: their number and markers
    answers: list  # of answered.Answered
    records: list  # (title, [Record]) of checks, advice, safeguarding and what was told
    until: object


def known_then(assessment) -> Then:
    """What belongs to ``assessment`` and what came before it; nothing that came after.

    Recording goes on for a while after the grade is decided: what was recorded within an hour and
    before the next assessment belongs to the same contact.
    """
    after = Assessment.objects.filter(supersedes=assessment).first()
    until = assessment.decided_at + SAME_CONTACT
    if after is not None:
        until = min(until, after.decided_at)
    history = assessment.answers.get("history") or {}
    return Then(
        earlier=list(
            Assessment.objects.filter(incident=assessment.incident_id, number__lt=assessment.number)
            .select_related("policy", "decided_by")
            .defer("policy__data")
            .order_by("-number")
        ),
        offer=assessment.offers.filter(contact=None, chosen_at__lt=until)
        .order_by("chosen_at")
        .first(),
        history=history,
        answers=answered(assessment, policies.rules(assessment.policy)),
        records=_records(assessment.incident_id, assessment.supersedes, until),
        until=until,
    )


def _records(incident_id, before, until):
    """Checks, advice, safeguarding and telling since the assessment ``before``, until then."""

    def within(model, field):
        rows = model.objects.filter(**{"incident": incident_id, f"{field}__lt": until})
        return rows.filter(**{f"{field}__gte": before.decided_at}) if before else rows

    checks = [
        Record(
            f"{library.label(library.checks(), row.kind)}: {row.get_result_display().lower()}",
            row.note,
            row.checked_at,
        )
        for row in within(SystemCheck, "checked_at")
    ]
    advice = [
        Record(
            f"{library.label(library.advice(), row.item)}, {row.get_how_display().lower()}",
            row.words,
            row.given_at,
        )
        for row in within(Advice, "given_at")
    ]
    safeguarding = [
        Record(f"{row.get_choice_display()}: {row.risk}", f"{row.what} {row.why}", row.decided_at)
        for row in within(Safeguarding, "decided_at")
    ]
    told = [
        Record(
            f"{row.get_what_display()}: {row.get_how_display().lower()}", row.because, row.told_at
        )
        for row in within(CallerTold, "told_at")
    ]
    return [
        ("System checks", checks),
        ("Advice given", advice),
        ("Safeguarding", safeguarding),
        ("Told what happens", told),
    ]


def reviews_of(assessment):
    """Every opinion of ``assessment``, the first one first, with scores and answers."""
    return (
        QualityReview.objects.filter(assessment=assessment)
        .select_related("reviewer")
        .prefetch_related("scores", "answers")
        .order_by("scored_at")
    )


def later(assessment) -> dict:
    """What happened after ``assessment``: for whoever has given their opinion."""
    incident = assessment.incident
    pairs = triage_selectors.hanging_on(incident)
    events = [e for e in triage_selectors.timeline(pairs) if e.at > assessment.decided_at]
    return {
        "assessments": list(
            incident.assessments.filter(number__gt=assessment.number)
            .select_related("decided_by")
            .order_by("number")
        ),
        "events": [event for event in events if event.type != "incident.viewed"][::-1],
        "incident": incident,
    }


def raised_by(user, assessment):
    """The alarm that ``user`` has raised about ``assessment``, or None."""
    return UnsafeNow.objects.filter(assessment=assessment, raised_by=user).first()


def feedback_for(user):
    """What reviewers said of this person's assessments, latest first, with ``is_answered``."""
    answers = FeedbackAnswer.objects.filter(review=OuterRef("pk"))
    return (
        QualityReview.objects.filter(handler=user)
        .select_related("assessment__incident", "reviewer")
        .prefetch_related("scores", "answers")
        .annotate(is_answered=Exists(answers))
        .order_by("-scored_at")
    )


def unanswered(user) -> int:
    """How much feedback waits for this person's answer."""
    return _unanswered.count(user=user.pk)


@Prepared
def _unanswered(user):
    return feedback_for(User(pk=user)).filter(is_answered=False).order_by().values("pk")


def waiting(user) -> int:
    """How many assessments this person may review now."""
    return _waiting.count(user=user.pk)


@Prepared
def _waiting(user):
    return to_review(User(pk=user)).order_by().values("pk")
