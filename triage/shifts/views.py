"""The team leader's board, whose an incident is, and the end of a shift."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from triage import selectors
from triage.models import Incident
from triage.shifts import board as boards
from triage.shifts import charts, duty, ownership
from triage.shifts import selectors as shifts
from triage.shifts.forms import AssignForm, HandOverForm, OwnerForm, PinForm
from victimcontact.accounts.permissions import require
from victimcontact.lib import local_time

# The board


@require_GET
@require("board.view", reads="list")
def board(request):
    """Everything open, who is late and who is free; drawn, live, and each line with its why."""
    return TemplateResponse(request, "triage/shifts/board.html", _board(request))


@require_GET
@require("board.view", reads="list")
def board_now(request):
    """The part of the board that changes, asked for after each hint and every few seconds."""
    return TemplateResponse(request, "triage/shifts/_board_now.html", _board(request))


def _board(request):
    at = now()
    show = request.GET.get("show", "")
    show = show if show in boards.SHOWS else ""
    page = _page(request.GET.get("page"))
    figures = boards.figures(request.user, at=at)
    lines, is_more = boards.lines(request.user, at=at, show=show, page=page)
    return {
        "at": local_time.local(at),
        "show": show,
        "shown": boards.SHOWS[show],
        "page_number": page,
        "page_before": page - 1,
        "page_after": page + 1,
        "back": reverse("shifts:board", query={"show": show} if show else None),
        "figures": figures,
        "grade_bars": charts.grade_bars(figures),
        "review_columns": charts.review_columns(figures),
        "lines": lines,
        "is_more": is_more,
        "staff": boards.staff(request.user, at=at),
    }


def _page(text):
    return min(int(text), 1000) if text and text.isascii() and text.isdigit() and int(text) else 1


@require_GET
@require("board.view", reads="triage.incident")
def act(request, pk):
    """What can be done about one line: open it, take it, give it, put it first, send officers."""
    return _act(request, _incident(request, pk))


def _act(request, incident, *, assign=None, pin=None, status=200):
    at = now()
    line = boards.line_of(request.user, incident.pk, at=at)
    people = shifts.can_be_given(incident, at=at)
    context = {
        "incident": incident,
        "line": line,
        "pin": getattr(line.row.incident, "pin", None) if line else None,
        "assign_form": assign or AssignForm(people=people, initial={"seen": incident.owner_id}),
        "pin_form": pin or PinForm(),
        "back": _back(request, reverse("shifts:board")),
    }
    template = "_act" if request.htmx and status == 200 else "act"
    return TemplateResponse(request, f"triage/shifts/{template}.html", context, status=status)


# Whose it is


@require_POST
@require("incident.own", reads="triage.incident")
def take_over(request, pk):
    """Make an incident one's own."""
    incident = _incident(request, pk)
    form = OwnerForm(request.POST)
    seen = form.cleaned_data["seen"] if form.is_valid() else None
    problem = _try(ownership.take_over, incident, by=request.user, at=now(), seen=seen)
    return _answer(request, incident, problem, f"{incident.reference} is yours.")


@require_POST
@require("incident.assign", reads="triage.incident")
def assign(request, pk):
    """Give an incident to somebody on duty, or back to the pool."""
    incident = _incident(request, pk)
    at = now()
    form = AssignForm(request.POST, people=shifts.can_be_given(incident, at=at))
    if not form.is_valid():
        return _act(request, incident, assign=form, status=422)
    to, seen = form.cleaned_data["to"], form.cleaned_data["seen"]
    problem = _try(ownership.assign, incident, to=to, by=request.user, at=at, seen=seen)
    said = f"{incident.reference} is {to}'s." if to else f"{incident.reference} is in the pool."
    return _answer(request, incident, problem, said)


@require_POST
@require("incident.pin", reads="triage.incident")
def pin(request, pk):
    """Put an incident before all others, with a reason."""
    incident = _incident(request, pk)
    form = PinForm(request.POST)
    if not form.is_valid():
        return _act(request, incident, pin=form, status=422)
    problem = _try(
        ownership.pin, incident, reason=form.cleaned_data["reason"], by=request.user, at=now()
    )
    return _answer(request, incident, problem, f"{incident.reference} stands first.")


