"""Rows of quality for tests: samples, reviews and attempts, as the services would leave them."""

from datetime import timedelta

from django.utils.timezone import now

from tests import factories
from triage.assessing import Decision, Known
from triage.quality import criteria, reviewing
from triage.quality.models import Draw, Kind, Sample
from triage.quality.practice import attempts, cases
from victimcontact.accounts.models import Team
from victimcontact.accounts.roles import Role

NOON = factories.NOON
WORDS = "A man I do not know hit me outside the shop yesterday. He ran off."


def handler(name="Blue", **fields):
    """A call handler in the team of that name (None: in no team)."""
    person = factories.user(Role.CALL_HANDLER, **fields)
    if name:
        team, _ = Team.objects.get_or_create(force=person.forces.get(), name=name)
        person.teams.add(team)
    return person


def reviewer(**fields):
    return factories.user(Role.QUALITY_REVIEWER, **fields)


def assessment(by=None, *, of=None, at=NOON, grade=3, **fields):
    """An assessment decided by ``by`` or a new handler."""
    of = of or factories.incident(narrative=WORDS, at=at, location="")
    return factories.assessment(of, grade=grade, at=at, decided_by=by or handler(), **fields)


def sample(of=None, kind=Kind.RANDOM, *, at=NOON + timedelta(days=1)):
    """``of`` (or a new assessment) drawn for review; gives the assessment."""
    of = of or assessment()
    Sample.objects.create(force=of.incident.force, assessment=of, kind=kind, drawn_at=at)
    return of


def opinion(points=2, *, grade=3, overall="sound", comment="", **fields):
    """The same points for every shipped criterion; a comment where they are low."""
    comment = comment or ("It says too little" if points is not None and points < 2 else "")
    scores = tuple(
        reviewing.Scored(one.key, one.label, points, comment) for one in criteria.shipped()
    )
    return reviewing.Opinion(scores=scores, overall=overall, right_grade=grade, **fields)


def review(of=None, by=None, *, at=NOON + timedelta(days=2), **fields):
    """A saved review of a drawn assessment."""
    of = of or sample()
    return reviewing.review(of, opinion=opinion(**fields), by=by or reviewer(), at=at)


def posted(points="2", **fields):
    """What a browser sends for a review with the same points throughout."""
    found = {f"points_{one.key}": points for one in criteria.shipped()}
    return found | {"right_grade": "3", "overall": "sound"} | fields


def model_answer(case):
    """(Known, Decision) of a handler who heard everything and did what the exemplar does."""
    narrative, answers = case.told
    words = dict.fromkeys(case.exemplar.elements, "Heard and written down")
    known = Known(case.channel, narrative, answers, case.history)
    return known, Decision(case.exemplar.grade, "As the caller told it", words)


def attempt(by, key="outside_the_post_office", *, at=NOON, finished=True, grade=None):
    """A try at a synthetic caller; finished as the exemplar does it, or with another ``grade``."""
    case = cases.everybody()[key]
    made = attempts.start(case, by=by, at=at)
    if not finished:
        return made
    for question in case.exemplar.must_ask:
        attempts.ask(made.pk, question, by=by, at=at)
    known, decision = model_answer(case)
    if grade is not None:
        decision = Decision(grade, decision.reason, decision.rationales)
    return attempts.finish(made.pk, known=known, decision=decision, by=by, at=at)


def one_of_each():
    """A row in every table of quality that is kept."""
    of = sample()
    made = review(of, overall="learn", points=1)
    reviewing.answer(made, kind="disagree", words="It was later", by=made.handler, at=now())
    reviewing.unsafe_now(of, why="She is alone with him", by=made.reviewer, at=now())
    Draw.objects.create(
        force=of.incident.force,
        week_on=NOON.date(),
        assessed=1,
        drawn=1,
        seed="1",
        share_percent=5,
        at_least=2,
        per="handler",
        drawn_at=now(),
    )
    attempt(made.handler)
