"""Send officers now, from wherever it was asked; and what became of them."""

import csv
from dataclasses import asdict
from datetime import timedelta

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_aware, now
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from triage import drafts, policies, selectors, shown
from triage.control import dispatching, sending
from triage.control.forms import SendForm, StepForm
from triage.control.models import CallerTold, Dispatch
from triage.forms import ReportForm, kept
from triage.models import ReportDraft
from victimcontact.accounts.permissions import require
from victimcontact.audit import ledger

SHOWN_FOR = timedelta(days=7)
MOST_EXPORTED_DAYS = 31
# From these pages somebody is on the line, or before the camera.
TOLD_FROM = {
    "report": CallerTold.How.CALL,
    "choice": CallerTold.How.CALL,
    "room": CallerTold.How.IN_PERSON,
    "chat": CallerTold.How.CHAT,
}
NOT_ON_THE_LINE = "Not on the line with them when officers were sent"


@require_http_methods(["GET", "POST"])
@require("officers.send", reads="triage.incident")
def send(request, pk):
    """One page with everything filled: confirm, and officers are asked for.

    The page that it was asked from may post what was typed there ("officers"): it is taken along.
    """
    at = now()
    incident = get_object_or_404(selectors.incidents_for(request.user), pk=pk)
    if request.method == "POST" and request.POST.get("action") != "officers":
        form = SendForm(request.POST)
        if form.is_valid():
            dispatch = dispatching.send_now(incident, by=request.user, at=at, **_given(form))
            return _sent(request, dispatch)
        return _send_page(request, form, incident, at, status=422)
    came_from = "assess" if request.method == "POST" else request.GET.get("from", "")
    first = sending.first_values(incident, came_from) | _told_first(came_from)
    first["narrative"] = request.POST.get("narrative", "")[:20_000]
    return _send_page(request, SendForm(initial=first), incident, at)


@require_http_methods(["GET", "POST"])
@require("officers.send", reads="triage.reportdraft")
def send_report(request, pk):
    """The same for a report that is still being typed: it is recorded with what there is.

    The report's page posts what was typed ("officers"), which is kept as the draft first.
    """
    at = now()
    if request.method == "POST" and request.POST.get("action") == "officers":
        _keep_draft(request, pk, at)
        return redirect("control:send_report", pk)
    draft = get_object_or_404(ReportDraft, pk=pk, handler=request.user)
    if draft.incident_id:
        return redirect("control:send", draft.incident_id)
    report, force = _typed_report(request, draft, at)
    if request.method == "POST":
        form = SendForm(request.POST)
        if form.is_valid():
            given = _given(form)
            del given["came_from"], given["narrative"]
            dispatch = dispatching.send_from_report(
                report, force=force, draft_id=draft.pk, by=request.user, at=at, **given
            )
            return _sent(request, dispatch)
        return _send_page(request, form, None, at, draft=draft, status=422)
    first = {
        "reason": sending.DANGER,
        "where": report.location,
        "safety_note": report.safety_note,
        "came_from": "report",
    } | _told_first("report")
    return _send_page(request, SendForm(initial=first), None, at, draft=draft)


@require_GET
@require("officers.follow", reads="list")
def officers(request):
    """Officers asked for in the last week, those not there yet first."""
    at = now()
    asked = (
        Dispatch.objects.filter(force__in=request.user.forces.all(), asked_at__gt=at - SHOWN_FOR)
        .select_related("incident", "asked_by")
        .prefetch_related("steps__by")
        .order_by("-asked_at", "-id")[:200]
    )
    rows = [sending.line(dispatch, at) for dispatch in asked]
    context = {
        "waiting": [row for row in rows if row.is_waiting],
        "ended": [row for row in rows if not row.is_waiting],
        "since": (at - timedelta(days=1)).isoformat(timespec="seconds"),
    }
    return TemplateResponse(request, "triage/control/officers.html", context)


@require_POST
@require("officers.follow", reads="control.dispatch")
def officers_step(request, pk):
    """Officers acknowledged, arrived, or were stood down."""
    dispatch = get_object_or_404(
        Dispatch.objects.select_related("incident"), pk=pk, force__in=request.user.forces.all()
    )
    form = StepForm(request.POST, states=list(Dispatch.State)[1:])
    back = redirect(
        "control:officers" if request.POST.get("back") == "officers" else "triage:incident",
        *([] if request.POST.get("back") == "officers" else [dispatch.incident_id]),
    )
    if not form.is_valid():
        messages.error(request, " ".join(str(one) for all_ in form.errors.values() for one in all_))
        return back
    try:
        made = dispatching.step(
            dispatch,
            state=form.cleaned_data["state"],
            note=form.cleaned_data["note"],
            by=request.user,
            at=now(),
        )
    except dispatching.ReasonMissing as missing:
        messages.error(request, f"{missing}.")
    except dispatching.NotThere as stands:
        messages.error(request, f"{dispatch.incident}: {stands}")
    else:
        said = f"{dispatch.incident}: {made.get_state_display().lower()}."
        if made.state == Dispatch.State.STOOD_DOWN:
            said += " Tell the caller that nobody is on the way, or say why not."
        messages.success(request, said)
    return back


