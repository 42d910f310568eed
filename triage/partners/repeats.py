"""Who calls again and again: counted after each assessment, so that a page reads one index.

A repeat raises the risk. It is never a reason to believe somebody less or to answer later.
The thresholds are those of ``triage.repeats``; what is counted are its traces.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction

from triage import repeats as core
from triage import traces
from triage.models import Incident, Participant, Trace
from triage.partners.models import Referral, Repeat, ToCount

AT_ONCE = 200
# The thresholds hold for one worker at a time: two would each miss what the other counts.
LOCK = 0x7E9EA7


@dataclass(frozen=True)
class Rule:
    """``contacts`` within ``days`` make a repeat; ``column`` of Repeat says until when."""

    days: int
    contacts: int
    column: str
    domestic_only: bool = False


RULES = (
    Rule(7, core.IN_7_DAYS, "week_until"),
    Rule(30, core.IN_30_DAYS, "month_until"),
    Rule(365, core.DOMESTIC_IN_12_MONTHS, "year_until", domestic_only=True),
)

# The latest reports of the year under each key, in each no further than the cap. Answered by the
# index trace_key alone, so the cost does not grow with what else was ever reported.
_REPORTS = """
select asked.key, one.incident_id, one.reported_at, one.is_domestic
  from unnest(%(keys)s::uuid[]) as asked(key)
 cross join lateral (
       select incident_id, reported_at, is_domestic
         from triage_trace
        where triage_trace.key = asked.key
          and reported_at > %(since)s and reported_at <= %(now)s
        order by reported_at desc
        limit %(most)s) as one
 order by asked.key, one.reported_at desc, one.incident_id desc
"""


@dataclass(frozen=True)
class Report:
    """One report under a number, person or address."""

    incident_id: object
    at: object
    is_domestic: bool


def reports_of(keys, *, at) -> dict:
    """{key of a trace: its Reports of the last year, latest first, ``core.MOST`` at most}."""
    found = {key: [] for key in keys}
    if not found:
        return found
    asked = {
        "keys": sorted(str(key) for key in found),
        "since": at - core.WITHIN,
        "now": at,
        "most": core.MOST,
    }
    with connection.cursor() as cursor:
        cursor.execute(_REPORTS, asked)
        for key, *report in cursor.fetchall():
            found[key].append(Report(*report))
    return found


def counted_by(rule, reports):
    return [each for each in reports if each.is_domestic or not rule.domestic_only]


def until(reports, rule, *, at):
    """Until when ``reports`` (latest first) pass ``rule`` if nothing more comes.

    None where they do not pass it at ``at``. Of the reports that are needed, the oldest leaves
    the time that counts first.
    """
    counted = counted_by(rule, reports)
    if len(counted) < rule.contacts:
        return None
    ends = counted[rule.contacts - 1].at + timedelta(days=rule.days)
    return ends if ends > at else None


@transaction.atomic
def count_next(at) -> int:
    """Count what the next waiting incidents make of their keys; how many were taken.

    0 when none waits, or another worker is at it.
    """
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
    waiting = list(ToCount.objects.order_by("id")[:AT_ONCE])
    if not waiting:
        return 0
    count({each.incident_id for each in waiting}, at=at)
    ToCount.objects.filter(pk__in=[each.pk for each in waiting]).delete()
    return len(waiting)


def count(incident_ids, *, at) -> None:
    """Set until when everything that these incidents have traces of counts as a repeat."""
    own = Trace.objects.filter(incident__in=incident_ids)
    subjects = {
        key: (kind, force)
        for key, kind, force in own.values_list("key", "kind", "incident__force_id")
    }
    rows, gone = [], []
    for key, reports in reports_of(subjects, at=at).items():
        times = {rule.column: until(reports, rule, at=at) for rule in RULES}
        if any(times.values()):
            kind, force = subjects[key]
            latest = {"latest_id": reports[0].incident_id, "latest_at": reports[0].at}
            rows.append(Repeat(key=key, kind=kind, force_id=force, **latest, **times))
        else:
            gone.append(key)
    Repeat.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["key"],
        update_fields=["latest", "latest_at", *(rule.column for rule in RULES)],
    )
    if gone:
        Repeat.objects.filter(key__in=gone).delete()


def over(user, *, rule: Rule, at):
    """The Repeats of ``user``'s forces that pass ``rule`` now, latest first."""
    return (
        Repeat.objects.filter(**{f"{rule.column}__gt": at}, force__in=user.forces.all())
        .select_related("force", "latest")
        .order_by("-latest_at", "key")
    )


@dataclass(frozen=True)
class Line:
    """A repeat as the page shows it."""

    repeat: Repeat
    says: str  # the number, name or address itself
    counts: list  # (Rule, how many, whether that passes it)
    reports: list  # the latest few, as incidents
    more: int  # how many reports besides
    referrals: list


SHOWN = 3


def lines(page, *, at) -> list[Line]:
    """What the page shows of these Repeats: a fixed number of queries for any number of them.

    A person is kept under more than one key, an address too: what tells of the same reports is
    one line.
    """
    page = list(page)
    reports = reports_of([repeat.key for repeat in page], at=at)
    once = {}
    for repeat in page:
        same = repeat.kind, tuple(each.incident_id for each in reports[repeat.key])
        once.setdefault(same, repeat)
    ids = {each.incident_id for found in reports.values() for each in found}
    shown = {each.incident_id for found in reports.values() for each in found[:SHOWN]}
    incidents = Incident.objects.defer("narrative", "location").in_bulk(shown)
    referrals = {}
    told = Referral.objects.filter(incident__in=ids).select_related("agency")
    for referral in told.order_by("-made_at", "-id"):
        referrals.setdefault(referral.incident_id, []).append(referral)
    says = _words(once.values())
    found = []
    for repeat in once.values():
        own = reports[repeat.key]
        found.append(
            Line(
                repeat=repeat,
                says=says.get(repeat.key, ""),
                counts=[_counted(own, rule, at) for rule in RULES],
                reports=[incidents[each.incident_id] for each in own[:SHOWN]],
                more=max(0, len(own) - SHOWN),
                referrals=[one for each in own for one in referrals.get(each.incident_id, ())],
            )
        )
    return found


def _counted(reports, rule, at):
    since = at - timedelta(days=rule.days)
    number = len([each for each in counted_by(rule, reports) if each.at > since])
    return rule, number, number >= rule.contacts


def _words(repeats):
    """{key: the number, name or address that it stands for}, from the latest report with it."""
    found = {}
    by_incident = {}
    for repeat in repeats:
        by_incident.setdefault(repeat.latest_id, []).append(repeat)
        place = traces.of_address(repeat.force_id, repeat.latest.location)
        if repeat.key in place:
            found[repeat.key] = repeat.latest.location
    people = Participant.objects.filter(incident__in=by_incident, contact__isnull=False)
    for person in people.select_related("contact"):
        own = traces.of_contact(person.contact)
        for repeat in by_incident[person.incident_id]:
            if repeat.key in own and repeat.key not in found:
                found[repeat.key] = {
                    Trace.Kind.NUMBER: person.contact.phone,
                    Trace.Kind.PERSON: person.contact.name,
                    Trace.Kind.ADDRESS: person.contact.address,
                }[repeat.kind]
    return found
