"""An online report, from its first answer to the incident that it becomes."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import translation

from triage import assessing, intake, selectors
from triage.desk import steps
from triage.desk.models import OnlineReport, SentReport
from victimcontact.accounts.models import Force
from victimcontact.audit import ledger
from victimcontact.lib import cookies
from victimcontact.lib.hashing import keyed_hash
from victimcontact.people import plans

COOKIE = "step"  # its name says nothing of what is written
# Long enough to write with shaking hands, short enough for a phone that is put down.
IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=3)
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
        .filter(key_hash=_hash(key))
        .first()
    )


def _live(reports, at):
    return reports.filter(used_at__gt=at - IDLE, started_at__gt=at - LONGEST)


def seconds_left(report, at) -> int:
    """How long ``report`` stays if nobody touches it; 0 when it is gone."""
    if report is None:
        return 0
    ends = min(report.used_at + IDLE, report.started_at + LONGEST)
    return max(0, int((ends - at).total_seconds()))


def touch(report, at) -> None:
    """Note that somebody is still writing."""
    OnlineReport.objects.filter(pk=report.pk).update(used_at=at)


def begin(*, force, at) -> tuple[OnlineReport, str]:
    """A report with nothing in it yet, and the key for the cookie of its writer."""
    key = cookies.new_key()
    report = OnlineReport.objects.create(
        force=force, key_hash=_hash(key), step=steps.FIRST, started_at=at, used_at=at
    )
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
def send(report_id, *, at) -> OnlineReport:
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
    earlier = selectors.earlier_incidents(
        report.force, phones=whole.phones, location=whole.place, at=at
    )
    language = translation.get_language() or "en-gb"
    grade, because = whole.at_least
    incident = intake.receive(
        whole.report(
            language=language if language in report.force.languages else "en-gb",
            history=selectors.history(earlier),
        ),
        force=report.force,
        at=at,
        came_by="online report",
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
    )
    ledger.record("online_report.sent", about=incident, at=at, language=language)
    # What was written is kept with the incident; the browser's copy has done its work.
    report.incident, report.sent_at, report.answers, report.used_at = incident, at, {}, at
    report.save(update_fields=["incident", "sent_at", "answers", "used_at"])
    return report


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


def leave(key: str) -> None:
    """Forget the report of this cookie value. What was sent stays an incident."""
    if key:
        OnlineReport.objects.filter(key_hash=_hash(key)).delete()


def forget_idle(at) -> int:
    """Remove the reports that nobody may use any more; how many there were."""
    live = _live(OnlineReport.objects, at).values("pk")
    return OnlineReport.objects.exclude(pk__in=live).delete()[0]


def _locked(report_id, at):
    report = (
        _live(OnlineReport.objects, at)
        .select_for_update(of=("self",))
        .select_related("force", "incident")
        .filter(pk=report_id)
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
