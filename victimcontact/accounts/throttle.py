"""Slowing down whoever guesses passwords and codes, without ever locking anybody out for good.

After three wrong tries each further one must wait: 2, 4, 8 … up to 60 seconds. Accounts and
addresses are counted apart, in the database, under a row lock: none is lost. Tries sent together
are judged together, as many as the server has threads; the wait begins with the next.
A whole station may sit behind one address, so that one has thirty tries before it waits.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from victimcontact.accounts.models import SignInTries
from victimcontact.lib.hashing import keyed_hash

FREE_TRIES = 3
FREE_TRIES_OF_AN_ADDRESS = 30
LONGEST_WAIT = 60  # seconds
FORGET_AFTER = timedelta(minutes=15)


def may_try(*names: str) -> bool:
    """Whether a try is allowed now for all of ``names`` ("account:sam", "address:192.0.2.7")."""
    waiting = SignInTries.objects.filter(name_hash__in=_hashes(names), next_at__gt=Now())
    return not waiting.exists()


@transaction.atomic
def failed(*names: str) -> None:
    """Count a wrong try for each of ``names``."""
    for name_hash, name in sorted(zip(_hashes(names), names, strict=True)):
        free = FREE_TRIES_OF_AN_ADDRESS if name.startswith("address:") else FREE_TRIES
        SignInTries.objects.get_or_create(name_hash=name_hash)
        tries = SignInTries.objects.select_for_update().get(name_hash=name_hash)
        is_old = SignInTries.objects.filter(pk=tries.pk, last_at__lt=Now() - FORGET_AFTER).exists()
        tries.wrong = 1 if is_old else tries.wrong + 1
        wait = min(2 ** min(max(tries.wrong - free, 0), 6), LONGEST_WAIT)
        tries.last_at = Now()
        tries.next_at = Now() + timedelta(seconds=wait if tries.wrong > free else 0)
        tries.save()


def succeeded(*names: str) -> None:
    """Forget the wrong tries of ``names``."""
    SignInTries.objects.filter(name_hash__in=_hashes(names)).delete()


def _hashes(names):
    return [keyed_hash("sign-in", name.casefold()) for name in names]
