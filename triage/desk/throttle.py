"""No address floods the desk: what each does is counted in the database, and nobody is shut out.

A refuge, a hospital or a whole telephone network may sit behind one address, so the numbers are
those of a crowd; whoever is over them is told when to try again and keeps what they wrote.
"""

from datetime import timedelta
from ipaddress import ip_address, ip_network

from django.db import transaction

from triage.desk.models import AddressCount
from victimcontact.lib.hashing import keyed_hash

WITHIN = timedelta(hours=1)
REPORTS_STARTED = 60
REPORTS_SENT = 20
CHATS_STARTED = 30


@transaction.atomic
def allow(what: str, address: str, *, most: int, at) -> bool:
    """Count one more of ``what`` from ``address``; whether it is within ``most`` an hour."""
    name_hash = keyed_hash("desk", f"{what}:{_line(address)}")
    AddressCount.objects.get_or_create(name_hash=name_hash, defaults={"since": at})
    counted = AddressCount.objects.select_for_update().get(pk=name_hash)
    if at - counted.since >= WITHIN:
        counted.count, counted.since = 0, at
    if counted.count >= most:
        return False
    counted.count += 1
    counted.save(update_fields=["count", "since"])
    return True


def _line(address):
    """Whose line it is: one subscriber has a whole /64 of IPv6, and could be another each time."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((found, 64), strict=False)) if found.version == 6 else address


def forget_old(at) -> None:
    """Remove the counts that no longer hold anybody back."""
    AddressCount.objects.filter(since__lt=at - WITHIN).delete()
