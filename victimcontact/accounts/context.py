"""What every page may say of its house."""

from django.conf import settings

from victimcontact.accounts.permissions import is_verified


def house(request):
    """``demonstration`` (bool), ``socket_url``, ``exit_url`` and ``permissions`` (set of names)."""
    user = getattr(request, "user", None)
    return {
        "demonstration": settings.DEMONSTRATION,
        "socket_url": settings.SOCKET_URL,
        "exit_url": settings.EXIT_URL,
        "permissions": user.permissions if user is not None and is_verified(user) else frozenset(),
    }
