"""Samples: by lot, so that it can be shown again, and by risk; each assessment once a reason."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests import factories as rows
from tests.triage.quality import factories
from triage.models import Review
from triage.quality import jobs, sampling
from triage.quality.models import Draw, Kind, RiskRule, Sample, SamplingRule
from victimcontact.audit.models import Entry

pytestmark = pytest.mark.django_db

NOON = rows.NOON  # Tuesday 5 May 2026
WEEK_ON = date(2026, 5, 4)
NEXT_WEEK = NOON + timedelta(days=8)


@pytest.fixture
def force():
    rows.policy()
    return rows.force()


def drawn(kind=Kind.RANDOM):
    return set(Sample.objects.filter(kind=kind).values_list("assessment", flat=True))


def decided(by, many):
    return [factories.assessment(by, at=NOON + timedelta(minutes=n)).pk for n in range(many)]


# At random


def test_each_handler_gets_their_share_and_never_less_than_the_least(force):
    SamplingRule.objects.create(force=force, share_percent=20, at_least=2)
    busy, quiet, once = factories.handler(), factories.handler(), factories.handler()
    keys = {busy: decided(busy, 15), quiet: decided(quiet, 4), once: decided(once, 1)}

    new = sampling.draw_week(force, WEEK_ON, at=NEXT_WEEK)

    many = {person: len(drawn() & set(found)) for person, found in keys.items()}
    assert many == {busy: 3, quiet: 2, once: 1}
    assert new == 6


def test_the_same_seed_draws_the_same_and_another_another(force):
    keys = decided(factories.handler(), 40)
    rule = SamplingRule(force=force, share_percent=25, seed="blue")

    first = sampling.drawn(rule, WEEK_ON, keys)
    again = sampling.drawn(rule, WEEK_ON, list(reversed(keys)))
    rule.seed = "green"
    other = sampling.drawn(rule, WEEK_ON, keys)

    assert first == again
    assert len(first) == len(other) == 10
    assert first != other
    assert sampling.drawn(rule, WEEK_ON + timedelta(days=7), keys) != other


def test_who_draws_and_when_makes_no_difference(force):
    keys = decided(factories.handler(), 30)
    rule = SamplingRule.objects.create(force=force, share_percent=20, seed="s")

    sampling.draw_week(force, WEEK_ON, by=factories.reviewer(), at=NEXT_WEEK + timedelta(days=40))

    assert drawn() == set(sampling.drawn(rule, WEEK_ON, keys))


def test_a_week_is_drawn_once_though_the_rule_changes(force):
    rule = SamplingRule.objects.create(force=force, share_percent=10, at_least=1)
    decided(factories.handler(), 10)
    sampling.draw_week(force, WEEK_ON, at=NEXT_WEEK)
    before = drawn()
    rule.share_percent, rule.seed = 100, "another"
    rule.save()

    new = sampling.draw_week(force, WEEK_ON + timedelta(days=3), at=NEXT_WEEK)

    assert new == 0
    assert drawn() == before
    assert Draw.objects.count() == 1


def test_a_week_that_is_not_over_is_refused(force):
    with pytest.raises(sampling.WeekNotOver):
        sampling.draw_week(force, WEEK_ON, at=datetime(2026, 5, 10, 22, 59, tzinfo=NOON.tzinfo))
    # London is an hour ahead: its Monday begins at 23:00 UTC.
    sampling.draw_week(force, WEEK_ON, at=datetime(2026, 5, 10, 23, 0, tzinfo=NOON.tzinfo))


def test_a_week_of_the_clock_change_is_whole():
    starts, ends = sampling.week_bounds(date(2026, 3, 23))

    assert ends - starts == timedelta(days=7) - timedelta(hours=1)
    assert starts.astimezone(ZoneInfo("Europe/London")).hour == 0


def test_what_is_of_another_week_or_nobodys_is_not_drawn(force):
    SamplingRule.objects.create(force=force, share_percent=100)
    handler = factories.handler()
    mine = factories.assessment(handler, at=NOON)
    factories.assessment(handler, at=NOON - timedelta(days=7))
    factories.assessment(handler, at=NOON + timedelta(days=7))
    rows.incident(grade=3, at=NOON)

    sampling.draw_week(force, WEEK_ON, at=NEXT_WEEK)

    assert drawn() == {mine.pk}


def test_a_team_may_have_a_rule_of_its_own(force):
    blue, green = factories.handler("Blue"), factories.handler("Green")
    keys = {blue: decided(blue, 10), green: decided(green, 10)}
    SamplingRule.objects.create(force=force, share_percent=10, at_least=0)
    SamplingRule.objects.create(
        force=force, team=green.teams.get(), per="team", share_percent=50, at_least=0
    )

    sampling.draw_week(force, WEEK_ON, at=NEXT_WEEK)

    assert [len(drawn() & set(found)) for found in keys.values()] == [1, 5]
    told = {d.team.name: (d.assessed, d.drawn, d.per) for d in Draw.objects.all()}
    assert told == {"Blue": (10, 1, "handler"), "Green": (10, 5, "team")}


# By risk


def test_downgraded(force):
    first = factories.assessment(grade=2)
    lower = factories.assessment(of=first.incident, grade=4, at=NOON + timedelta(hours=1))
    factories.assessment(of=first.incident, grade=3, at=NOON + timedelta(hours=2))

    sampling.draw_risks(force, at=NOON + timedelta(days=1))

    assert drawn(Kind.DOWNGRADED) == {lower.pk}
    # The third was raised again, so the one before it was too low.
    assert drawn(Kind.WORSE) == {lower.pk}


def test_below_the_recommendation(force):
    low = factories.assessment(grade=3, recommended_grade=2, has_reason=True, reason="Gone")
    factories.assessment(grade=2, recommended_grade=3)

    sampling.draw_risks(force, at=NOON + timedelta(days=1))

    assert drawn(Kind.BELOW) == {low.pk}


def test_domestic_abuse_that_waits(force):
    waits = factories.assessment(grade=3, flags=["domestic_abuse"])
    factories.assessment(grade=2, flags=["domestic_abuse"])
    factories.assessment(grade=4, flags=["fraud"])

    sampling.draw_risks(force, at=NOON + timedelta(days=1))

    assert drawn(Kind.ABUSE) == {waits.pk}


def test_dismissed_flags_are_drawn_where_they_had_weight(force, monkeypatch):
    asked = []

    def weighty(known, *, policy, dismissed):
        asked.append((known.narrative, known.answers, known.history, policy, dismissed))
        return dismissed & {"domestic_abuse"}

    monkeypatch.setattr(sampling.assessing, "weighty", weighty)
    heavy = factories.assessment(
        grade=4,
        dismissed={"domestic_abuse": "Not so", "fraud": "Nor that"},
        answers={"weapon": False, "history": {"markers": ["stalking"]}},
    )
    factories.assessment(grade=4, dismissed={"fraud": "Not so"})
    factories.assessment(grade=4)

    sampling.draw_risks(force, at=NOON + timedelta(days=1))

    assert drawn(Kind.DISMISSED) == {heavy.pk}
    assert len(asked) == 2
    # As it was then: its words, its answers, what was known of before, and its own policy.
    dismissed = {"domestic_abuse", "fraud"}
    history = {"markers": ["stalking"]}
    then = (heavy.narrative, {"weapon": False}, history, heavy.policy, dismissed)
    assert then in asked


def test_repeat_within_seven_days_by_number_or_place(force):
    victim = rows.contact(phone="+447700900111")

    def report(days, **fields):
        at = NOON - timedelta(days=days)
        of = rows.incident(narrative=factories.WORDS, at=at, **{"location": "", **fields})
        return factories.assessment(of=of, at=at)

    first = report(9, victim=victim)
    soon = report(3, victim=victim)
    report(0, victim=rows.contact(phone="+447700900112"))
    report(9, location="3 Fern Close")
    late = report(1, location="3 FERN  close")
    again = report(0, victim=rows.contact(phone="+447700900111"))

    sampling.draw_risks(force, at=NOON + timedelta(hours=1))

    assert drawn(Kind.REPEAT) == {soon.pk, again.pk}
    assert first.pk not in drawn(Kind.REPEAT)
    assert late.pk not in drawn(Kind.REPEAT)  # eight days after the one before


def test_the_second_assessment_of_a_report_is_no_repeat(force):
    first = factories.assessment()
    factories.assessment(of=first.incident, at=NOON + timedelta(hours=1))

    sampling.draw_risks(force, at=NOON + timedelta(days=1))

    assert drawn(Kind.REPEAT) == set()


def test_late_by_the_clock_and_after_news(force):
    in_time, late, soon, slow = (factories.assessment() for _ in range(4))
    hour = timedelta(hours=1)

    def next_of(first, after):
        return factories.assessment(of=first.incident, at=NOON + after)

    def news(first, at):
        Review.objects.filter(incident=first.incident, done_at=None).update(
            due_at=at, because="message"
        )

    next_of(in_time, 3 * hour)
    too_late = next_of(late, 4 * hour)
    news(soon, NOON + hour)
    next_of(soon, hour + timedelta(minutes=29))
    news(slow, NOON + hour)
    too_slow = next_of(slow, hour + timedelta(minutes=31))

    sampling.draw_risks(force, at=NOON + timedelta(days=1))

    assert drawn(Kind.LATE) == {too_late.pk, too_slow.pk}


def test_worse_at_the_next_assessment_even_when_nobody_decided_the_first(force):
    incident = rows.incident(grade=3, location="")
    engine_alone = incident.current_assessment
    factories.assessment(of=incident, grade=1, at=NOON + timedelta(hours=1))

    sampling.draw_risks(force, at=NOON + timedelta(days=1))

    assert drawn(Kind.WORSE) == {engine_alone.pk}


def test_a_risk_is_drawn_once_a_reason_and_its_share_is_kept_to(force):
    risky = [factories.assessment(grade=3, flags=["domestic_abuse"]).pk for _ in range(30)]
    at = NOON + timedelta(days=1)
    RiskRule.objects.create(force=force, kind=Kind.ABUSE, share_percent=0)
    assert sampling.draw_risks(force, at=at) == {}

    RiskRule.objects.update(share_percent=50)
    half = sampling.draw_risks(force, at=at)
    again = sampling.draw_risks(force, at=at)
    RiskRule.objects.update(share_percent=100)
    rest = sampling.draw_risks(force, at=at)

    assert 5 < half["abuse"] < 25
    assert again == {}
    assert half["abuse"] + rest["abuse"] == 30
    assert drawn(Kind.ABUSE) == set(risky)


def test_one_assessment_may_have_several_reasons(force):
    first = factories.assessment(grade=2)
    both = factories.assessment(
        of=first.incident,
        grade=3,
        recommended_grade=2,
        has_reason=True,
        reason="Gone",
        flags=["domestic_abuse"],
        at=NOON + timedelta(hours=1),
    )

    sampling.draw_risks(force, at=NOON + timedelta(days=1))

    kinds = set(Sample.objects.filter(assessment=both).values_list("kind", flat=True))
    assert kinds == {"downgraded", "below", "abuse"}


def test_what_is_older_than_it_looks_back_or_of_another_force_stays(force):
    factories.assessment(grade=3, flags=["domestic_abuse"], at=NOON - timedelta(days=15))
    elsewhere = rows.force("southmoor")
    of = rows.incident(elsewhere, location="")
    factories.assessment(of=of, grade=3, flags=["domestic_abuse"])

    assert sampling.draw_risks(force, at=NOON) == {}


# The clock


def test_beat_draws_for_every_force_and_says_so_in_the_ledger(force):
    handler = factories.handler()
    decided(handler, 3)
    risky = factories.assessment(
        handler, grade=3, flags=["domestic_abuse"], at=NEXT_WEEK - timedelta(hours=1)
    )

    new = jobs.draw_samples(NEXT_WEEK)
    again = jobs.draw_samples(NEXT_WEEK)

    assert (new, again) == (3, 0)
    assert drawn(Kind.ABUSE) == {risky.pk}
    assert {e.type for e in Entry.objects.all()} >= {"quality.drawn", "quality.risks_drawn"}
    assert jobs.BEAT["draw samples for review"]["task"] == "triage.quality.tasks.draw_samples"
