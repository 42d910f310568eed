"""Where a request comes from."""

from django.conf import settings


def client_address(request) -> str:
    """The address that asks: behind our own proxy the one it saw, the last in its header."""
    if settings.SECURE_PROXY_SSL_HEADER:
        forwarded = request.headers.get("X-Forwarded-For", "").split(",")[-1].strip()
        if forwarded:
            return forwarded
    return request.META.get("REMOTE_ADDR", "")
