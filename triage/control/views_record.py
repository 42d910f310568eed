"""What was looked up, what was advised, what was decided for safety, and what was told."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_http_methods

from triage import selectors, shown
from triage.control import advice as advising
from triage.control import checks as checking
from triage.control import safeguarding as guarding
from triage.control import telling
from triage.control.forms import AdviceForm, ChecksForm, SafeguardingForm, TellForm
from triage.control.library import KINDS
from triage.control.models import News
from victimcontact.accounts.permissions import require


@require_http_methods(["GET", "POST"])
@require("check.record", reads="triage.incident")
def checks(request, pk):
    """Every system with its last result; tick what was looked up."""
    at = now()
    incident = _incident(request, pk)
    form = ChecksForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        for kind, result, note in form.done:
            checking.record(incident, kind=kind, result=result, note=note, by=request.user, at=at)
        messages.success(request, f"{len(form.done)} recorded.")
        return redirect("triage:incident", pk)
    rows = [
        (one, form[f"result-{one.kind.slug}"], form[f"note-{one.kind.slug}"])
        for one in checking.standing(incident)
    ]
    rows.sort(key=lambda row: not row[0].is_due)
    return _page(request, "checks", incident, at, form=form, rows=rows)


@require_http_methods(["GET", "POST"])
@require("advice.give", reads="triage.incident")
def advice(request, pk):
    """Advice in plain words, what suits this incident first: read it out and tick, or send it."""
    at = now()
    incident = _incident(request, pk)
    form = AdviceForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        items = form.cleaned_data["items"]
        if request.POST.get("action") != "send":
            given = advising.give(incident, items=items, by=request.user, at=at)
            messages.success(request, f"{len(given)} recorded as read out.")
            return redirect("triage:incident", pk)
        try:
            rows = advising.send(incident, items=items, by=request.user, at=at)
        except advising.NotReachable:
            form.add_error("items", "Agree safe contact and a word with the victim first")
        else:
            if rows[0].notification.status in telling.LOST:
                messages.warning(request, "Held back: the contact plan does not allow it.")
            else:
                messages.success(request, "A text is on its way. It says nothing but a link.")
            return redirect("control:advice", pk)
    standing = advising.standing(incident)
    chosen = set(form.data.getlist("items")) if form.is_bound else set()
    suits = [one for one in standing if one.is_suggested]
    kinds = [
        (label, [one for one in suits if one.piece.kind == kind]) for kind, label in KINDS.items()
    ]
    victim = incident.victim
    plan = victim.plan if victim else None
    return _page(
        request,
        "advice",
        incident,
        at,
        form=form,
        kinds=[(label, pieces) for label, pieces in kinds if pieces],
        others=[one for one in standing if not one.is_suggested],
        chosen=chosen,
        victim=victim,
        is_reachable=bool(plan and plan.opening_word_hash),
    )


@require_http_methods(["GET", "POST"])
@require("safeguarding.decide", reads="triage.incident")
def safeguarding(request, pk):
    """Each risk with what was decided about it, and the form for one more or another decision."""
    at = now()
    incident = _incident(request, pk)
    form = SafeguardingForm(request.POST if request.method == "POST" else None)
    before = None
    if request.method == "GET" and (asked := request.GET.get("instead", "")).isdecimal():
        before = guarding.standing(incident).filter(number=int(asked[:4])).first()
        if before:
            form = SafeguardingForm(
                initial={
                    "risk": before.risk,
                    "choice": before.choice,
                    "what": before.what,
                    "why": before.why,
                    "instead_of": before.pk,
                }
            )
    if form.is_valid():
        instead_of = form.cleaned_data["instead_of"]
        if instead_of and not incident.safeguarding.filter(pk=instead_of).exists():
            form.add_error(None, "The decision that this one replaces is not of this incident")
        else:
            try:
                guarding.decide(incident, by=request.user, at=at, **form.cleaned_data)
            except guarding.Overtaken as overtaken:
                later = overtaken.decision
                form.add_error(
                    None,
                    f"{later.decided_by} decided otherwise meanwhile: {later.get_choice_display()}."
                    " Read that first, then decide again",
                )
                form.data = form.data.copy()
                form.data["instead_of"] = str(later.pk)
            else:
                messages.success(request, "The decision is kept.")
                return redirect("control:safeguarding", pk)
    history = incident.safeguarding.select_related("decided_by", "superseded_by")
    return _page(
        request,
        "safeguarding",
        incident,
        at,
        form=form,
        before=before,
        standing=guarding.standing(incident),
        history=[one for one in history if hasattr(one, "superseded_by")],
    )


@require_http_methods(["GET", "POST"])
@require("caller.tell", reads="triage.incident")
def told(request, pk):
    """What the victim or caller has yet to be told, and the form that says it was done."""
    at = now()
    incident = _incident(request, pk)
    owed = telling.owed_for(incident, at=at)
    form = TellForm(request.POST if request.method == "POST" else None)
    if request.method == "GET":
        asked = request.GET.get("what", "")
        if asked not in News:
            asked = owed[0].what if owed else ""
        form = TellForm(initial={"what": asked})
    if form.is_valid():
        said = form.told
        telling.record(
            incident,
            what=form.cleaned_data["what"],
            how=said["told"],
            because=said["not_told_because"],
            by=request.user,
            at=at,
        )
        messages.success(request, "It is recorded.")
        left = telling.owed_for(incident, at=at)
        return redirect("control:told" if left else "triage:incident", pk)
    history = incident.told.select_related("told_by", "notification").order_by("-told_at", "-id")
    return _page(request, "told", incident, at, form=form, owed=owed, history=history)


@require_GET
@require("incident.view", reads="list")
def untold(request):
    """Every caller of the person's forces who has yet to be told something."""
    at = now()
    owed = telling.not_yet_told(request.user.forces.all(), at=at)
    rows = [
        (one, selectors.span(int((at - one.since).total_seconds() // 60))) for one in owed[:300]
    ]
    context = {"rows": rows, "count": len(owed)}
    return TemplateResponse(request, "triage/control/untold.html", context)


def _incident(request, pk):
    return get_object_or_404(selectors.incidents_for(request.user), pk=pk)


def _page(request, name, incident, at, **context):
    form = context["form"]
    status = 422 if form.is_bound and form.errors else 200
    context |= shown.header(incident, at)
    return TemplateResponse(request, f"triage/control/{name}.html", context, status=status)
