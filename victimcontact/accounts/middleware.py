"""Staff pages are shut unless a view says otherwise."""

import time

from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from victimcontact.accounts import sessions
from victimcontact.accounts.permissions import is_verified
from victimcontact.accounts.signals import heard_of


def open_to_all(view):
    """Mark a view that answers without a staff sign-in: the public face, the sign-in itself."""
    view.open_to_all = True
    return view


class StaffOnlyMiddleware:
    """Ends a session that is over, and lets nobody without both factors past an unmarked view."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        self._end_if_over(request)
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
    def _end_if_over(request):
        if SESSION_KEY not in request.session:
            return
        if not request.user.is_authenticated:
            # Django emptied it just now: signed out elsewhere, or rights changed.
            request.session[sessions.OVER] = sessions.ELSEWHERE
            return
        session, moment = request.session, time.time()
        why = sessions.why_over(session)
        if why:
            logout(request)
            # The sign-in page says why, whichever request came too late first.
            request.session[sessions.OVER] = why
            return
        session.setdefault(sessions.BEGAN, moment)
        if "X-Background" in request.headers:
            return  # the page asks by itself: nobody is using it
        if moment - session.get(sessions.SEEN, 0) > 60:
            session[sessions.SEEN] = moment
            heard_of.send(sender=None, user=request.user, at=timezone.now())


# The public site: its views ask for the victim's visit, not for staff.
PUBLIC_PATHS = (
    "/a/",
    "/p/",
    "/n/",
    "/c/",
    "/portal/",
    "/exit",
    "/report/",
    "/chat/",
    "/webhooks/",
    "/health/",
)
