"""May somebody be rung, and when: the contact plan and the force's day, asked each time anew."""

from dataclasses import replace
from datetime import datetime, timedelta

from victimcontact.lib import local_time
from victimcontact.people import safe_contact

CALL = "call"
# Between two tries, however late the first was made.
PAUSE = timedelta(minutes=30)


def next_try(reaching, *, began_at: datetime, made: int, at: datetime) -> datetime:
    """When to ring after ``made`` tries: counted from the miss, by day, and not at once again."""
    if made < len(reaching.ring_after_minutes):
        moment = began_at + timedelta(minutes=sorted(reaching.ring_after_minutes)[made])
    else:
        morning = local_time.local(began_at).date() + timedelta(days=1)
        moment = local_time.from_local(morning, reaching.day_begins)
    return by_day(reaching, max(moment, at + PAUSE) if made else moment)


def by_day(reaching, moment: datetime) -> datetime:
    """``moment``, or the next morning where it is outside the force's day."""
    local = local_time.local(moment)
    if local.time() < reaching.day_begins:
        return local_time.from_local(local.date(), reaching.day_begins)
    if local.time() >= reaching.day_ends:
        return local_time.from_local(local.date() + timedelta(days=1), reaching.day_begins)
    return moment


def ask_to_ring(contact, at: datetime):
    """Allowed, NotBefore or Held, as for what is sent.

    Somebody who may read the phone may answer it. Whoever has agreed to be contacted at all may be
    rung in the hours agreed, by a person who has read the plan; but not where it says that ringing
    is not safe.
    """
    if not contact.phone:
        return safe_contact.Held("no_address")
    record = contact.plan
    try:
        plan = None if record is None else safe_contact.Plan.read(record)
    except ValueError:
        return safe_contact.Held(safe_contact.Reason.PLAN_UNREADABLE)
    if plan is None:
        return safe_contact.Held(safe_contact.Reason.NO_PLAN)
    if plan.phone_watched:
        return safe_contact.Held(safe_contact.Reason.PHONE_WATCHED)
    if plan.channels.get(CALL) == safe_contact.Safety.UNSAFE:
        return safe_contact.Held(safe_contact.Reason.CHANNEL_UNSAFE)
    plan = replace(plan, channels={CALL: safe_contact.Safety.SAFE})
    return safe_contact.check(plan, channel=CALL, at=at)
