"""Which assessments a reviewer is to look at: some at random, and those that carry a risk.

A random draw is of one whole week and can be repeated: the same seed, week and assessments give
the same sample, whoever draws and when. Source of the risks: inspectors' findings on downgrades
without a supervisor, missed repeat callers, and domestic abuse resolved without being seen.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from math import ceil

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from triage import assessing
from triage.models import Assessment, Incident, Participant, Review
from triage.quality import teams
from triage.quality.models import RISKS, Draw, Kind, RiskRule, Sample, SamplingRule
from victimcontact.accounts.models import Force, Team
from victimcontact.audit import ledger
from victimcontact.lib import local_time

LOOKS_BACK = timedelta(days=14)  # of the risks; what was found before is not drawn again
REPEAT_WITHIN = timedelta(days=7)
# A look that news asked for is due at once: late is when it took longer than this.
NEWS_WITHIN = timedelta(minutes=30)
AT_ONCE = 500


class WeekNotOver(ValueError):
    """A week is drawn from when it is over: only then is it known how many there were."""


def monday(day: date) -> date:
    """The first day of the week that ``day`` is in."""
    return day - timedelta(days=day.weekday())


def last_week(at) -> date:
    """The Monday of the last week that was over at ``at``."""
    return monday(local_time.local(at).date()) - timedelta(days=7)


def week_bounds(week_on: date):
    """(first moment, first moment after) of the week that begins on ``week_on``, London's time."""
    return (
        local_time.day_bounds(week_on)[0],
        local_time.day_bounds(week_on + timedelta(days=7))[0],
    )


# At random


def lot(seed: str, week_on: date, assessment_id) -> str:
    """By which an assessment is drawn: the lowest win. Nobody can choose it, all can check it."""
    return sha256(f"{seed}|{week_on.isoformat()}|{assessment_id}".encode()).hexdigest()


def drawn(rule, week_on: date, assessments) -> list:
    """Those keys of ``assessments`` (a list) that ``rule`` draws, in the order of their lots."""
    many = min(len(assessments), max(rule.at_least, _share(rule.share_percent, len(assessments))))
    return sorted(assessments, key=lambda key: lot(rule.seed, week_on, key))[:many]


def _share(percent, many):
    return ceil(many * percent / 100)


def rules_for(force) -> dict:
    """{team's key or None: SamplingRule} of ``force``; None is for all other teams."""
    found = {rule.team_id: rule for rule in SamplingRule.objects.filter(force=force)}
    found.setdefault(None, SamplingRule(force=force))
    return found


@transaction.atomic
def draw_week(force, week_on: date, *, by=None, at) -> int:
    """Draw the random sample of a week that is over, once a team; how many are new.

    ``week_on`` is any day of it. Asked again, nothing changes: what was drawn stands, though the
    rule has changed since. Raises WeekNotOver.
    """
    week_on = monday(week_on)
    starts, ends = week_bounds(week_on)
    if ends > at:
        raise WeekNotOver
    # One draw at a time: two workers would both find the week undrawn.
    Force.objects.select_for_update().get(pk=force.pk)
    done = set(Draw.objects.filter(force=force, week_on=week_on).values_list("team", flat=True))
    by_handler = {}
    decided = Assessment.objects.filter(
        incident__force=force, decided_at__gte=starts, decided_at__lt=ends, decided_by__isnull=False
    )
    for key, handler in decided.values_list("pk", "decided_by").order_by("pk"):
        by_handler.setdefault(handler, []).append(key)
    team_of = teams.of(by_handler, force)
    by_team = {None: {}} | {team.pk: {} for team in Team.objects.filter(force=force)}
    for handler, keys in by_handler.items():
        team = team_of.get(handler)
        by_team[team.pk if team else None][handler] = keys
    rules, new = rules_for(force), 0
    for team_id, handlers in by_team.items():
        if team_id not in done and (team_id is not None or handlers):
            rule = rules.get(team_id) or rules[None]
            new += _draw_team(force, team_id, week_on, rule, handlers, by, at)
    return new


def _draw_team(force, team_id, week_on, rule, handlers, by, at):
    everything = [key for keys in handlers.values() for key in keys]
    groups = handlers.values() if rule.per == SamplingRule.Per.HANDLER else [everything]
    chosen = [key for keys in groups for key in drawn(rule, week_on, keys)]
    draw = Draw.objects.create(
        force=force,
        team_id=team_id,
        week_on=week_on,
        assessed=len(everything),
        drawn=len(chosen),
        seed=rule.seed,
        share_percent=rule.share_percent,
        at_least=rule.at_least,
        per=rule.per,
        drawn_at=at,
        drawn_by=by,
    )
    ledger.record(
        "quality.drawn",
        by=by,
        about=draw,
        at=at,
        week=week_on.isoformat(),
        assessed=draw.assessed,
        drawn=draw.drawn,
        seed=rule.seed,
    )
    return _keep(force, Kind.RANDOM, chosen, by, at)


# By risk


@transaction.atomic
def draw_risks(force, *, by=None, at) -> dict:
    """Draw what carries a risk among the last fourteen days; {kind: how many are new}."""
    Force.objects.select_for_update().get(pk=force.pk)
    shares = dict(RiskRule.objects.filter(force=force).values_list("kind", "share_percent"))
    found = {}
    for kind in RISKS:
        share = shares.get(kind, 100)
        if not share:
            continue
        carrying = RISK_READS[kind](force, at - LOOKS_BACK, at)
        known = set(
            Sample.objects.filter(kind=kind, assessment__in=carrying).values_list(
                "assessment", flat=True
            )
        )
        chosen = [key for key in carrying if key not in known and _falls_in(kind, key, share)]
        new = _keep(force, kind, chosen, by, at)
        if new:
            found[kind.value] = new
    if found:
        ledger.record("quality.risks_drawn", by=by, about=force, at=at, new=found)
    return found


