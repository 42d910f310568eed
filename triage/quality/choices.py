"""What victims were offered and what they chose: is the choice theirs, whoever reads it out?

Video is offered where it is safe and never required. Where one group, or one handler's callers,
choose it far more or less often than others, somebody should ask why: nobody steers unseen.
Handlers stand in the order of their names, not of a figure.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import ExtractHour

from triage.models import Channel, Offer, Response
from triage.quality import charts
from triage.quality.trend import FEWEST_ASSESSMENTS, FEWEST_HANDLERS, Spread
from victimcontact.accounts.models import User
from victimcontact.lib import local_time

DAYS = 28
FEWEST = 5  # fewer say nothing
NIGHT = (22, 23, 0, 1, 2, 3, 4, 5, 6)
ABUSE = {"domestic_abuse", "coercive_control", "stalking", "honour_based_abuse"}


@dataclass
class Group:
    """People who have something in common, and what they chose."""

    name: str
    offered_video: int = 0
    changed: int = 0
    chosen: Counter = field(default_factory=Counter)

    @property
    def many(self):
        return self.chosen.total()

    @property
    def is_shown(self):
        return self.many >= FEWEST

    @property
    def pieces(self):
        """The bar of what they chose."""
        return charts.shares((way.value, way.label, self.chosen[way.value]) for way in Response)


def by_group(force, *, at) -> list[Group]:
    """Every choice of a victim in the last 28 days: all, then by what could make a difference.

    ``changed`` counts choices that followed another one for the same report.
    """
    rows = (
        _offers(force, at)
        .annotate(hour=ExtractHour("chosen_at", tzinfo=local_time.LONDON))
        .values_list(
            "chosen",
            "options",
            "assessment__flags",
            "incident__channel",
            "hour",
            "recorded_by",
            "incident_id",
        )
        .order_by("chosen_at", "pk")
    )
    welsh = _speaking_welsh(force, at)
    before = set(
        Offer.objects.filter(
            incident__force=force, contact=None, chosen_at__lt=at - timedelta(days=DAYS)
        )
        .filter(incident__in=_offers(force, at).values("incident"))
        .values_list("incident", flat=True)
    )
    groups = {}
    for chosen, options, flags, channel, hour, by, incident in rows:
        is_call = channel in (Channel.EMERGENCY, Channel.NON_EMERGENCY)
        for name in (
            "Everybody",
            "Domestic abuse, stalking or honour" if ABUSE & set(flags) else "No such abuse",
            "Rang 999 or 101" if is_call else "Came online, by chat or otherwise",
            "Asked at night, 10pm to 7am" if hour in NIGHT else "Asked by day",
            "Speaks Welsh" if incident in welsh else "Speaks English",
            "Chose by their own link" if by is None else "Was read the choice by a handler",
        ):
            group = groups.setdefault(name, Group(name))
            group.chosen[chosen] += 1
            group.offered_video += Response.VIDEO in options
            group.changed += incident in before
        before.add(incident)
    return [groups[name] for name in NAMES if name in groups]


NAMES = (
    "Everybody",
    "Domestic abuse, stalking or honour",
    "No such abuse",
    "Rang 999 or 101",
    "Came online, by chat or otherwise",
    "Asked by day",
    "Asked at night, 10pm to 7am",
    "Speaks English",
    "Speaks Welsh",
    "Was read the choice by a handler",
    "Chose by their own link",
)


def by_recorder(force, *, at) -> list[dict]:
    """A row for each who recorded a choice, by name, and one for those made by the link.

    Each counts the choices ("many"), how many had video in ("video_offered"), what was chosen (by
    Response), and how many were changed afterwards; "share" is the percentage of video where it was
    offered, or None. Two queries.
    """
    later = (
        Offer.objects.filter(incident=OuterRef("incident"), contact=None)
        .filter(chosen_at__gt=OuterRef("chosen_at"))
        .exclude(chosen=OuterRef("chosen"))
        .order_by("chosen_at")
    )
    rows = list(
        _offers(force, at)
        .annotate(later=Subquery(later.values("pk")[:1]))
        .order_by()
        .values("recorded_by")
        .annotate(
            many=Count("pk"),
            video_offered=Count("pk", filter=Q(options__contains=[Response.VIDEO])),
            **{way: Count("pk", filter=Q(chosen=way)) for way in Response.values},
            changed=Count("later"),
        )
    )
    people = User.objects.in_bulk([row["recorded_by"] for row in rows if row["recorded_by"]])
    for row in rows:
        by, offered = row["recorded_by"], row["video_offered"]
        row["name"] = str(people[by]) if by else "The victim, by the link"
        row["share"] = round(100 * row["video"] / offered) if offered else None
    return sorted(rows, key=lambda row: (row["recorded_by"] is None, row["name"]))


def by_handler(force, *, at) -> Spread:
    """How the share of those who took video, where it was offered, differs between handlers."""
    rows = list(
        _offers(force, at)
        .filter(recorded_by__isnull=False, options__contains=[Response.VIDEO])
        .order_by()
        .values("recorded_by")
        .annotate(many=Count("pk"), video=Count("pk", filter=Q(chosen=Response.VIDEO)))
        .filter(many__gte=FEWEST_ASSESSMENTS)
    )
    is_enough = len(rows) >= FEWEST_HANDLERS
    return Spread(
        title="Chose video where it was offered",
        handlers=len(rows),
        assessments=sum(row["many"] for row in rows),
        funnel=charts.funnel((row["many"], row["video"]) for row in rows) if is_enough else None,
    )


def _offers(force, at):
    """The victims' choices of the last 28 days; a witness's is not among them."""
    since = at - timedelta(days=DAYS)
    return Offer.objects.filter(
        incident__force=force, contact=None, chosen_at__gte=since, chosen_at__lt=at
    )


def _speaking_welsh(force, at):
    return set(
        _offers(force, at)
        .filter(
            incident__participants__role="victim",
            incident__participants__contact__language__startswith="cy",
        )
        .values_list("incident", flat=True)
    )
