"""Who has called before: repeat callers, repeat victims and repeat addresses of twelve months.

A repeat raises risk. It is never a reason to believe anybody less or to answer more slowly, so
nothing here lowers or delays anything. Counts stop at 100: "100+".
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from django.db import connection
from django.db.models import OuterRef, Subquery

from triage.models import Assessment, Incident, Trace
from victimcontact.lib.prepared import Prepared

WITHIN = timedelta(days=365)
MOST = 100

# Source: proposed flags, there is no national definition of a repeat caller; a repeat victim is
# one with more than one report in a rolling year (force policies).
IN_7_DAYS, IN_30_DAYS, DOMESTIC_IN_12_MONTHS, AS_VICTIM = 3, 5, 3, 2

# One look for each key, however often it comes up, and in each no further than the cap. Which
# incident a row belongs to is told by its place in the list: a key is long to read, 300 times over.
COUNT = """
with own as materialized (
  select asked.place, trace.key, trace.kind, trace.as_victim
    from unnest(%(incidents)s::uuid[]) with ordinality as asked(id, place)
    join triage_trace as trace on trace.incident_id = asked.id),
counted as (
  select key.key, count(*) as reports,
         count(*) filter (where one.reported_at > %(week)s) as week,
         count(*) filter (where one.reported_at > %(month)s) as month,
         count(*) filter (where one.is_domestic) as domestic,
         count(*) filter (where one.as_victim) as as_victim
    from (select distinct key from own) as key
   cross join lateral (
         select reported_at, is_domestic, as_victim
           from triage_trace
          where triage_trace.key = key.key
            and reported_at > %(year)s and reported_at <= %(now)s
          order by reported_at desc
          limit %(limit)s) as one
   group by key.key)
select own.place::int, own.as_victim, own.kind, coalesce(reports, 0), coalesce(week, 0),
       coalesce(month, 0), coalesce(domestic, 0), coalesce(counted.as_victim, 0)
  from own left join counted using (key)
 order by own.place
"""
LIST = """
select key.key, one.incident_id, one.reported_at, one.is_domestic, one.as_victim
  from unnest(%(keys)s::uuid[]) as key(key)
 cross join lateral (
       select incident_id, reported_at, is_domestic, as_victim
         from triage_trace
        where triage_trace.key = key.key
          and reported_at > %(year)s and reported_at <= %(now)s
        order by reported_at desc
        limit %(limit)s) as one
"""
# The same under the keys of one incident, each with its kind and whether it is the victim's own.
LIST_OF = """
select own.key, own.kind, own.as_victim,
       one.incident_id, one.reported_at, one.is_domestic, one.as_victim
  from triage_trace as own
  left join lateral (
       select incident_id, reported_at, is_domestic, as_victim
         from triage_trace
        where triage_trace.key = own.key
          and reported_at > %(year)s and reported_at <= %(now)s
        order by reported_at desc
        limit %(limit)s) as one on true
 where own.incident_id = %(incident)s
 order by own.key
