"""No flood drowns the desk, and nobody is shut out: what comes is counted, in the database.

A refuge, a hospital or a whole telephone network may sit behind one address, so nobody is refused.
Beyond the numbers of a crowd whatever comes is marked as one of many, and whoever is not in danger
waits some seconds once and presses again: no puzzle, no third party, and no script is needed. What
comes from all addresses together is counted, too, and a team leader is told of a flood.
"""

from datetime import timedelta
from enum import Enum
from ipaddress import ip_address, ip_network

from django.core import signing
from django.db import connection

from messaging import staff_tasks
from messaging.models import StaffTask
from triage.desk.models import AddressCount
from victimcontact.accounts.models import Force
from victimcontact.audit import ledger
from victimcontact.lib.hashing import keyed_hash
from victimcontact.lib.keys import uuid7

WITHIN = timedelta(hours=1)
REPORTS_STARTED = "report started"
REPORTS_SENT = "report sent"
CHATS_STARTED = "chat started"
# From one address within the time: what a crowd behind it does.
A_CROWD = {REPORTS_STARTED: 60, REPORTS_SENT: 20, CHATS_STARTED: 30}
# From all of them: several times what a large force has in its busiest hour.
A_FLOOD = {REPORTS_STARTED: 1_200, REPORTS_SENT: 400, CHATS_STARTED: 400}
EVERYWHERE = "everywhere"

WAIT = timedelta(seconds=10)
WAIT_GOOD_FOR = timedelta(minutes=30)
SALT = "desk.waited"


class Pass(Enum):
    """How something may go on. All but WAIT go on now; MANY is to be marked as one of many."""

    FREE = "free"
    MANY = "many"
    WAIT = "wait"


def let_in(what: str, address: str, *, force: Force, is_urgent: bool, waited="", at) -> Pass:
    """Count one more of ``what`` (REPORTS_STARTED, …) from ``address``, and say how it goes on.

    ``is_urgent`` never waits; who waited once, as the ticket ``waited`` shows, does not again.
    """
    here = _count(f"{what}:{_line(address)}", at)
    everywhere = _count(f"{what}:{EVERYWHERE}:{force.pk}", at)
    if everywhere > A_FLOOD[what]:
        _tell_of_a_flood(force, what, at)
    is_many, is_flood = here > A_CROWD[what], everywhere > A_FLOOD[what]
    if not (is_many or is_flood):
        return Pass.FREE
    if not is_urgent and not _has_waited(waited, at):
        return Pass.WAIT
    return Pass.MANY if is_many else Pass.FREE


def ticket(at) -> str:
    """For the page of whoever waits: good once, some seconds from now on, for half an hour."""
    return signing.dumps([uuid7().hex, at.timestamp()], salt=SALT)


def _has_waited(waited, at):
    try:
        number, given = signing.loads(waited, salt=SALT)
    except signing.BadSignature:
        return False
    if not WAIT.total_seconds() <= at.timestamp() - given <= WAIT_GOOD_FOR.total_seconds():
        return False
    return _count(f"ticket:{number}", at) == 1


def _count(name, at) -> int:
    """How often this happened within the time, with this once more."""
    # In one statement: everybody who begins passes by the same row.
    with connection.cursor() as cursor:
        cursor.execute(
            """
            insert into desk_addresscount as known (name_hash, count, since)
            values (%(name)s, 1, %(at)s)
            on conflict (name_hash) do update set
                count = case when known.since <= %(before)s then 1 else known.count + 1 end,
                since = case when known.since <= %(before)s then %(at)s else known.since end
            returning count
            """,
            {"name": keyed_hash("desk", name), "at": at, "before": at - WITHIN},
        )
        return cursor.fetchone()[0]


def _tell_of_a_flood(force, what, at):
    told = StaffTask.objects.filter(force=force, kind=StaffTask.Kind.FLOOD)
    if told.filter(done_at=None).exists() or told.filter(raised_at__gt=at - WITHIN).exists():
        return
    staff_tasks.raise_task(
        StaffTask.Kind.FLOOD,
        force=force,
        about=None,
        reason=f"More than {A_FLOOD[what]} times within the hour: {what}. The most urgent stand on"
        " top; each says if it is one of many from its address. Call in help",
        at=at,
    )
    ledger.record("desk.flood", about=force, at=at, what=what)


def _line(address):
    """Whose line it is: one subscriber has a whole /64 of IPv6, and could be another each time."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((found, 64), strict=False)) if found.version == 6 else address


def forget_old(at) -> None:
    """Remove the counts that no longer say anything."""
    AddressCount.objects.filter(since__lt=at - WITHIN).delete()
