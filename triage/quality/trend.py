"""How assessments stand over time, by team, and whether the same gets the same from everybody.

Counts stand beside every share, teams stand in the order of their names and no page names or
ranks a handler: a reviewer speaks with a person, the trend with a team.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from statistics import mean

from django.db.models import Count, Exists, OuterRef, Q

from triage.models import Assessment
from triage.quality import charts, sampling
from triage.quality.models import Draw, Kind, PracticeAttempt, QualityReview, Sample
from triage.quality.practice import cases
from victimcontact.accounts.models import Team
from victimcontact.accounts.permissions import can
from victimcontact.lib import local_time

WEEKS = 12
SPREAD_DAYS = 28
FEWEST_ASSESSMENTS = 10  # of one handler, to be a dot
FEWEST_HANDLERS = 5  # fewer dots could be told apart by whoever knows the team


@dataclass
class Week:
    """One week of a team. ``score`` in percent, of first opinions on the random draw."""

    on: object
    assessed: int = 0
    reviewed: int = 0
    random: list = field(default_factory=list)  # (points, most)

    @property
    def score(self):
        return _percent(sum(p for p, _ in self.random), sum(m for _, m in self.random))

    @property
    def share(self):
        return _percent(self.reviewed, self.assessed)


@dataclass
class TeamTrend:
    """A team, or a whole force, over the weeks."""

    name: str
    weeks: list
    graded: Counter = field(default_factory=Counter)  # "under", "right", "over": random draw
    graded_risks: Counter = field(default_factory=Counter)  # the same of those drawn by risk
    risk_points: list = field(default_factory=list)
    pairs: list = field(default_factory=list)  # (same grade, difference in percent) of two
    overall: Counter = field(default_factory=Counter)

    @property
    def assessed(self):
        return sum(week.assessed for week in self.weeks)

    @property
    def reviewed(self):
        return sum(week.reviewed for week in self.weeks)

    @property
    def share(self):
        """Percent to a tenth: few of many are reviewed."""
        return round(100 * self.reviewed / self.assessed, 1) if self.assessed else None

    @property
    def score(self):
        points = [pair for week in self.weeks for pair in week.random]
        return _percent(sum(p for p, _ in points), sum(m for _, m in points))

    @property
    def scored(self):
        return sum(len(week.random) for week in self.weeks)

    @property
    def risk_score(self):
        return _percent(sum(p for p, _ in self.risk_points), sum(m for _, m in self.risk_points))

    @property
    def agreed(self):
        """Of the assessments that two reviewers saw, how many got the same grade from both."""
        return sum(same for same, _ in self.pairs)

    @property
    def apart(self):
        """By how many points of 100 two reviewers of the same assessment differ on average."""
        return round(mean(apart for _, apart in self.pairs)) if self.pairs else None

    @property
    def line(self):
        return charts.line(
            (week.score, len(week.random), f"{week.on:%-d %B}") for week in self.weeks
        )

    @property
    def bars(self):
        return [
            (title, sum(counts.values()), charts.shares(_graded(counts)))
            for title, counts in (
                ("Drawn at random", self.graded),
                ("Drawn for a risk", self.graded_risks),
            )
        ]

    @property
    def labels(self):
        """(x, day) of every other week, for the axis."""
        places = zip(charts.weeks_x(len(self.weeks)), self.weeks, strict=True)
        return [(x, f"{week.on:%-d %b}") for x, week in list(places)[::-2]]


def _graded(counts):
    return (
        ("under", "Should have been more urgent", counts["under"]),
        ("right", "Right", counts["right"]),
        ("over", "Should have been less urgent", counts["over"]),
    )


def _percent(part, whole):
    return round(100 * part / whole) if whole else None


def teams_for(user, force):
    """The teams whose trend ``user`` sees: a reviewer's all, anybody else's their own."""
    teams = Team.objects.filter(force=force).order_by("name")
    return list(teams if can(user, "assessment.review") else teams.filter(members=user))


def by_team(user, force, *, at, weeks=WEEKS) -> list[TeamTrend]:
    """The force as a whole, then the teams that ``user`` sees, by name, over the last weeks.

    The week that is running is the last. The period is that of the assessments, not the reviews.
    """
    first = sampling.last_week(at) - timedelta(days=7 * (weeks - 2))
    days = [first + timedelta(days=7 * place) for place in range(weeks)]

    def empty(name):
        return TeamTrend(name, [Week(day) for day in days])

    whole = empty(force.name)
    trends = {team.pk: empty(team.name) for team in teams_for(user, force)}
    for draw in Draw.objects.filter(force=force, week_on__gte=first, week_on__lte=days[-1]):
        place = (draw.week_on - first).days // 7
        for trend in filter(None, (whole, trends.get(draw.team_id))):
            trend.weeks[place].assessed += draw.assessed
    for opinions in _opinions(force, sampling.week_bounds(first)[0]):
        one = opinions[0]
        day = sampling.monday(local_time.local(one.assessed_at).date())
        place = (day - first).days // 7
        if not 0 <= place < weeks:
            continue
        for trend in filter(None, (whole, trends.get(one.team_id))):
            _count(trend, trend.weeks[place], opinions)
    return [whole, *trends.values()]


def _opinions(force, since):
    """The opinions of each assessment since then, the first one first; of handlers' alone."""
    at_random = Sample.objects.filter(assessment=OuterRef("assessment"), kind=Kind.RANDOM)
    rows = (
        QualityReview.objects.filter(force=force, assessed_at__gte=since, handler__isnull=False)
        .annotate(is_random=Exists(at_random))
        .defer("good_practice", "feedback")
        .order_by("scored_at", "pk")
    )
    found = {}
    for row in rows:
        found.setdefault(row.assessment_id, []).append(row)
    return found.values()


