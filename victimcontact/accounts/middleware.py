"""Staff pages are shut unless a view says otherwise."""

import time

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from victimcontact.accounts.permissions import is_verified
from victimcontact.accounts.signals import heard_of


def open_to_all(view):
    """Mark a view that answers without a staff sign-in: the public face, the sign-in itself."""
    view.open_to_all = True
    return view


class StaffOnlyMiddleware:
    """Ends an idle session, and lets nobody without both factors past an unmarked view."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        self._end_if_idle(request)
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        if getattr(view, "open_to_all", False) or is_verified(request.user):
            return None
        if request.path.startswith(PUBLIC_PATHS):
            return None
        if "HX-Request" in request.headers:
            # A part of a page: the sign-in must not be put in its place.
            return HttpResponse(status=401)
        return redirect(f"{reverse('accounts:sign_in')}?{urlencode({'next': request.path})}")

    @staticmethod
    def _end_if_idle(request):
        if not request.user.is_authenticated:
            return
        now, seen = time.time(), request.session.get("seen")
        if seen is not None and now - seen > settings.STAFF_IDLE_MINUTES * 60:
            logout(request)
        elif "X-Background" in request.headers:
            return  # the page asks by itself: nobody is using it
        elif seen is None or now - seen > 60:
            request.session["seen"] = now
            heard_of.send(sender=None, user=request.user, at=timezone.now())


# The public site: its views ask for the victim's visit, not for staff.
PUBLIC_PATHS = (
    "/a/",
    "/p/",
    "/n/",
    "/portal/",
    "/exit",
    "/report/",
    "/chat/",
    "/webhooks/",
    "/health/",
)