@require_POST
@require("incident.pin")
def unpin(request, pk):
    """Let an incident stand where its grade puts it."""
    incident = _incident(request, pk)
    ownership.unpin(incident, by=request.user, at=now())
    return _answer(request, incident, "", f"{incident.reference} stands by its grade again.")


def _try(service, incident, **given) -> str:
    """Do it; what to tell the person when it could not be done, else empty."""
    try:
        service(incident, **given)
    except ownership.NotOpen:
        return f"{incident.reference} is closed. Nothing was changed."
    except ownership.Moved as moved:
        holder = f"{moved.owner} has" if moved.owner else "Nobody has"
        return f"{holder} {incident.reference} by now. Nothing was changed: look again."
    except ownership.CannotOwn:
        return "That person may not have incidents of this force. Nothing was changed."
    except ownership.Away:
        return "That person is away. Nothing was changed: choose somebody who is on duty."
    except ownership.AlreadyPinned as already:
        return f"{already.pin.pinned_by} put it first already. Nothing was changed."
    return ""


def _answer(request, incident, problem, done):
    (messages.error if problem else messages.success)(request, problem or done)
    return redirect(_back(request, reverse("triage:incident", args=[incident.pk])))


def _back(request, otherwise):
    address = request.POST.get("back") or request.GET.get("back") or ""
    safe = url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    return address if safe and address.startswith("/") else otherwise


def _incident(request, pk) -> Incident:
    return get_object_or_404(selectors.incidents_for(request.user).select_related("owner"), pk=pk)


# Duty, and the end of a shift


@require_POST
@require("duty.say")
def say_duty(request):
    """Free, busy or away: said in the header of every page."""
    try:
        duty.say(request.user, request.POST.get("state", ""), at=now())
    except duty.NoSuchState:
        messages.error(request, "Say free, busy or away.")
    if request.htmx:
        return TemplateResponse(request, "triage/shifts/_duty_here.html")
    return redirect(_back(request, reverse("accounts:home")))


@require_http_methods(["GET", "POST"])
@require("shift.hand_over", reads="list")
def hand_over(request):
    """Everything one has open goes to somebody by name, or to the pool, with a note."""
    at = now()
    people = shifts.can_take_from(request.user)
    mine = shifts.open_of(request.user)
    form = HandOverForm(
        request.POST if request.method == "POST" else None,
        people=people,
        forces={incident.force for incident in mine},
    )
    if form.is_valid():
        to = form.cleaned_data["to"]
        try:
            made = ownership.hand_over(
                by=request.user,
                to=to,
                note=form.cleaned_data["note"],
                force=form.cleaned_data.get("force"),
                at=at,
            )
        except ownership.NothingToHandOver:
            form.add_error(None, "You have no open incidents. Nothing was handed over")
        except ownership.CannotOwn:
            form.add_error("to", "They may not have incidents of that force")
        except ownership.WhichForce:  # one of another force came to them just now
            form.add_error(None, "Look again: you have incidents of several forces by now")
        else:
            number = made.incidents.count()
            whom = to or "the pool"
            what = "1 open incident" if number == 1 else f"{number} open incidents"
            messages.success(request, f"Handed over to {whom}: {what}.")
            return redirect("shifts:hand_over")
    context = {
        "form": form,
        "mine": mine,
        "to_read": shifts.to_acknowledge(request.user),
        "not_read": shifts.not_acknowledged_of(request.user),
    }
    status = 422 if form.errors else 200
    return TemplateResponse(request, "triage/shifts/hand_over.html", context, status=status)


@require_POST
@require("shift.hand_over")
def acknowledge(request, pk):
    """The note of a handover was read."""
    handover = get_object_or_404(shifts.handovers_for(request.user), pk=pk)
    try:
        ownership.acknowledge(handover.pk, by=request.user, at=now())
    except ownership.AlreadyAcknowledged as already:
        messages.error(request, f"{already.handover.acknowledged_by} acknowledged it before you.")
    except ownership.NotYours:
        messages.error(request, f"It is to {handover.handed_to}, who must read it.")
    except ownership.CannotOwn:
        raise PermissionDenied from None
    else:
        messages.success(request, "Acknowledged: it is recorded that you read it.")
    return redirect("shifts:hand_over")
