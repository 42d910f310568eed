"""Ask for a fresh look at many incidents at once, in as many statements as for one."""

from django.db import connection, transaction

from triage import signals
from triage.assessing import CLOCK
from triage.models import Incident
from victimcontact.audit import ledger

# Of one number or address. That many open reports under one key are a switchboard's or a
# hospital's: those beyond the latest keep their own time of review.
MOST = 100

# Reviews that are due already stay due since then; the clock's own word gives way to what happened.
_ASK = """
with old as (
    select id, due_at > %(at)s or because = %(clock)s as is_news
      from triage_review
     where incident_id = any(%(incidents)s::uuid[]) and done_at is null
     order by id for update),
asked as (
    update triage_review as review
       set event_at = greatest(%(at)s, review.event_at),
           due_at = case when is_news then least(%(at)s, review.due_at) else review.due_at end,
           because = case when is_news then %(because)s else review.because end
      from old where review.id = old.id
    returning review.incident_id, review.due_at, is_news),
moved as (
    update triage_incident as incident set review_due_at = asked.due_at
      from asked
     where incident.id = asked.incident_id and is_news
       and incident.review_due_at is distinct from asked.due_at)
select incident_id from asked where is_news
"""
# The latest open ones under each key: the index is read in its order and no further than the cap.
_SHARING = """
select distinct one.incident_id
  from triage_trace as own
 cross join lateral (
       select other.incident_id
         from triage_trace as other
         join triage_incident on triage_incident.id = other.incident_id
        where other.key = own.key and other.incident_id <> own.incident_id
          and triage_incident.status = 'open'
        order by other.reported_at desc
        limit %(most)s) as one
 where own.incident_id = %(incident)s
"""


@transaction.atomic
def ask(incident_ids, *, because: str, at) -> int:
    """What ``assessing.review_now`` does for one, for all of these that are open.

    The number of those whose review was not due by news before. Three statements, whatever their
    number. Waits for whoever is assessing one of them: their new review must hear of it too.
    """
    if not incident_ids:
        return 0
    # In one order, so that two who ask for the same ones wait for each other and no more.
    standing = Incident.objects.filter(pk__in=incident_ids, status=Incident.Status.OPEN)
    locked = standing.select_for_update(no_key=True).order_by("pk")
    found = {one.pk: one for one in locked.only("pk", "reference", "force", "status")}
    if not found:
        return 0
    with connection.cursor() as cursor:
        values = {"incidents": [str(key) for key in found], "because": because}
        cursor.execute(_ASK, {**values, "at": at, "clock": CLOCK})
        asked = [found[key] for (key,) in cursor.fetchall()]
    ledger.record_each("incident.review_asked", asked, at=at, because=because)
    for incident in asked:
        signals.review_asked.send(sender=Incident, incident=incident, because=because, at=at)
    return len(asked)


def sharing(incident) -> list:
    """Keys of the open incidents that have a number, person or address in common with this one.

    The ``MOST`` latest under each.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SHARING, {"incident": incident.pk, "most": MOST})
        return [key for (key,) in cursor.fetchall()]