@require_GET
@require("officers.export", fresh="always")
def officers_json(request):
    """The dispatches of the person's forces since ``?since=`` (a time with its zone), as JSON."""
    rows, since = _exported(request)
    return JsonResponse({"since": since.isoformat(), "dispatches": [asdict(row) for row in rows]})


@require_GET
@require("officers.export", fresh="always")
def officers_csv(request):
    """The same as a table, a line each."""
    rows, _ = _exported(request)
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="officers.csv"'
    writer = csv.writer(answer)
    writer.writerow(dispatching.Row.__dataclass_fields__)
    for row in rows:
        writer.writerow([_cell(value) for value in asdict(row).values()])
    return answer


def _exported(request):
    at = now()
    since = at - timedelta(days=1)
    if asked := request.GET.get("since"):
        try:
            # A plus sign that nobody escaped arrives as a space.
            since = parse_datetime(asked.replace(" ", "+"))
        except ValueError:
            since = None
        if since is None or not is_aware(since):
            raise Http404
    since = max(since, at - timedelta(days=MOST_EXPORTED_DAYS))
    rows = []
    with transaction.atomic():
        for force in request.user.forces.all():
            found = dispatching.export(force, since)
            ledger.record(
                "officers.exported", by=request.user, about=force, at=at, count=len(found)
            )
            rows += found
    return rows, since


def _cell(value):
    if value is None:
        return ""
    if isinstance(value, (tuple, list)):
        return " ".join(value)
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    # A spreadsheet must not take what a caller said for a formula; a number keeps its plus.
    is_number = text.startswith("+") and text[1:].isdigit()
    return f"'{text}" if text[:1] in "=+-@\t\r" and not is_number else text


def _keep_draft(request, pk, at):
    typed = kept(request.POST)
    version = request.POST.get("version", "")
    version = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0
    try:
        try:
            drafts.save(pk, form=typed, version=version, by=request.user, at=at)
        except drafts.Behind:
            # Now is no time to ask which tab is right: both are kept, this one goes on.
            drafts.take_over(pk, form=typed, by=request.user, at=at)
    except drafts.AlreadyRecorded:
        return
    except drafts.NotYours:
        raise Http404 from None


def _typed_report(request, draft, at):
    """(intake.NewReport, Force) of a draft, whatever state it is in."""
    forces = list(request.user.forces.all())
    if not forces:
        raise PermissionDenied
    typed = {name: values[0] for name, values in draft.form.items() if values}
    force = next((one for one in forces if str(one.pk) == typed.get("force_choice")), forces[0])
    rules = policies.rules(policies.published(at=at))
    form = ReportForm(typed, rules=rules, force=force, forces=forces, at=at)
    return sending.report_of(form), form.chosen_force


def _told_first(came_from):
    how = TOLD_FROM.get(came_from)
    if how:
        return {"how": how}
    return {"how": CallerTold.How.NOT_TOLD, "because": NOT_ON_THE_LINE}


def _given(form):
    data = form.cleaned_data
    came_from = data["came_from"]
    return {
        **form.told,
        "reason": data["reason"],
        "where": data["where"],
        "safety_note": data["safety_note"],
        "narrative": data["narrative"],
        "idempotency_key": data["key"],
        "came_from": came_from if came_from in Dispatch.CameFrom else Dispatch.CameFrom.INCIDENT,
    }


def _sent(request, dispatch):
    reference = dispatch.incident.reference
    messages.success(request, f"Officers are asked for: {reference} is grade 1 from now.")
    return redirect("triage:incident", dispatch.incident_id)


def _send_page(request, form, incident, at, *, draft=None, status=200):
    context = shown.header(incident, at) if incident else {}
    context |= {"form": form, "draft": draft, "no_send": True}
    if incident:
        standing = dispatching.standing_of(incident)
        context["standing"] = sending.line(standing, at) if standing else None
    return TemplateResponse(request, "triage/control/send.html", context, status=status)
