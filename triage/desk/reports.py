"""An online report, from its first answer to the incident that it becomes."""

import logging
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import translation

from triage import assessing, intake, policies, selectors
from triage.desk import steps
from triage.desk.models import OnlineReport, SentReport
from triage.models import Channel, Grade
from victimcontact.accounts.models import Force
from victimcontact.audit import ledger
from victimcontact.lib import cookies
from victimcontact.lib.hashing import keyed_hash
from victimcontact.people import plans

log = logging.getLogger(__name__)

COOKIE = "step"  # its name says nothing of what is written
# Long enough to write with shaking hands, short enough for a phone that is put down.
IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=3)
# One that speaks of danger waits no longer than this for its writer, and then becomes an incident.
UNSENT_AFTER = timedelta(minutes=10)
# Room for the longest account and every other answer; what is more stays on the page alone.
MOST_CHARACTERS = 60_000


class NotRight(Exception):
    """A page is missing or wrong: ``step``. Nothing was sent and nothing is lost."""

    def __init__(self, step):
        self.step = step
        super().__init__("A page of this report is not right yet.")


class Gone(Exception):
    """The report was left, or idle for too long: there is nothing to send."""


def public_force() -> Force | None:
    """The force whose public pages these are: the one that PUBLIC_FORCE names, else the first."""
    forces = Force.objects.order_by("pk")
    if settings.PUBLIC_FORCE:
        forces = forces.filter(slug=settings.PUBLIC_FORCE)
    return forces.first()


def find(key: str, at) -> OnlineReport | None:
    """The report of this cookie value that may still be used, or None."""
    if not key:
        return None
    return (
        _live(OnlineReport.objects.select_related("force", "incident"), at)
        .filter(key_hash=_hash(key), left_at=None)
        .first()
    )


def _live(reports, at):
    return reports.filter(used_at__gt=at - IDLE, started_at__gt=at - LONGEST)


def seconds_left(report, at) -> int:
    """How long ``report`` stays if nobody touches it; 0 when it is gone."""
    if report is None:
        return 0
    return max(0, int((_ends_at(report) - at).total_seconds()))


def touch(report, at) -> None:
    """Note that somebody is still writing."""
    OnlineReport.objects.filter(pk=report.pk).update(used_at=at)


def begin(*, force, at, is_crowded=False) -> tuple[OnlineReport, str]:
    """A report with nothing in it yet, and the key for the cookie of its writer.

    ``is_crowded``: it is one of very many from its writer's address.
    """
    key = cookies.new_key()
    report = OnlineReport.objects.create(
        force=force,
        key_hash=_hash(key),
        step=steps.FIRST,
        started_at=at,
        used_at=at,
        is_crowded=is_crowded,
    )
    return report, key


def go_on(unsent, *, at) -> tuple[OnlineReport, str]:
    """The writer of a report that became an incident unsent writes on: in a new one, with it all.

    Sent, that one is an incident of its own, which names the first. As ``begin``.
    """
    report, key = begin(force=unsent.force, at=at, is_crowded=unsent.is_crowded)
    report.answers, report.step, report.after = unsent.answers, unsent.step, unsent.incident
    report.save(update_fields=["answers", "step", "after"])
    return report, key


@transaction.atomic
def save(report_id, *, step: str, typed: dict, at) -> OnlineReport:
    """Keep what was typed on the page ``step``, right or not. A sent report stays as it is.

    What is far too much for any report is not kept: the page still holds it. Raises Gone.
    """
    report = _locked(report_id, at)
    if report.sent_at is None:
        answers = report.answers | {step: typed}
        if _characters(answers) <= MOST_CHARACTERS:
            report.answers = answers
    report.used_at = at
    report.save(update_fields=["answers", "used_at"])
    return report


@transaction.atomic
def go_to(report_id, step: str, *, at) -> None:
    """Remember on which page the writer is. Raises Gone."""
    report = _locked(report_id, at)
    report.step, report.used_at = step, at
    report.save(update_fields=["step", "used_at"])


@transaction.atomic
def send(report_id, *, at, is_crowded=False) -> OnlineReport:
    """Make an incident of the report: once, however often and from wherever it is asked.

    The incident is graded by the engine, and no less urgent than the answer about danger asks
    for; what was said of safe contact becomes a plan; every question and answer is kept. Raises
    NotRight and Gone.
    """
    report = _locked(report_id, at)
    if report.sent_at is not None:
        return report
    whole = steps.Whole(report.answers, at)
    if whole.wrong is not None:
        raise NotRight(whole.wrong)
    report.is_crowded = report.is_crowded or is_crowded
    _record(report, whole, at, language=translation.get_language() or "en-gb")
    # What was written is kept with the incident; the browser's copy has done its work.
    report.answers, report.used_at = {}, at
    report.save(update_fields=["incident", "sent_at", "is_crowded", "answers", "used_at"])
    return report


def _record(report, whole, at, *, language):
    """Make the incident of ``whole``, with plan and answers; ``report`` is not saved here."""
    earlier = selectors.earlier_incidents(
        report.force, phones=whole.phones, location=whole.place, at=at
    )
    grade, because = whole.at_least
    incident = intake.receive(
        whole.report(
            language=language if language in report.force.languages else "en-gb",
            history=selectors.history(earlier),
        ),
        force=report.force,
        at=at,
        came_by=whole.came_by,
        at_least=grade,
        because=because,
    )
    if whole.plan is not None:
        writer = _writer(incident, is_other=whole.is_other)
        if writer is not None:
            plans.set_plan(writer, by=None, at=at, **whole.plan)
    SentReport.objects.create(
        incident=incident,
        answers=whole.told_in_english,
        language=language,
        started_at=report.started_at,
        sent_at=at,
        is_sent=not report.is_unsent,
        is_crowded=report.is_crowded,
        after=report.after,
    )
    what = "online_report.unsent" if report.is_unsent else "online_report.sent"
    ledger.record(what, about=incident, at=at, language=language)
    report.incident, report.sent_at = incident, at


