"""Some past weeks of two teams, drawn and reviewed, and handlers who have practised."""

from datetime import timedelta

from triage import assessing, intake
from triage.control import closing
from triage.quality import criteria, reviewing, sampling, selectors
from triage.quality.models import FeedbackAnswer, SamplingRule
from triage.quality.practice import attempts
from triage.quality.practice import cases as callers
from victimcontact.accounts.models import Team, User
from victimcontact.accounts.roles import Role
from victimcontact.demonstration import staff
from victimcontact.lib import local_time

WEEKS = 6
NIGHT = [("Jonah", "Pryce", "7041"), ("Kirsty", "Mole", "7042")]
# Case of demonstration_cases.toml and the grade given to it, one a handler and week in turn.
GIVEN = [
    ("criminal_damage", 3),
    ("shop_theft", 4),
    ("hate_crime_on_the_bus", 3),
    ("smartphone_84", 3),
    ("burgled_home", 3),
    ("nuisance_at_the_precinct", 3),
    ("asks_for_an_update", 4),
]
SAID = [
    ("Asked about the camera at once: it was kept in time.", "Say when somebody will ring back."),
    ("", "The reason for the grade says what you decided, not why. Write what you knew."),
    ("Let her finish. She told the most important thing last.", ""),
    ("", "Ask who else lives there before you decide."),
]
# Who practised which caller, and the grade they gave.
PRACTISED = [
    ("knife_at_the_door", (1, 1, 1)),
    ("against_the_wall", (2, 3, 2)),
    ("keeps_turning_up", (3, 3, 4)),
    ("its_me_again", (1, 2, 3)),
]


def build(force, cases, *, at):
    """``cases`` as ``reports.cases()`` gives them. Nothing of it stands in the queue."""
    cases = {case["key"]: case for case in cases}
    handler = staff.one_click(force, Role.CALL_HANDLER)
    handlers = [handler, *_night(force)]
    second = _person(force, "Oskar", "Lind", "7043", Role.QUALITY_REVIEWER)
    SamplingRule.objects.create(force=force, share_percent=30, at_least=1, seed="northmoor")
    first = sampling.last_week(at) - timedelta(days=7 * (WEEKS - 1))
    given = 0
    for week in range(WEEKS):
        week_on = first + timedelta(days=7 * week)
        for place, person in enumerate(handlers):
            for day in range(2):
                key, grade = GIVEN[given % len(GIVEN)]
                given += 1
                when = local_time.day_bounds(week_on + timedelta(days=2 * place + day))[0]
                _past(force, cases[key], grade, person, when + timedelta(hours=10 + place))
        sampling.draw(force, at=sampling.week_bounds(week_on)[1] + timedelta(hours=4))
    sampling.draw(force, at=at)
    _review(force, second, at)
    for key, grades in PRACTISED:
        for person, grade in zip(handlers, grades, strict=True):
            _practise(callers.everybody()[key], grade, person, at)


def _past(force, case, grade, handler, at):
    """A report of another week, as it was taken, and closed the same day."""
    report = intake.NewReport(
        channel=case["channel"],
        narrative=case["narrative"],
        caller=intake.Person(name=case.get("caller", "")),
        answers=dict(case.get("structured", {})),
        reported_at=at,
    )
    decision = assessing.Decision(
        grade=grade,
        reason="Nobody is at risk and nothing is lost by waiting",
        rationales={"harm": "As told", "engagement": "Content with what was offered"},
    )
    incident = intake.record(report, force=force, decision=decision, by=handler, at=at)
    closing.close(
        incident,
        outcome="advice",
        reason="Advice given and taken",
        told="call",
        by=handler,
        at=at + timedelta(hours=2),
    )


def _review(force, reviewer, at):
    """Review what was drawn of past weeks, but for the last one: that is for whoever tries it.

    Some of it twice, by the reviewer who signs in by one click.
    """
    other = staff.one_click(force, Role.QUALITY_REVIEWER)
    until = sampling.week_bounds(sampling.last_week(at))[0]
    waiting = selectors.to_review(reviewer).filter(decided_at__lt=until)
    for number, assessment in enumerate(waiting.order_by("decided_at", "pk")):
        made = _opinion_of(force, assessment, number, reviewer, at - timedelta(hours=3))
        if number % 3 == 0:
            reviewing.answer(made, kind=FeedbackAnswer.Kind.READ, by=made.handler, at=at)
        if number % 4 == 1:
            reviewing.ask_second(assessment, by=reviewer, at=at - timedelta(hours=3))
            _opinion_of(force, assessment, number + 2, other, at - timedelta(hours=2))


def _opinion_of(force, assessment, number, reviewer, at):
    good, feedback = SAID[number % len(SAID)]
    low = number % 4 == 1

    def scored(one, place):
        if low and place == number % 6:
            return reviewing.Scored(one.key, one.label, 1, "Hardly asked")
        return reviewing.Scored(one.key, one.label, 2 + (place + number) % 3 // 2)

    grade = assessment.decided_grade - (1 if number % 5 == 3 else 0)
    return reviewing.review(
        assessment,
        opinion=reviewing.Opinion(
            scores=tuple(scored(one, place) for place, one in enumerate(criteria.in_force(force))),
            overall="learn" if low else "good" if good else "sound",
            right_grade=max(1, grade),
            good_practice=good,
            feedback=feedback,
        ),
        by=reviewer,
        at=at,
    )


def _practise(case, grade, handler, at):
    attempt = attempts.start(case, by=handler, at=at - timedelta(minutes=30))
    for key in case.exemplar.must_ask[: 1 + grade % 3]:
        attempts.ask(attempt.pk, key, by=handler, at=at - timedelta(minutes=28))
    narrative, answers = case.told
    attempts.finish(
        attempt.pk,
        known=assessing.Known(case.channel, narrative, answers, case.history),
        decision=assessing.Decision(grade, "As I heard it", {"risk": "As the caller told it"}),
        by=handler,
        at=at - timedelta(minutes=25),
    )


def _night(force):
    team = Team.objects.create(force=force, name="Night control room")
    people = [_person(force, *name, Role.CALL_HANDLER) for name in NIGHT]
    for person in people:
        person.teams.add(team)
    return people


def _person(force, first, last, number, role):
    person = User(
        username=f"{first}.{last}".lower(),
        first_name=first,
        last_name=last,
        collar_number=number,
        roles=[role],
    )
    person.set_unusable_password()
    person.save()
    person.forces.add(force)
    return person