def _falls_in(kind, key, share):
    """Whether this one is within ``share`` percent: the same answer every day it is asked."""
    return int(sha256(f"{kind}|{key}".encode()).hexdigest()[:8], 16) % 100 < share


def _keep(force, kind, keys, by, at):
    before = Sample.objects.filter(kind=kind, assessment__in=keys).count()
    Sample.objects.bulk_create(
        [Sample(force=force, assessment_id=k, kind=kind, drawn_at=at, drawn_by=by) for k in keys],
        ignore_conflicts=True,
    )
    return Sample.objects.filter(kind=kind, assessment__in=keys).count() - before


def _decided(force, since, until):
    return Assessment.objects.filter(
        incident__force=force, decided_at__gte=since, decided_at__lt=until
    ).order_by("decided_at", "pk")


def _keys(assessments):
    return list(assessments.values_list("pk", flat=True))


def downgraded(force, since, until) -> list:
    """Assessments that made a standing grade less urgent."""
    return _keys(
        _decided(force, since, until).filter(
            decided_by__isnull=False, decided_grade__gt=F("supersedes__decided_grade")
        )
    )


def dismissed(force, since, until) -> list:
    """Assessments that dismissed flags on which the grade or video hung.

    What was dismissed is encrypted, so each row is read; the engine is asked only about the few
    that dismissed anything, by the policy that was in force for them.
    """
    rows = _decided(force, since, until).filter(decided_by__isnull=False)
    keys = [
        row.pk for row in rows.only("pk", "dismissed").iterator(chunk_size=AT_ONCE) if row.dismissed
    ]
    found = []
    for row in rows.filter(pk__in=keys).select_related("policy", "incident"):
        answers = dict(row.answers)
        known = assessing.Known(
            row.incident.channel, row.narrative, answers, answers.pop("history", None)
        )
        if assessing.weighty(known, policy=row.policy, dismissed=set(row.dismissed)):
            found.append(row.pk)
    return found


def below(force, since, until) -> list:
    """Assessments graded less urgent than the engine recommended."""
    rows = _decided(force, since, until)
    return _keys(rows.filter(decided_by__isnull=False, is_below_recommendation=True))


def abuse(force, since, until) -> list:
    """Domestic abuse that was graded 3 or 4."""
    return _keys(
        _decided(force, since, until).filter(
            decided_by__isnull=False, decided_grade__gte=3, flags__contains=["domestic_abuse"]
        )
    )


def repeat(force, since, until) -> list:
    """First assessments of a report at a number or place that had one within seven days before."""
    here = (
        Incident.objects.filter(
            force=force,
            location_index=OuterRef("location_index"),
            reported_at__lt=OuterRef("reported_at"),
            reported_at__gte=OuterRef("reported_at") - REPEAT_WITHIN,
        )
        .exclude(location_index="")
        .exclude(pk=OuterRef("pk"))
    )
    same_number = Participant.objects.filter(
        contact__phone_index=OuterRef("contact__phone_index"),
        incident__force=force,
        incident__reported_at__lt=OuterRef("incident__reported_at"),
        incident__reported_at__gte=OuterRef("incident__reported_at") - REPEAT_WITHIN,
    ).exclude(incident=OuterRef("incident"))
    by_phone = Participant.objects.filter(Exists(same_number), incident=OuterRef("pk")).exclude(
        contact__phone_index=""
    )
    rows = _decided(force, since, until).filter(decided_by__isnull=False, number=1)
    repeated = Incident.objects.filter(
        Exists(here) | Exists(by_phone), pk__in=rows.values("incident")
    )
    return _keys(rows.filter(incident__in=repeated.values("pk")))


def late(force, since, until) -> list:
    """Assessments that were due before they were made: by the clock, or 30 minutes after news."""
    too_late = Q(because="clock", done_at__gt=F("due_at")) | (
        ~Q(because="clock") & Q(done_at__gt=F("due_at") + NEWS_WITHIN)
    )
    done = Review.objects.filter(too_late, done_by_assessment=OuterRef("pk"))
    return _keys(_decided(force, since, until).filter(Exists(done), decided_by__isnull=False))


def worse(force, since, until) -> list:
    """Assessments after which the next found it more urgent, the engine's own among them."""
    return list(
        _decided(force, since, until)
        .filter(supersedes__decided_grade__gt=F("decided_grade"))
        .values_list("supersedes", flat=True)
    )


RISK_READS = {
    Kind.DOWNGRADED: downgraded,
    Kind.DISMISSED: dismissed,
    Kind.BELOW: below,
    Kind.ABUSE: abuse,
    Kind.REPEAT: repeat,
    Kind.LATE: late,
    Kind.WORSE: worse,
}


@dataclass(frozen=True)
class Drawn:
    """What one run of both draws has added."""

    random: int
    risks: dict

    @property
    def total(self):
        return self.random + sum(self.risks.values())


def draw(force, *, by=None, at) -> Drawn:
    """Last week's random draw, where it is not made yet, and the risks until ``at``."""
    return Drawn(
        random=draw_week(force, last_week(at), by=by, at=at),
        risks=draw_risks(force, by=by, at=at),
    )
