"""May this person do this? Asked by pages, API and sockets alike."""

from datetime import timedelta
from functools import wraps

from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.timezone import now

from victimcontact.accounts.roles import ALL_PERMISSIONS
from victimcontact.audit import ledger

# A page that asks for itself again by itself is one reading for this long.
SAME_READING = timedelta(minutes=15)
SHOWS = {200, 206, 409, 422}  # answers that hold a page with what somebody may read


def can(user, permission: str) -> bool:
    """Whether ``user`` is active and one of their roles holds ``permission``."""
    if permission not in ALL_PERMISSIONS:
        raise ValueError(f"No role knows the permission {permission!r}.")
    return bool(user.is_authenticated and user.is_active and permission in user.permissions)


def is_verified(user) -> bool:
    """Whether ``user`` signed in with both factors."""
    return bool(user.is_authenticated and user.is_active and getattr(user, "is_verified", bool)())


def require(permission: str, *, reads: str = "", fresh: str = ""):
    """Guard a staff view: both factors, then ``permission``; else sign-in, else 403.

    ``reads`` says whose data the page shows: the label of the model that ``pk`` is the key of
    ("triage.incident"), or "list". The ledger then has an entry, or the page is not shown.
    ``fresh`` (``fresh.ALWAYS`` or ``fresh.WRITING``) asks for the second factor again where it
    is older than five minutes.

    The view carries ``required_permission``, ``reads`` and ``fresh`` for the tests that ask every
    URL as every role.
    """
    if permission not in ALL_PERMISSIONS:
        raise ValueError(f"No role knows the permission {permission!r}.")

    def decorate(view):
        @wraps(view)
        def guarded(request, *args, **kwargs):
            if not is_verified(request.user):
                return redirect(
                    f"{reverse('accounts:sign_in')}?{urlencode({'next': request.path})}"
                )
            if not can(request.user, permission):
                raise PermissionDenied
            if fresh and (question := second_factor(request, fresh)):
                return question
            response = view(request, *args, **kwargs)
            if reads and response.status_code in SHOWS:
                note_reading(request, reads, kwargs.get("pk", ""))
            return response

        guarded.required_permission = permission
        guarded.reads, guarded.fresh = reads, fresh
        return guarded

    return decorate


def second_factor(request, when):
    """The page that asks for the second factor again, or None."""
    from victimcontact.accounts import fresh  # its devices are models: not before they are there

    return fresh.ask(request, when)


def note_reading(request, what, key):
    """Put into the ledger that ``request.user`` is about to be shown ``what`` (see ``require``).

    Opening a page is an entry each time. What a page asks by itself, or shows again after
    something was sent, is the reading that it goes on with: one entry in a quarter of an hour,
    whatever its headers say of it.
    """
    by_itself = request.method != "GET" or not {"X-Background", "HX-Request"}.isdisjoint(
        request.headers
    )
    ledger.record_reading(
        what,
        key or "",
        by=request.user,
        at=now(),
        again_after=SAME_READING if by_itself else None,
        page=request.resolver_match.view_name,
    )
