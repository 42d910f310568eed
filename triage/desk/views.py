"""The online report: one address, one thing a page, and where its writer is kept on the server.

One address, so that a browser's history holds one line that says nothing; each page names itself
in its form, so that two tabs and the Back button never put an answer to the wrong question.
"""

from dataclasses import dataclass

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from triage.chat import hours
from triage.desk import reports, steps, throttle
from triage.models import Grade
from victimcontact.accounts.middleware import open_to_all
from victimcontact.lib import cookies
from victimcontact.lib.addresses import client_address
from victimcontact.people.models import ContactPlan

ON, BACK, SAVE, SEND = "on", "back", "save", "send"
NOT_TYPED = {"csrfmiddlewaretoken", "step", "go"}


def _key(request):
    return request.COOKIES.get(cookies.name(reports.COOKIE), "")


@require_http_methods(["GET", "HEAD", "POST"])
@open_to_all
def report(request):
    """The page where the writer is. POST keeps it and goes on, back, to a page, or sends."""
    at = now()
    found = reports.find(_key(request), at)
    if request.method == "POST":
        return _take(request, found, at)
    if found is None:
        return _page(request, None, steps.FIRST, at)
    if found.sent_at is not None:
        return _sent(request, found)
    return _page(request, found, found.step, at)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@open_to_all
def still(request):
    """How many seconds the report stays; a POST says first that somebody is still there.

    Exempt from CSRF: the cookie is SameSite=Strict, and all that this does is not to forget.
    """
    at = now()
    found = reports.find(_key(request), at)
    if found is not None and request.method == "POST":
        reports.touch(found, at)
        found.used_at = at
    return JsonResponse({"seconds": reports.seconds_left(found, at)})


def _take(request, found, at):
    name, go = request.POST.get("step", ""), request.POST.get("go", ON)
    key = None
    if found is not None and found.sent_at is not None:
        if not found.is_unsent:
            return _again()
        found, key = reports.go_on(found, at=at)
    if name == steps.CHECK and found is not None:
        return _with_key(_from_check(request, found, go, at), key)
    if name not in steps.BY_NAME:
        return _with_key(_again(), key)
    typed = _typed(request, name)
    form = steps.form_of(name, at, typed)
    if found is None:
        force = reports.public_force()
        if force is None:
            return _page(request, None, name, at, form=form, status=503)
        goes_on = _let_in(request, throttle.REPORTS_STARTED, force, {name: typed}, at)
        if goes_on is throttle.Pass.WAIT:
            return _page(request, None, name, at, form=form, status=429)
        found, key = reports.begin(force=force, at=at, is_crowded=goes_on is throttle.Pass.MANY)
    try:
        found = reports.save(found.pk, step=name, typed=typed, at=at)
        if go == SAVE:
            response = HttpResponse(status=204)
        elif go == BACK:
            reports.go_to(found.pk, steps.before(name, found.answers), at=at)
            response = _again()
        elif form.is_valid():
            reports.go_to(found.pk, steps.after(name, found.answers), at=at)
            response = _again()
        else:
            reports.go_to(found.pk, name, at=at)
            response = _page(request, found, name, at, form=form, status=422)
    except reports.Gone:
        return _again()
    return _with_key(response, key)


def _with_key(response, key):
    if key is not None:
        cookies.give(response, reports.COOKIE, key)
    return response


def _let_in(request, what, force, answers, at):
    return throttle.let_in(
        what,
        client_address(request),
        force=force,
        is_urgent=reports.sounds_urgent(answers, at),
        waited=request.POST.get("waited", ""),
        at=at,
    )


def _from_check(request, found, go, at):
    try:
        if go in steps.BY_NAME:
            reports.go_to(found.pk, go, at=at)
        elif go == BACK:
            reports.go_to(found.pk, steps.before(steps.CHECK, found.answers), at=at)
        elif go == SEND:
            return _send(request, found, at)
    except reports.Gone:
        pass
    return _again()


def _send(request, found, at):
    goes_on = _let_in(request, throttle.REPORTS_SENT, found.force, found.answers, at)
    if goes_on is throttle.Pass.WAIT:
        return _page(request, found, steps.CHECK, at, status=429)
    try:
        reports.send(found.pk, at=at, is_crowded=goes_on is throttle.Pass.MANY)
    except reports.NotRight as not_right:
        reports.go_to(found.pk, not_right.step, at=at)
        form = steps.form_of(not_right.step, at, found.answers.get(not_right.step, {}))
        return _page(request, found, not_right.step, at, form=form, status=422)
    return _again()


def _typed(request, name):
    """What was typed on the page ``name``: its own fields alone, without NULs."""
    fields = steps.BY_NAME[name].form.base_fields
    return {
        field: [text.replace("\x00", "") for text in request.POST.getlist(field)]
        for field in fields
        if field in request.POST
    }


def _again():
    response = redirect("desk:report")
    response.status_code = 303
    return response


def _page(request, found, name, at, *, form=None, status=200):
    answers = found.answers if found else {}
    context = {
        "step": name,
        "is_first": name == steps.FIRST,
        "waited": throttle.ticket(at) if status == 429 else "",
        "is_shut": status == 503,
        "still_address": reverse("desk:still") if found else "",
    }
    if name == steps.CHECK:
        whole = steps.Whole(answers, at)
        if whole.wrong is None:
            context["pages"] = [
                Answered(page, whole.forms[page], told) for page, told in whole.told
            ]
            return render(request, "triage/desk/check.html", context, status=status)
        # An answer was changed in another tab, or the clock ran on: that page is asked again.
        name = context["step"] = whole.wrong
        form = whole.forms[name] if name in answers else None
    if form is None:
        form = steps.form_of(name, at, answers.get(name), bound=False)
    context |= {"form": form, "goes_on": form.goes_on}
    if name == steps.FIRST:
        force = reports.public_force()
        context["can_chat"] = force is not None and hours.is_open(force, at)
    template = f"triage/desk/{name}.html" if name in OWN_PAGES else "triage/desk/step.html"
    return render(request, template, context, status=status)


# Pages that say more than their questions.
OWN_PAGES = {"danger", "ring", "device"}


@dataclass(frozen=True)
class Answered:
    """A page as the check shows it."""

    name: str
    form: object
    told: list


def _sent(request, found):
    incident = found.incident
    grade = reports.own_grade(incident)
    contact = incident.participants.select_related("contact").exclude(contact=None).first()
    plan = contact.contact.plan if contact else None
    context = {
        "incident": incident,
        "is_urgent": grade in (Grade.IMMEDIATE, Grade.PRIORITY),
        "due_at": reports.due_by(incident, grade),
        "no_contact": plan is not None and plan.safe == ContactPlan.Safe.NO_CONTACT,
        "has_plan": plan is not None,
        "number": incident.force.contact_number,
        "still_address": reverse("desk:still"),
        "is_unsent": found.is_unsent,
        "step": found.step,
    }
    return render(request, "triage/desk/sent.html", context)
