"""Who is behind a socket. Django's middleware asks it for pages; sockets pass none of that."""

from importlib import import_module

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.utils.crypto import constant_time_compare
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.models import Device

from victimcontact.accounts import sessions
from victimcontact.accounts.models import User
from victimcontact.accounts.permissions import is_verified


def verified_user(scope):
    """The member of staff, signed in with both factors and not idle, or None. Asks the database."""
    user, session = scope.get("user"), scope.get("session")
    if user is None or not user.is_authenticated or session is None:
        return None
    return user if _is_in(user, session) else None


def is_still_in(scope) -> bool:
    """Whether the session behind an open socket goes on.

    It may have ended since, or its rights; a new password or a sign-out elsewhere ends every
    session begun before it.
    """
    user = scope["user"]
    session = import_module(settings.SESSION_ENGINE).SessionStore(scope["session"].session_key)
    user.refresh_from_db()
    begun_with = session.get(HASH_SESSION_KEY, "")
    if not constant_time_compare(begun_with, user.get_session_auth_hash()):
        return False
    return _is_in(user, session)


def signed_out_since(users) -> set:
    """Keys of those ``users``, as they were loaded, whose sessions were ended since. One query."""
    now = dict(
        User.objects.filter(pk__in={user.pk for user in users}).values_list("pk", "session_epoch")
    )
    return {user.pk for user in users if now.get(user.pk) != user.session_epoch}


def _is_in(user, session):
    if sessions.SEEN not in session or sessions.why_over(session):
        return False
    device = Device.from_persistent_id(session.get(DEVICE_ID_SESSION_KEY, ""))
    if device is None or device.user_id != user.pk or not device.confirmed:
        return False
    user.is_verified = lambda: True
    return is_verified(user)
