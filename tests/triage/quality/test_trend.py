"""The trend counts what it says, and fairness compares without naming."""

from datetime import timedelta

import pytest

from tests import factories as rows
from tests.triage.quality import factories
from triage import assessing, intake
from triage.quality import charts, sampling, trend
from triage.quality.models import Kind, SamplingRule

pytestmark = pytest.mark.django_db

AT = rows.NOON + timedelta(days=8)  # Wednesday 13 May: last week is that of 4 May


@pytest.fixture
def reviewer():
    return factories.reviewer()


def whole(reviewer):
    return trend.by_team(reviewer, rows.force(), at=AT)[0]


def test_twelve_weeks_up_to_the_one_that_runs(reviewer):
    days = [f"{week.on}" for week in whole(reviewer).weeks]

    assert (len(days), days[0], days[-2:]) == (12, "2026-02-23", ["2026-05-04", "2026-05-11"])


def test_average_is_of_the_random_draw_and_risks_are_apart(reviewer):
    for points in (3, 2):
        factories.review(factories.sample(), reviewer, points=points)
    factories.review(factories.sample(kind=Kind.ABUSE), reviewer, points=0, grade=1)

    one = whole(reviewer)

    assert (one.score, one.scored, one.risk_score, len(one.risk_points)) == (83, 2, 0, 1)
    assert (dict(one.graded), dict(one.graded_risks)) == ({"right": 2}, {"under": 1})
    assert [week.score for week in one.weeks][-3:] == [None, 83, None]


def test_both_random_and_risky_counts_as_random(reviewer):
    of = factories.sample(kind=Kind.ABUSE)
    factories.sample(of, Kind.RANDOM)
    factories.review(of, reviewer, points=3)

    one = whole(reviewer)

    assert (one.scored, one.risk_points) == (1, [])


def test_under_and_over(reviewer):
    for grade in (2, 3, 4, 4):
        factories.review(factories.sample(), reviewer, grade=grade)

    graded = whole(reviewer).graded

    assert graded == {"under": 1, "right": 1, "over": 2}


def test_share_reviewed_is_of_what_the_draw_counted(reviewer):
    SamplingRule.objects.create(force=rows.force(), share_percent=25, at_least=0)
    handler = factories.handler("Blue")
    for _ in range(8):
        factories.assessment(handler)
    sampling.draw_week(rows.force(), rows.NOON.date(), at=AT)
    drawn = list(trend.Assessment.objects.filter(samples__isnull=False))
    factories.review(drawn[0], reviewer)

    one, blue = trend.by_team(reviewer, rows.force(), at=AT)

    assert (len(drawn), one.assessed, one.reviewed, one.share) == (2, 8, 1, 12.5)
    assert (blue.name, blue.assessed, blue.reviewed) == ("Blue", 8, 1)


def test_agreement_of_two_reviewers(reviewer):
    other = factories.reviewer()
    for grades, points in (((2, 2), (3, 3)), ((2, 3), (3, 2))):
        of = factories.sample()
        factories.review(of, reviewer, grade=grades[0], points=points[0])
        factories.review(of, other, grade=grades[1], points=points[1], at=AT + timedelta(days=1))

    one = whole(reviewer)

    assert (one.agreed, len(one.pairs), one.apart) == (1, 2, 17)
    assert one.reviewed == 2  # of assessments, not of opinions


def test_teams_stand_by_name_and_count_their_own(reviewer):
    for name, points in (("Green", 3), ("Blue", 2)):
        of = factories.sample(factories.assessment(factories.handler(name)))
        factories.review(of, reviewer, points=points)

    found = {one.name: one.score for one in trend.by_team(reviewer, rows.force(), at=AT)}

    assert list(found.items()) == [("Northmoor", 83), ("Blue", 67), ("Green", 100)]


def test_what_the_engine_graded_alone_is_no_handlers(reviewer):
    of = rows.incident(grade=3).current_assessment
    factories.review(factories.sample(of, Kind.WORSE), reviewer)

    assert whole(reviewer).reviewed == 0


# Fairness


def test_spread_shows_nobody_where_they_are_few():
    for _ in range(4):
        handler = factories.handler()
        for _ in range(10):
            factories.assessment(handler)

    spread = trend.spreads(rows.force(), at=AT)[0]

    assert (spread.handlers, spread.assessments, spread.funnel) == (4, 40, None)


def test_spread_counts_who_is_beyond_chance():
    for number in range(6):
        handler = factories.handler()
        for each in range(20):
            low = {"recommended_grade": 2, "has_reason": True} if number == 0 and each < 19 else {}
            factories.assessment(handler, grade=3, **low)

    below, urgent = trend.spreads(rows.force(), at=AT)

    assert (below.handlers, below.assessments, below.funnel.outside) == (6, 120, 1)
    assert urgent.funnel.outside == 0
    assert {dot.says for dot in below.funnel.dots} == {"19 of 20", "0 of 20"}


def test_same_caller_by_five_handlers_counts_first_tries_alone():
    rows.policy()
    handlers = [factories.handler() for _ in range(5)]
    for number, handler in enumerate(handlers):
        factories.attempt(handler, grade=2 if number else 4)
    factories.attempt(handlers[0])

    (one,) = trend.same_callers(rows.force())

    assert (one.handlers, one.right, one.same_percent) == (5, "3", 80)
    assert one.grades == [(1, 0, False), (2, 4, False), (3, 0, True), (4, 1, False)]


def test_same_report_entered_by_five_gets_the_same_rank():
    """What stands in the queue knows nothing of who entered it, nor does the recommendation."""
    rows.policy()
    report = intake.NewReport("101", factories.WORDS, intake.Person(), answers={"weapon": False})
    for person in [factories.handler(), factories.handler("Green"), rows.user("team_leader")] * 2:
        intake.record(
            report,
            force=rows.force(),
            decision=assessing.Decision(3, "As told"),
            by=person,
            at=rows.NOON,
        )

    found = {
        (a.recommended_grade, tuple(a.flags), a.incident.grade, a.incident.due_at)
        for a in trend.Assessment.objects.select_related("incident")
    }

    assert len(found) == 1


# Charts


def test_line_breaks_where_a_week_has_nothing():
    line = charts.line([(50, 3, "a"), (100, 9, "b"), (None, 0, "c"), (0, 1, "d")])

    assert line.pieces == ["44.0,91.0 230.7,14.0"]
    assert [dot.says for dot in line.dots] == [
        "a: 50 %, from 3",
        "b: 100 %, from 9",
        "d: 0 %, from 1",
    ]


def test_shares_fill_the_bar():
    pieces = charts.shares([("under", "U", 1), ("right", "R", 3), ("over", "O", 0)])

    assert [(p.x, p.width, p.percent) for p in pieces] == [
        (0.0, 140.0, 25),
        (140.0, 420.0, 75),
        (560.0, 0.0, 0),
    ]
    assert charts.shares([("under", "U", 0)]) == []


def test_funnel_of_nobody_and_of_all_alike():
    assert charts.funnel([]) is None
    same = charts.funnel([(10, 0), (40, 0)])
    assert (same.outside, same.mean) == (0, 0)
