"""The end of an incident, and its beginning again."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from triage import selectors, shown
from triage.control import advice, checks, closing, telling
from triage.control.forms import CloseForm, ReopenForm
from triage.models import Incident
from victimcontact.accounts.permissions import require


@require_http_methods(["GET", "POST"])
@require("incident.close", reads="triage.incident")
def close(request, pk):
    """Close an incident, with what stands against it in sight."""
    at = now()
    incident = get_object_or_404(selectors.incidents_for(request.user), pk=pk)
    if incident.status == Incident.Status.CLOSED:
        return redirect("triage:incident", pk)
    form = CloseForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            closing.close(
                incident,
                outcome=form.cleaned_data["outcome"],
                reason=form.cleaned_data["reason"],
                by=request.user,
                at=at,
                **form.told,
            )
        except closing.StandsOpen as stands:
            for sentence in stands.what:
                form.add_error(None, sentence)
        except closing.AlreadyClosed as closed:
            who = closed.closure.closed_by if closed.closure else "Somebody else"
            messages.warning(request, f"{who} closed {incident} meanwhile.")
            return redirect("triage:incident", pk)
        else:
            messages.success(request, f"{incident} is closed.")
            return redirect("triage:queue")
    context = shown.header(incident, at) | {
        "form": form,
        "stands": closing.stands_open(incident, by=request.user, at=at)
        if not form.is_bound
        else [],
        "missing_checks": checks.missing(incident),
        "missing_advice": advice.missing(incident),
        "owed": telling.owed_for(incident, at=at),
    }
    status = 422 if form.is_bound else 200
    return TemplateResponse(request, "triage/control/close.html", context, status=status)


@require_http_methods(["GET", "POST"])
@require("incident.reopen", reads="triage.incident")
def reopen(request, pk):
    """Open a closed incident again."""
    at = now()
    incident = get_object_or_404(selectors.incidents_for(request.user), pk=pk)
    if incident.status == Incident.Status.OPEN:
        return redirect("triage:incident", pk)
    form = ReopenForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        closing.reopen(
            incident,
            because="repeat report",
            note=form.cleaned_data["note"],
            by=request.user,
            at=at,
        )
        messages.success(request, f"{incident} is open again. Assess it now.")
        return redirect("triage:incident", pk)
    context = shown.header(incident, at) | {
        "form": form,
        "closure": incident.closures.select_related("closed_by", "told").last(),
    }
    status = 422 if form.is_bound else 200
    return TemplateResponse(request, "triage/control/reopen.html", context, status=status)
