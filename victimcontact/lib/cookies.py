"""A victim's browser and the one key it holds: gone when the browser closes, or when taken back."""

import secrets

from django.conf import settings


def name(plain: str) -> str:
    """The cookie's full name: bound to this host alone where the site is served by https."""
    return f"__Host-{plain}" if settings.SECURE else plain


def new_key() -> str:
    """A key that nobody guesses."""
    return secrets.token_urlsafe(32)


def give(response, plain: str, key: str) -> None:
    """Give the browser its key, for as long as it stays open and no longer."""
    _set(response, plain, key)


def take_back(response, plain: str) -> None:
    """Take the key out of the browser. Not by Set-Cookie's defaults: ``__Host-`` wants Secure."""
    _set(response, plain, "", max_age=0, expires="Thu, 01 Jan 1970 00:00:00 GMT")


def _set(response, plain, key, **more):
    response.set_cookie(
        name(plain),
        key,
        secure=settings.SECURE,
        httponly=True,
        samesite="Strict",
        path="/",
        **more,
    )
