"""How long a sign-in lasts: while it is used, and never longer than one shift.

What ends it from outside (another sign-out, a role that changed) is ``User.session_epoch``, which
Django compares with each request.
"""

import time

from django.conf import settings

BEGAN, SEEN, PROVEN, OVER = "began", "seen", "proven", "over"
IDLE, SHIFT, ELSEWHERE = "idle", "shift", "elsewhere"
# A second factor this old is asked again before what leaves the house or cannot be undone.
FRESH_SECONDS = 5 * 60


def begin(session) -> None:
    """Both factors were given: the shift begins."""
    session[BEGAN] = time.time()
    session.pop(SEEN, None)  # the next page is the first to be used
    session.pop(OVER, None)
    prove(session)


def prove(session) -> None:
    """The second factor was given just now."""
    session[PROVEN] = time.time()


def is_proven(session) -> bool:
    """Whether the second factor was given within the last five minutes."""
    return 0 <= time.time() - session.get(PROVEN, 0) <= FRESH_SECONDS


def why_over(session) -> str:
    """Why this session may not go on: "idle", "shift", or "" while it may."""
    moment = time.time()
    if moment - session.get(BEGAN, moment) > settings.STAFF_SHIFT_HOURS * 3600:
        return SHIFT
    if moment - session.get(SEEN, moment) > settings.STAFF_IDLE_MINUTES * 60:
        return IDLE
    return ""
