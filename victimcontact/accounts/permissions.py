"""May this person do this? Asked by pages, API and sockets alike."""

from functools import wraps

from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from victimcontact.accounts.roles import ALL_PERMISSIONS


def can(user, permission: str) -> bool:
    """Whether ``user`` is active and one of their roles holds ``permission``."""
    if permission not in ALL_PERMISSIONS:
        raise ValueError(f"No role knows the permission {permission!r}.")
    return bool(user.is_authenticated and user.is_active and permission in user.permissions)


def is_verified(user) -> bool:
    """Whether ``user`` signed in with both factors."""
    return bool(user.is_authenticated and user.is_active and getattr(user, "is_verified", bool)())


def require(permission: str):
    """Guard a staff view: both factors, then ``permission``; else sign-in, else 403.

    The view carries ``required_permission`` for the test that asks every URL as every role.
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
            return view(request, *args, **kwargs)

        guarded.required_permission = permission
        return guarded

    return decorate
