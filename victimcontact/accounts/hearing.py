"""Whether an open socket of staff may go on hearing what it hears: asked again and again."""

from victimcontact.accounts.sockets import is_still_in

SIGNED_OUT = 4401  # or not allowed any more: the page does not try again
TRY_AGAIN = 1011


def why_closed(scope, *, joined, groups_of) -> int | None:
    """With which code the socket is closed now; None: it stays. Asks the database.

    ``groups_of(user)`` are the groups that somebody may hear, None where they may hear nothing;
    ``joined`` those that this socket hears. Where they differ, a force was given or taken away:
    the page knocks again, and is let into what it may hear by now.
    """
    groups = groups_of(scope["user"]) if is_still_in(scope) else None
    if groups is None:
        return SIGNED_OUT
    return None if set(groups) == set(joined) else TRY_AGAIN