"""


# What rooms know of earlier incidents besides flags: functions that give {incident key: marker} of
# those keys, one query each. A room puts its own in.
MARKERS = []


def counted(number: int) -> str:
    """ "7", or "100+" where the count stopped."""
    return f"{MOST}+" if number > MOST else str(number)


@dataclass(frozen=True)
class Mark:
    """One thing that repeats: ``name`` as in "Repeat caller", ``why`` as in "3 in 7 days"."""

    name: str
    why: str


class Counts(NamedTuple):
    """Reports under one key within twelve months, each stopped beyond ``MOST``."""

    kind: str
    reports: int = 0
    in_7_days: int = 0
    in_30_days: int = 0
    domestic: int = 0
    as_victim: int = 0


@dataclass(frozen=True)
class Repeat:
    """What repeats around one report, the report itself counted in."""

    counts: tuple[Counts, ...] = ()
    victim_counts: tuple[Counts, ...] = ()  # those of the victim's own number and person

    @property
    def is_repeat_caller(self) -> bool:
        return any(_caller_why(one) for one in self.counts)

    @property
    def is_repeat_victim(self) -> bool:
        return any(one.as_victim >= AS_VICTIM for one in self.victim_counts)

    @property
    def is_repeat_address(self) -> bool:
        return any(one.kind == Trace.Kind.ADDRESS and one.reports > 1 for one in self.counts)

    def __bool__(self):
        return self.is_repeat_caller or self.is_repeat_victim or self.is_repeat_address

    @property
    def marks(self) -> list[Mark]:
        """What repeats, each once with its strongest reason."""
        found = []
        whys = [(why, one) for one in self.counts if (why := _caller_why(one))]
        if whys:
            why, one = max(whys, key=lambda pair: _weight(pair[1]))
            found.append(Mark("Repeat caller", f"{why}, by {one.kind}"))
        if self.is_repeat_victim:
            most = max(one.as_victim for one in self.victim_counts)
            found.append(Mark("Repeat victim", f"{counted(most)} in 12 months"))
        if self.is_repeat_address:
            most = max(one.reports for one in self.counts if one.kind == Trace.Kind.ADDRESS)
            found.append(Mark("Repeat address", f"{counted(most)} in 12 months"))
        return found


def _weight(one: Counts):
    # Of two that say as much the number counts: the database gives them in no order.
    return one.in_7_days, one.kind == Trace.Kind.NUMBER


def _caller_why(one: Counts) -> str:
    if one.in_7_days >= IN_7_DAYS:
        return f"{counted(one.in_7_days)} in 7 days"
    if one.in_30_days >= IN_30_DAYS:
        return f"{counted(one.in_30_days)} in 30 days"
    if one.domestic >= DOMESTIC_IN_12_MONTHS:
        return f"{counted(one.domestic)} of domestic abuse in 12 months"
    return ""


def of_incidents(incidents, *, at) -> dict:
    """{incident key: Repeat} of incidents, in one query whatever their number."""
    keys = [incident.pk for incident in incidents]
    return dict(zip(keys, of_keys(map(str, keys), at=at), strict=True))


def of_keys(keys, *, at) -> list[Repeat]:
    """The Repeat of each incident of these keys (text), for a whole queue in one query."""
    keys = list(keys)
    if not keys:
        return []
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {**_asked((), at), "incidents": keys})
        rows = cursor.fetchall()
    found = [([], []) for _ in keys]
    for place, as_victim, *told in rows:
        one = Counts._make(told)
        everything, victims = found[place - 1]
        everything.append(one)
        if as_victim and one.kind != Trace.Kind.ADDRESS:
            victims.append(one)
    return [Repeat(tuple(everything), tuple(victims)) for everything, victims in found]


@dataclass(frozen=True)
class Earlier:
    """An earlier report: the Incident with its ``flags``, and by what it was found."""

    incident: object
    by: tuple[str, ...]  # kinds: "number", "person", "address"


@dataclass(frozen=True)
class Around:
    """What was reported before by the same number, person or address, latest first."""

    earlier: list = field(default_factory=list)  # of Earlier, MOST at most
    repeat: Repeat = Repeat()
    is_more: bool = False  # there are more than MOST

    @property
    def counted(self) -> str:
        return f"{MOST}+" if self.is_more else str(len(self.earlier))

    @property
    def markers(self) -> list[str]:
        """Flags that stood at any of them, and what rooms know besides (``MARKERS``)."""
        return sorted({flag for one in self.earlier for flag in one.incident.flags or ()})

    @property
    def history(self) -> dict | None:
        """What the engine is told of them."""
        if not self.earlier:
            return None
        return {"markers": self.markers, "previous_reports_12m": len(self.earlier)}


def around(keys, *, at, victims=(), besides=None) -> Around:
    """The reports of twelve months under any of ``keys`` ({key: kind} as ``traces`` gives them).

    ``victims`` are those keys that are the victim's own. ``besides`` is the Incident that is
    looked from, or None for a report that is none yet: in both cases the report itself is
    counted in what repeats. Two queries, and one for each of MARKERS.
    """
    if not keys:
        return Around()
    with connection.cursor() as cursor:
        cursor.execute(LIST, _asked(keys, at))
        rows = cursor.fetchall()
    return _around(keys, rows, at, victims, besides.pk if besides else None)


def _around(keys, rows, at, victims, own):
    by, latest, per_key = {}, {}, {key: [] for key in keys}
    for key, incident, reported_at, is_domestic, as_victim in rows:
        if incident == own:
            continue
        by.setdefault(incident, set()).add(str(keys[key]))
        latest[incident] = reported_at
        per_key[key].append((reported_at, is_domestic, as_victim))
    newest = sorted(latest, key=lambda pk: (latest[pk], pk), reverse=True)
    found = _with_flags(newest[:MOST])
    counts = {key: _counts(kind, per_key[key], at) for key, kind in keys.items()}
    return Around(
        earlier=[Earlier(found[pk], tuple(sorted(by[pk]))) for pk in newest if pk in found],
        repeat=Repeat(
            tuple(counts.values()),
            tuple(
                one
                for key, one in counts.items()
                if key in victims and one.kind != Trace.Kind.ADDRESS
            ),
        ),
        is_more=len(newest) > MOST,
    )


def around_incident(incident, *, at) -> Around:
    """``around`` for an incident, by all that is known of it: its own keys and what is under them.

    ``of_incident`` then knows its Repeat without another query.
    """
    with connection.cursor() as cursor:
        cursor.execute(LIST_OF, {**_asked((), at), "incident": incident.pk})
        rows = cursor.fetchall()
    own, found = {}, []
    for key, kind, is_victims, *one in rows:
        own[key] = kind, is_victims
        if one[0] is not None:  # an incident of longer ago is not under its own keys
            found.append((key, *one))
    keys = {key: kind for key, (kind, _) in own.items()}
    victims = {key for key, (_, is_victims) in own.items() if is_victims}
    incident.repeat = _as_counted(own, found, at)
    return _around(keys, found, at, victims, incident.pk) if keys else Around()


def of_incident(incident, *, at) -> Repeat:
    """What repeats around one incident: as ``of_incidents``."""
    known = getattr(incident, "repeat", None)
    return of_incidents([incident], at=at)[incident.pk] if known is None else known


def _as_counted(own, rows, at):
    """The Repeat that COUNT comes to, from the rows of LIST_OF: they end at the same cap."""
    everything, victims = [], []
    for key, (kind, is_victims) in own.items():
        dates = [row for row in rows if row[0] == key]
        one = Counts(
            kind=kind,
            reports=len(dates),
            in_7_days=sum(row[2] > at - timedelta(days=7) for row in dates),
            in_30_days=sum(row[2] > at - timedelta(days=30) for row in dates),
            domestic=sum(row[3] for row in dates),
            as_victim=sum(row[4] for row in dates),
        )
        everything.append(one)
        if is_victims and kind != Trace.Kind.ADDRESS:
            victims.append(one)
    return Repeat(tuple(everything), tuple(victims))


def _counts(kind, rows, at):
    """Counts of one key, the report that is looked from counted in."""
    dates = [reported_at for reported_at, _, _ in rows]
    return Counts(
        kind=kind,
        reports=len(rows) + 1,
        in_7_days=sum(date > at - timedelta(days=7) for date in dates) + 1,
        in_30_days=sum(date > at - timedelta(days=30) for date in dates) + 1,
        domestic=sum(is_domestic for _, is_domestic, _ in rows),
        as_victim=sum(as_victim for _, _, as_victim in rows) + 1,
    )


def _with_flags(keys):
    """{key: Incident with its latest flags and its markers}; its words stay sealed."""
    if not keys:
        return {}
    found = _flagged(keys=list(keys))
    known = [markers_of(keys) for markers_of in MARKERS]
    for incident in found:
        incident.flags = list(incident.latest_flags or ())
        incident.flags += [each[incident.pk] for each in known if incident.pk in each]
    return {incident.pk: incident for incident in found}


@Prepared
def _flagged(keys):
    latest = Assessment.objects.filter(incident=OuterRef("pk"), superseded_by=None)
    found = Incident.objects.filter(pk__any=keys).defer("narrative", "location")
    return found.annotate(latest_flags=Subquery(latest.order_by().values("flags")[:1]))


def _asked(keys, at):
    return {
        "keys": [str(key) for key in keys],
        "now": at,
        "week": at - timedelta(days=7),
        "month": at - timedelta(days=30),
        "year": at - WITHIN,
        "limit": MOST + 1,
    }
