"""Headers that keep what a page shows out of caches, other sites and other people's sight."""

from functools import wraps

from csp.constants import HEADER as CSP_HEADER
from csp.utils import build_policy
from django.conf import settings
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import render

from victimcontact.accounts.middleware import PUBLIC_PATHS

SHUT = ("autoplay", "display-capture", "geolocation", "payment", "usb", "serial", "hid", "midi")
MACHINES = ("/webhooks/", "/api/", "/health/")  # they read the status, and no page
ALWAYS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


def permissions_policy(*, camera: bool) -> str:
    """What a page may ask of the device: nothing, but camera and microphone on a call's page."""
    media = "(self)" if camera else "()"
    parts = [f"{name}=()" for name in SHUT if not (camera and name == "autoplay")]
    if camera:
        parts.append("autoplay=(self)")
    return ", ".join([f"camera={media}", f"microphone={media}", "fullscreen=(self)", *parts])


def uses_camera(view):
    """Mark a view whose page may ask for camera and microphone. No other page may."""

    @wraps(view)
    def marked(request, *args, **kwargs):
        response = view(request, *args, **kwargs)
        response.headers["Permissions-Policy"] = permissions_policy(camera=True)
        return response

    return marked


class FormMiddleware(CsrfViewMiddleware):
    """Django's protection of forms, for pages whose address no other page may learn.

    Under ``Referrer-Policy: no-referrer`` a browser sends ``Origin: null`` with its own forms, and
    Django would refuse each one. Null says nothing about where a form came from, so what remains
    decides: the token, whose cookie no other host can set (``__Host-``) or send (SameSite), and
    the browser's own word in Sec-Fetch-Site where it gives one.
    Source: Fetch standard, "append a request Origin header".
    """

    def _origin_verified(self, request):
        if request.META["HTTP_ORIGIN"] == "null":
            return request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
        return super()._origin_verified(request)


class PrivacyHeadersMiddleware:
    """Sets the headers on every answer, and gives refusals without a body one of our pages.

    Anything but a static file is ``no-store``: the phone that shows it may be in other hands next.
    Source: OWASP ASVS 5.0, chapter 3.4 and 14.3.
    """

    WORDLESS = {405: "405.html", 413: "413.html", 429: "429.html"}

    def __init__(self, get_response):
        self.get_response = get_response
        # One policy for every page, without nonces: written once, not for each answer.
        self.always = {**ALWAYS, CSP_HEADER: build_policy()}

    def __call__(self, request):
        request.frame = lambda: frame(request)
        response = self.get_response(request)
        template = self.WORDLESS.get(response.status_code)
        to_person = not request.path.startswith(MACHINES)
        if template and to_person and not response.streaming and not response.content:
            wordless, response = response, render(request, template, status=response.status_code)
            del wordless.headers["Content-Length"]
            for name, value in wordless.headers.items():
                response.headers.setdefault(name, value)
            response.cookies.update(wordless.cookies)
        for name, value in self.always.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Permissions-Policy", permissions_policy(camera=False))
        is_static = request.path.startswith(settings.STATIC_URL)
        if not is_static or response.status_code not in {200, 206, 304}:
            response.headers["Cache-Control"] = "private, no-store"
        return response


def frame(request) -> str:
    """The base template for this person's error pages: theirs never names the other face."""
    user = getattr(request, "user", None)
    on_public = settings.FACE == "public" or request.path.startswith(PUBLIC_PATHS)
    if on_public or user is None or not user.is_authenticated:
        return "base_public.html"
    return "base_staff.html"
