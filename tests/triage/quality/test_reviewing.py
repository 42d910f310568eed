"""A review is one person's, of somebody else's decision, once, and for good."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from messaging.models import StaffTask
from tests import factories as rows
from tests.triage.quality import factories
from triage.quality import criteria, reviewing, selectors
from triage.quality.models import (
    Criterion,
    CriterionScore,
    Kind,
    QualityReview,
    SecondOpinion,
    UnsafeNow,
)
from victimcontact.audit.models import Entry

pytestmark = pytest.mark.django_db

NOON = rows.NOON
LATER = NOON + timedelta(days=2)


@pytest.fixture
def reviewer():
    return factories.reviewer()


def keep(of, by, **fields):
    return reviewing.review(of, opinion=factories.opinion(**fields), by=by, at=LATER)


def test_review_keeps_the_score_and_whose_it_was(reviewer):
    handler = factories.handler("Blue")
    of = factories.sample(factories.assessment(handler, grade=3))

    made = keep(of, reviewer, points=3, grade=2, feedback=" Ask about the key. ")

    assert (made.points, made.most) == (33, 33)
    assert (made.handler, made.team.name, made.reviewer) == (handler, "Blue", reviewer)
    assert (made.decided_grade, made.right_grade, made.graded) == (3, 2, "under")
    assert made.feedback == "Ask about the key."
    assert [s.key for s in made.scores.all()] == [one.key for one in criteria.shipped()]
    entry = Entry.objects.get(type="quality.reviewed")
    assert entry.actor == f"user:{reviewer.pk}"
    assert "key" not in str(entry.detail)


def test_what_does_not_apply_counts_for_nothing(reviewer):
    of = factories.sample()
    scores = [*factories.opinion(points=2).scores]
    scores[0] = reviewing.Scored(scores[0].key, scores[0].label, None)
    opinion = reviewing.Opinion(tuple(scores), "sound", 3)

    made = reviewing.review(of, opinion=opinion, by=reviewer, at=LATER)

    assert (made.points, made.most) == (20, 30)


def test_nobody_reviews_their_own(reviewer):
    both = rows.user(["call_handler", "quality_reviewer"])
    of = factories.sample(factories.assessment(both))

    with pytest.raises(reviewing.OwnAssessment):
        keep(of, both)
    assert of not in selectors.to_review(both)
    assert of not in selectors.samples_for(both)
    assert of in selectors.to_review(reviewer)


def test_the_database_refuses_ones_own_too(reviewer):
    of = factories.sample()

    with pytest.raises(IntegrityError), transaction.atomic():
        QualityReview.objects.create(
            force=of.incident.force,
            assessment=of,
            handler=reviewer,
            reviewer=reviewer,
            overall="good",
            decided_grade=3,
            right_grade=3,
            points=1,
            most=3,
            assessed_at=NOON,
            scored_at=LATER,
        )


def test_only_what_was_drawn_is_reviewed(reviewer):
    with pytest.raises(reviewing.NotSampled):
        keep(factories.assessment(), reviewer)


def test_reviewed_once_by_each(reviewer):
    of = factories.sample()
    first = keep(of, reviewer)

    with pytest.raises(reviewing.AlreadyReviewed) as again:
        keep(of, reviewer, points=0)

    assert again.value.review == first
    assert QualityReview.objects.count() == 1


def test_low_points_need_a_comment(reviewer):
    of = factories.sample()
    scores = [*factories.opinion(points=2).scores]
    scores[3] = reviewing.Scored("investigation", "Investigation", 1, "  ")

    with pytest.raises(reviewing.CommentMissing) as missing:
        reviewing.review(
            of, opinion=reviewing.Opinion(tuple(scores), "learn", 3), by=reviewer, at=LATER
        )

    assert missing.value.keys == ["investigation"]
    assert not QualityReview.objects.exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        CriterionScore.objects.create(
            review=keep(of, reviewer), key="x", label="X", position=99, points=1, has_comment=False
        )


def test_nothing_scored_is_no_review(reviewer):
    with pytest.raises(reviewing.NothingScored):
        keep(factories.sample(), reviewer, points=None)


def test_a_review_takes_it_off_every_list_until_a_second_is_asked(reviewer):
    other, third = factories.reviewer(), factories.reviewer()
    of = factories.sample()
    waiting = {person: [a.pk for a in selectors.to_review(person)] for person in (reviewer, other)}

    keep(of, reviewer)
    after_one = [selectors.waiting(person) for person in (reviewer, other)]
    reviewing.ask_second(of, by=reviewer, why="Is it me?", at=LATER)
    asked = [selectors.waiting(person) for person in (reviewer, other, third)]
    keep(of, other, points=3)
    after_two = [selectors.waiting(person) for person in (reviewer, other, third)]

    assert waiting == {reviewer: [of.pk], other: [of.pk]}
    assert after_one == [0, 0]
    assert asked == [0, 1, 1]
    assert after_two == [0, 0, 0]


def test_second_opinions_come_first_then_what_was_drawn_first(reviewer):
    late = factories.sample(at=NOON + timedelta(days=3))
    early = factories.sample(at=NOON + timedelta(days=1))
    second = factories.sample(at=NOON + timedelta(days=5))
    keep(second, factories.reviewer())
    reviewing.ask_second(second, by=factories.reviewer(), at=LATER)

    assert list(selectors.to_review(reviewer)) == [second, early, late]


def test_several_reasons_are_one_line(reviewer):
    of = factories.sample(kind=Kind.ABUSE)
    factories.sample(of, Kind.RANDOM)

    assert list(selectors.to_review(reviewer)) == [of]
    assert selectors.kinds_of([of.pk]) == {of.pk: ["Domestic abuse graded 3 or 4", "Random"]}


def test_staff_of_another_force_review_nothing_here():
    factories.sample()

    elsewhere = factories.reviewer(at_force=rows.force("southmoor"))

    assert list(selectors.to_review(elsewhere)) == []


# What was known then


def test_known_then_holds_nothing_that_came_after(reviewer):
    incident = rows.incident(narrative=factories.WORDS, location="")
    first = factories.assessment(of=incident, grade=4, at=NOON)
    of = factories.sample(factories.assessment(of=incident, at=NOON + timedelta(hours=1)))
    offer = rows.offer(incident, assessment=of, at=NOON + timedelta(hours=1, minutes=5))
    factories.assessment(of=incident, grade=1, at=NOON + timedelta(hours=1, minutes=30))
    rows.offer(incident, assessment=of, chosen="visit", at=NOON + timedelta(hours=3))

    then = selectors.known_then(of)

    assert then.earlier == [first]
    assert then.offer == offer
    assert then.until == NOON + timedelta(hours=1, minutes=30)
    assert [a.number for a in selectors.later(of)["assessments"]] == [3]


def test_history_is_what_it_was(reviewer):
    of = factories.assessment(
        answers={
            "weapon": False,
            "injuries": "minor",
            "history": {"markers": ["stalking"], "previous_reports_12m": 2},
        }
    )

    then = selectors.known_then(of)

    assert then.history == {"markers": ["stalking"], "previous_reports_12m": 2}
    said = [(one.question, one.answer) for one in then.answers]
    assert said == [("Weapon", "No"), ("Injuries", "Minor")]


# Feedback


def test_the_handler_answers_their_own_feedback(reviewer):
    made = factories.review(by=reviewer)

    answer = reviewing.answer(made, kind="read", words=" Thanks ", by=made.handler, at=LATER)
    again = reviewing.answer(made, kind="read", words="More", by=made.handler, at=LATER)

    assert answer == again
    assert answer.words == "Thanks"
    assert selectors.unanswered(made.handler) == 0
    assert not SecondOpinion.objects.exists()


def test_nobody_else_answers(reviewer):
    made = factories.review(by=reviewer)

    with pytest.raises(reviewing.NotTheirs):
        reviewing.answer(made, kind="read", by=factories.handler(), at=LATER)


def test_who_does_not_agree_says_why_and_gets_a_second_opinion(reviewer):
    other = factories.reviewer()
    made = factories.review(by=reviewer)

    with pytest.raises(reviewing.ReasonMissing):
        reviewing.answer(made, kind="disagree", words=" ", by=made.handler, at=LATER)
    reviewing.answer(made, kind="disagree", words="He had gone", by=made.handler, at=LATER)

    assert list(selectors.to_review(other)) == [made.assessment]
    assert list(selectors.to_review(reviewer)) == []


# Unsafe now


def test_unsafe_now_asks_for_an_assessment_at_once_and_raises_a_task(reviewer):
    of = factories.sample()
    incident = of.incident

    raised = reviewing.unsafe_now(of, why="She is alone with him", by=reviewer, at=LATER)

    incident.refresh_from_db()
    review = incident.reviews.get(done_at=None)
    task = StaffTask.objects.get()
    assert (incident.review_due_at, review.due_at) == (min(LATER, incident.review_due_at),) * 2
    assert review.due_at <= LATER
    assert (task.kind, task.about_id, task.pk) == ("call_back", incident.pk, raised.task_id)
    assert "unsafe now" in task.reason
    assert "alone" not in task.reason
    assert Entry.objects.filter(type="quality.unsafe_now", about_id=str(incident.pk)).count() == 1


def test_unsafe_now_moves_a_review_that_was_not_due(reviewer):
    of = factories.sample()
    soon = NOON + timedelta(minutes=20)

    reviewing.unsafe_now(of, why="She is alone with him", by=reviewer, at=soon)

    review = of.incident.reviews.get(done_at=None)
    assert (review.due_at, review.because) == (soon, "reviewer fears: unsafe now")


def test_unsafe_now_of_a_closed_incident_is_a_task_too(reviewer):
    of = factories.sample()
    incident = of.incident
    incident.status, incident.closed_at, incident.closed_by = "closed", LATER, reviewer
    incident.save()

    reviewing.unsafe_now(of, why="She is alone with him", by=reviewer, at=LATER)

    assert "closed" in StaffTask.objects.get().reason


def test_unsafe_now_once_for_each_reviewer_and_never_without_a_reason(reviewer):
    of = factories.sample()

    with pytest.raises(reviewing.ReasonMissing):
        reviewing.unsafe_now(of, why=" ", by=reviewer, at=LATER)
    first = reviewing.unsafe_now(of, why="Alone", by=reviewer, at=LATER)
    again = reviewing.unsafe_now(of, why="Alone", by=reviewer, at=LATER)
    reviewing.unsafe_now(of, why="I think so too", by=factories.reviewer(), at=LATER)

    assert first == again
    assert UnsafeNow.objects.count() == StaffTask.objects.count() == 2


# Criteria


def test_criteria_ship_with_the_six_elements_and_what_forces_are_asked_for():
    keys = [one.key for one in criteria.shipped()]

    assert keys[:6] == ["threat", "harm", "risk", "investigation", "vulnerability", "engagement"]
    assert keys[6:] == ["grade", "flags", "advice", "choice", "told"]


def test_a_force_may_change_its_criteria(reviewer):
    force = rows.force()
    criteria.copy_shipped(force, by=reviewer, at=NOON)
    Criterion.objects.exclude(key__in=["risk", "told"]).update(is_used=False)
    Criterion.objects.filter(key="told").update(label="Told", position=0)

    assert [one.label for one in criteria.in_force(force)] == ["Told", "Risk"]
    assert criteria.copy_shipped(force, by=reviewer, at=NOON) == 0
    assert criteria.in_force(rows.force("southmoor")) == criteria.shipped()