def own_grade(incident) -> int:
    """What the words and answers of an online report ask for by themselves.

    Its writer is told no more than that. What was reported before counts in the grade that
    stands, and whoever names a number or an address must not learn from it that there was any.
    """
    first = incident.assessments.select_related("policy").order_by("number").first()
    answers = {key: value for key, value in first.answers.items() if key != "history"}
    known = assessing.Known(incident.channel, first.narrative, answers)
    grade = assessing.score(known, policy=first.policy, questions=False).grade
    at_least = steps.at_least_as_told(incident.sent_online.answers)
    return min(grade, at_least or grade)


def due_by(incident, grade):
    """By when ``incident`` would be answered at ``grade``."""
    return incident.reported_at + timedelta(minutes=incident.force.target_minutes(grade))


def _writer(incident, *, is_other):
    role = "caller" if is_other else "victim"
    part = incident.participants.select_related("contact").filter(role=role).first()
    return part.contact if part else None


def sounds_urgent(answers, at) -> bool:
    """Whether the answers speak of danger, or their words are urgent to the engine."""
    if steps.may_be_in_danger(answers):
        return True
    unsent = steps.Unsent(answers, at)
    return unsent.has_words and _urgent_to_the_engine(unsent, at)


def _urgent_to_the_engine(unsent, at):
    known = assessing.Known(Channel.ONLINE.value, unsent.narrative, unsent.facts)
    policy = policies.published(at=at)
    return assessing.score(known, policy=policy, questions=False).grade <= Grade.PRIORITY


def _wants_a_look(report, at):
    """Whether a person is to see ``report`` although it was not sent.

    Ticks alone say nothing that anybody could act on: no place, no name, no word.
    """
    unsent = steps.Unsent(report.answers, at)
    if not unsent.has_words:
        return False
    return steps.may_be_in_danger(report.answers) or _urgent_to_the_engine(unsent, at)


@transaction.atomic
def leave(key: str, at) -> bool:
    """The writer went by the way out. What was sent stays an incident; the rest is gone at once.

    Only what speaks of danger is left for the clock to take up: whether there is any.
    """
    found = OnlineReport.objects.select_for_update(of=("self",)).filter(key_hash=_hash(key or ""))
    report = found.first()
    if report is None:
        return False
    if report.sent_at is None and _wants_a_look(report, at):
        report.left_at = at
        report.save(update_fields=["left_at"])
        return True
    report.delete()
    return False


def take_up_unsent(at) -> int:
    """Make incidents of what speaks of danger and was not sent; how many."""
    waiting = OnlineReport.objects.filter(sent_at=None).filter(
        Q(left_at__isnull=False) | Q(used_at__lte=at - UNSENT_AFTER) | _too_long(at)
    )
    made = 0
    for pk in waiting.order_by("started_at").values_list("pk", flat=True):
        try:
            made += _take_up(pk, at)
        except Exception as error:  # whatever it is about this one, the others wait no longer
            log.error("Report %s was not taken up: %s", pk, type(error).__name__)
    return made


@transaction.atomic
def _take_up(report_id, at) -> bool:
    report = _of_the_clock(report_id)
    if report is None or report.sent_at is not None or not _wants_a_look(report, at):
        return False
    is_over = report.left_at is not None or _ends_at(report) <= at
    if not is_over and report.used_at > at - UNSENT_AFTER:
        return False  # its writer is back
    report.is_unsent = True
    _record(report, steps.Unsent(report.answers, at), at, language="en-gb")
    if is_over:
        report.delete()
    else:
        report.save(update_fields=["incident", "sent_at", "is_unsent"])
    return True


def forget_idle(at) -> int:
    """Remove the reports that nobody may use any more; how many there were.

    What speaks of danger and is no incident yet stays, whatever kept it from becoming one.
    """
    over = OnlineReport.objects.filter(Q(used_at__lte=at - IDLE) | _too_long(at))
    return sum(_forget(pk, at) for pk in over.values_list("pk", flat=True))


@transaction.atomic
def _forget(report_id, at) -> bool:
    report = _of_the_clock(report_id)
    if report is None or _ends_at(report) > at:
        return False
    try:
        if report.sent_at is None and _wants_a_look(report, at):
            return False
    except Exception as error:  # nobody knows what it says: it stays
        log.error("Report %s was not forgotten: %s", report_id, type(error).__name__)
        return False
    report.delete()
    return True


def _of_the_clock(report_id):
    found = OnlineReport.objects.select_for_update(of=("self",), skip_locked=True)
    return found.select_related("force", "after").filter(pk=report_id).first()


def _ends_at(report):
    return min(report.used_at + IDLE, report.started_at + LONGEST)


def _too_long(at):
    return Q(started_at__lte=at - LONGEST)


def _locked(report_id, at):
    report = (
        _live(OnlineReport.objects, at)
        .select_for_update(of=("self",))
        .select_related("force", "incident", "after")
        .filter(pk=report_id, left_at=None)
        .first()
    )
    if report is None:
        raise Gone
    return report


def _characters(answers):
    return sum(
        len(text) for page in answers.values() for values in page.values() for text in values
    )


def _hash(key):
    return keyed_hash("online report", key)