def _count(trend, week, opinions):
    one = opinions[0]
    week.reviewed += 1
    trend.overall[one.overall] += 1
    if one.is_random:
        week.random.append((one.points, one.most))
        trend.graded[one.graded] += 1
    else:
        trend.risk_points.append((one.points, one.most))
        trend.graded_risks[one.graded] += 1
    if len(opinions) > 1:
        two = opinions[1]
        apart = abs(100 * one.points / one.most - 100 * two.points / two.most)
        trend.pairs.append((one.right_grade == two.right_grade, apart))


# Fairness


@dataclass(frozen=True)
class Spread:
    """How a share differs from handler to handler, without names. ``funnel`` None: too few."""

    title: str
    handlers: int
    assessments: int
    funnel: object


def spreads(force, *, at) -> list[Spread]:
    """How far handlers differ in the last 28 days, and how far chance alone would have them."""
    rows = (
        Assessment.objects.filter(
            incident__force=force,
            decided_at__gte=at - timedelta(days=SPREAD_DAYS),
            decided_at__lt=at,
            decided_by__isnull=False,
        )
        .order_by()
        .values("decided_by")
        .annotate(
            many=Count("pk"),
            below=Count("pk", filter=Q(is_below_recommendation=True)),
            urgent=Count("pk", filter=Q(decided_grade__lte=2)),
        )
        .filter(many__gte=FEWEST_ASSESSMENTS)
    )
    rows = list(rows)
    return [
        Spread(
            title=title,
            handlers=len(rows),
            assessments=sum(row["many"] for row in rows),
            funnel=charts.funnel((row["many"], row[name]) for row in rows)
            if len(rows) >= FEWEST_HANDLERS
            else None,
        )
        for name, title in (
            ("below", "Graded less urgent than recommended"),
            ("urgent", "Graded 1 or 2"),
        )
    ]


@dataclass(frozen=True)
class SameCaller:
    """One synthetic caller, and what different handlers graded the same words at first sight."""

    title: str
    kind: str
    right: str
    handlers: int
    grades: list  # (grade, how many, whether it is right)
    same_percent: int | None  # how many chose the commonest grade


def same_callers(force) -> list[SameCaller]:
    """The first finished attempt of each handler at each synthetic caller, where several tried."""
    firsts = (
        PracticeAttempt.objects.filter(finished_at__isnull=False, handler__forces=force)
        .order_by("case", "handler_id", "finished_at", "pk")
        .distinct("case", "handler_id")
        .values_list("case", "decided_grade")
    )
    counts = {}
    for key, grade in firsts:
        counts.setdefault(key, Counter())[grade] += 1
    found = []
    for key, case in cases.everybody().items():
        tally = counts.get(key, Counter())
        many = tally.total()
        if many < 2:
            continue
        found.append(
            SameCaller(
                title=case.title,
                kind=case.kind,
                right=" or ".join(str(grade) for grade in sorted(case.exemplar.grades)),
                handlers=many,
                grades=[
                    (grade, tally[grade], grade in case.exemplar.grades) for grade in (1, 2, 3, 4)
                ],
                same_percent=_percent(max(tally.values()), many),
            )
        )
    return found
