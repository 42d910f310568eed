"""The visitor's side of a chat: one address, no account, and it works without script."""

from django.http import JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from triage.chat import chats, hours
from triage.chat.forms import SayForm
from triage.chat.models import Chat
from triage.desk import reports, throttle
from victimcontact.accounts.middleware import open_to_all
from victimcontact.lib import cookies
from victimcontact.lib.addresses import client_address


def _find(request, at):
    return chats.find(request.COOKIES.get(cookies.name(chats.COOKIE), ""), at)


@require_http_methods(["GET", "HEAD", "POST"])
@open_to_all
def chat(request):
    """The chat, or the place where one begins. POST keeps what was written, then shows it.

    A GET changes nothing: who looks for an answer without script says so by a POST.
    """
    at = now()
    found = _find(request, at)
    if request.method == "POST" and "again" in request.POST:
        return _forget(request)
    if request.method == "POST" and "look" in request.POST:
        return _look(request, found, at)
    if request.method == "POST" and not _is_over(found):
        return _say(request, found, at)
    if request.method == "POST":
        # It ended meanwhile: what was just written is shown, to be kept or said again.
        return _page(request, found, at, form=SayForm(request.POST), status=409)
    return _page(request, found, at)


@require_http_methods(["GET", "HEAD", "POST"])
@open_to_all
def lines(request):
    """The lines alone. A POST, from the open page, says first that it is open still."""
    at = now()
    found = _find(request, at)
    if found is not None and request.method == "POST":
        chats.seen(found, at)
    return _lines(request, found, at)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@open_to_all
def still(request):
    """How many seconds the page may stay; a POST says first that somebody is still there.

    Exempt from CSRF: the cookie is SameSite=Strict, and all that this does is not to end a chat.
    """
    at = now()
    found = _find(request, at)
    if found is not None and request.method == "POST":
        chats.touch(found, at)
        found.used_at = at
    return JsonResponse({"seconds": chats.seconds_left(found, at)})


def _look(request, found, at):
    """Somebody without script is still there, and looks for an answer."""
    if found is not None:
        chats.seen(found, at)
    return _again()


def _again():
    response = redirect("chat:chat")
    response.status_code = 303
    return response


def _forget(request):
    """Put a chat that is over out of this browser, so that another may begin."""
    response = _again()
    cookies.take_back(response, chats.COOKIE)
    return response


def _say(request, found, at):
    form = SayForm(request.POST)
    is_part = "X-Part" in request.headers
    if not form.is_valid():
        return _page(request, found, at, form=form, status=422)
    data, secret = form.cleaned_data, None
    try:
        if found is not None:
            chats.say(found.pk, body=data["body"], key=data["key"], at=at)
        else:
            force = reports.public_force()
            if force is None or not hours.is_open(force, at):
                return _page(request, None, at, form=form, status=409)
            goes_on = throttle.let_in(
                throttle.CHATS_STARTED,
                client_address(request),
                force=force,
                is_urgent=chats.is_urgent(data["body"], at),
                waited=request.POST.get("waited", ""),
                at=at,
            )
            if goes_on is throttle.Pass.WAIT:
                return _page(request, None, at, form=form, status=429)
            found, secret = chats.begin(
                force=force,
                body=data["body"],
                key=data["key"],
                at=at,
                is_crowded=goes_on is throttle.Pass.MANY,
            )
    except chats.TooMuch:
        form.too_much()
        return _page(request, found, at, form=form, status=422)
    except chats.Over:
        # It ended meanwhile: what was just written stays in the box.
        return _page(request, _find(request, at), at, form=form, status=409)
    if is_part:
        return _lines(request, _find(request, at), at)
    response = _again()
    if secret is not None:
        cookies.give(response, chats.COOKIE, secret)
    return response


def _lines(request, found, at):
    context = {"chat": found, "lines": _shown(found), "is_over": _is_over(found)}
    return render(request, "triage/chat/_lines.html", context)


def _page(request, found, at, *, form=None, status=200):
    force = found.force if found else reports.public_force()
    context = {
        "chat": found,
        "lines": _shown(found),
        "is_over": _is_over(found),
        "is_open": found is not None or (force is not None and hours.is_open(force, at)),
        "opens_at": hours.next_opening(force, at) if force and found is None else None,
        "form": form or SayForm(),
        "still_address": reverse("chat:still") if found else "",
        "waited": throttle.ticket(at) if status == 429 else "",
    }
    return render(request, "triage/chat/chat.html", context, status=status)


def _shown(found):
    return list(found.lines.order_by("number")) if found else []


def _is_over(found):
    return found is not None and found.status == Chat.Status.ENDED
