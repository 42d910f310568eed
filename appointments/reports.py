"""What was offered against what was chosen, for a force to see that the choice is one."""

from datetime import timedelta

from django.db.models import Count, F, OuterRef, Q, Subquery

from triage.models import Offer, Response
from victimcontact.accounts.models import User


def choices_by_handler(forces, *, days, at) -> dict:
    """{"rows", "total", "days", "since"}: the victims' choices recorded in ``days`` before ``at``.

    One row for each who recorded a choice, and one for those made by the link; each counts the
    offers, how many of them had video in, what was chosen, and how many were changed afterwards.
    ``share`` is the percentage of video among those where it was offered, or None. Two queries.
    """
    since = at - timedelta(days=days)
    changed = (
        Offer.objects.filter(incident=OuterRef("incident"), contact=None)
        .filter(chosen_at__gt=OuterRef("chosen_at"))
        .exclude(chosen=OuterRef("chosen"))
        .order_by("chosen_at")
    )
    counted = (
        Offer.objects.filter(incident__force__in=forces, contact=None, chosen_at__gte=since)
        .annotate(later=Subquery(changed.values("pk")[:1]))
        .values(handler=F("recorded_by"))
        .order_by("handler")
        .annotate(
            offers=Count("pk"),
            video_offered=Count("pk", filter=Q(video_eligible=True)),
            **{choice: Count("pk", filter=Q(chosen=choice)) for choice in Response.values},
            changed=Count("later"),
        )
    )
    rows = list(counted)
    people = User.objects.in_bulk([row["handler"] for row in rows if row["handler"]])
    for row in rows:
        row["name"] = str(people[row["handler"]]) if row["handler"] else "The victim, by the link"
        row["share"] = _share(row)
    columns = ("offers", "video_offered", *Response.values, "changed")
    total = {name: sum(row[name] for row in rows) for name in columns}
    total["share"] = _share(total)
    rows.sort(key=lambda row: -row["offers"])
    return {"rows": rows, "total": total, "days": days, "since": since}


def _share(row):
    return round(100 * row["video"] / row["video_offered"]) if row["video_offered"] else None
