"""The door, which opens to the agreed word, and the way out, which always answers."""

import logging

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt

from victimcontact.accounts.middleware import open_to_all
from victimcontact.people import signals, visits
from victimcontact.people.forms import WordForm
from victimcontact.people.models import Link

log = logging.getLogger(__name__)

BEHIND = {
    Link.Purpose.APPOINTMENT: "appointments:visit",
    Link.Purpose.PORTAL: "portal:home",
    Link.Purpose.ADVICE: "control:notes",
    Link.Purpose.COMPANION: "appointments:beside",
}


@open_to_all
def door(request, token):
    """The same page for every link there is or is not; only a POST with the word looks it up.

    Scanners and previews ask by GET, HEAD and OPTIONS: those read no row and write none.
    """
    form = WordForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        word = form.cleaned_data["word"] if form.is_valid() else ""
        try:
            visit, key = visits.open_visit(token, word, request, now())
        except visits.NotOpened:
            # The word is not shown again: the next person at this screen must not read it.
            form = WordForm(data={"word": ""})
            form.full_clean()
            form.add_error("word", _("That did not open. Check the link and the word"))
        else:
            response = redirect(BEHIND[Link.Purpose(visit.link.purpose)])
            response.status_code = 303
            visits.set_cookie(response, key)
            return response
    elif request.method not in {"GET", "HEAD"}:
        return HttpResponse(status=204, headers={"Allow": "GET, HEAD, OPTIONS, POST"})
    return render(request, "people/door.html", {"form": form})


@csrf_exempt
@open_to_all
def still(request):
    """How many seconds the visit has left; a POST says first that somebody is still there.

    Exempt from CSRF: the cookie is SameSite=Strict, and all that this does is not to end a visit.
    """
    at = now()
    visit = visits.find(request.COOKIES.get(settings.VISIT_COOKIE_NAME, ""), at)
    if visit is not None and request.method == "POST":
        visits.touch(visit, at)
        visit.refresh_from_db(fields=["last_seen_at"])
    return JsonResponse({"seconds": visits.seconds_left(visit, at)})


@csrf_exempt
@open_to_all
def exit_page(request):
    """End the visit and lead away. By GET too: the way out is a link that needs no script.

    Exempt from CSRF: it must work from a page that has been open for hours, and the worst another
    site could do with it is to end somebody's visit.
    """
    if "prefetch" in request.headers.get("Sec-Purpose", ""):
        return HttpResponse(status=204)
    response = HttpResponseRedirect(settings.EXIT_URL)
    response.status_code = 303
    visits.delete_cookie(response)
    response.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    response.headers["Cache-Control"] = "no-store"
    key = request.COOKIES.get(settings.VISIT_COOKIE_NAME, "")
    visit = visits.find(key, now())
    if visit is not None:
        visits.end(visit, at=now(), why="exit")
    for _receiver, fault in signals.left.send_robust(
        sender=None, request=request, response=response, at=now()
    ):
        if isinstance(fault, Exception):
            log.error("exit: something was not cleared away: %s", type(fault).__name__)
    return response
