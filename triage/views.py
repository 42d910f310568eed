"""Triage pages: the queue, a new report, an incident, and what is decided about it."""

import re
import uuid
from dataclasses import dataclass, replace

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from triage import (
    assessing,
    crime_types,
    drafts,
    intake,
    offers,
    permissions,
    policies,
    recording,
    selectors,
    thrive,
)
from triage.forms import CrimeForm, OfferForm, PlanForm, ReassessForm, ReportForm, kept
from triage.marking import marked
from triage.models import Participant, ReportDraft, Response
from victimcontact.accounts.permissions import can, require
from victimcontact.audit import ledger
from victimcontact.lib import local_time
from victimcontact.people import plans, words

ROWS = 100
SOON = 15  # minutes before a grade's target in which the queue warns


# The queue


@require_GET
@require("incident.view")
def queue(request):
    """Every open incident, most urgent first, and the reports one has begun."""
    context = _queue(request) | {"drafts": _drafts(request.user)}
    return TemplateResponse(request, "triage/queue.html", context)


@require_GET
@require("incident.view")
def queue_rows(request):
    """The rows alone, asked for again every few seconds."""
    return TemplateResponse(request, "triage/_queue_rows.html", _queue(request))


@dataclass(frozen=True)
class Row:
    """One incident in the queue, as people read it."""

    incident: object
    grade_label: str
    age: str
    due: object
    review: object
    flags: list
    response: str


def _queue(request):
    at = now()
    paginator = Paginator(selectors.open_queue(request.user), ROWS)
    page = paginator.get_page(request.GET.get("page"))
    return {
        "rows": [_row(incident, at) for incident in page],
        "page": page,
        "ungraded": list(selectors.ungraded(request.user)[:ROWS]),
        "at": local_time.local(at),
    }


def _row(incident, at):
    force = incident.force
    warn = force.review_after_minutes - force.review_warn_minutes
    return Row(
        incident=incident,
        grade_label=force.grade_label(incident.grade),
        age=selectors.span(int((at - incident.reported_at).total_seconds() // 60)),
        due=selectors.clock(incident.due_at, at=at, warn_minutes=SOON),
        review=selectors.clock(incident.review_due_at, at=at, warn_minutes=warn),
        flags=_labels(incident.flags),
        response=incident.get_response_display(),
    )


def _labels(flags):
    return [thrive.FLAGS.get(flag, flag) for flag in flags or ()]


def _drafts(user):
    """(draft, its first words) of the reports this person has begun."""
    found = []
    for draft in selectors.drafts_for(user)[:20]:
        text = " ".join("".join(draft.form.get("narrative", [])).split())
        found.append((draft, text[:120] + ("…" if len(text) > 120 else "")))
    return found


# A new report


@require_http_methods(["GET", "POST"])
@require("incident.create")
def new_report(request, pk=None):
    """A report while the caller is on the line. POST records it, or only scores it ("check")."""
    at = now()
    if request.method == "POST":
        return _take_report(request, at)
    draft = None
    if pk is not None:
        draft = _own_draft(request, pk)
        if draft and draft.incident_id:
            return redirect("triage:incident", draft.incident_id)
    typed = _first_values(draft.form) if draft else {}
    return _report_page(
        request,
        form=_report_form(request, at, initial=typed),
        scored=_score_report(_report_form(request, at, data=typed), at) if typed else None,
        draft_id=draft.pk if draft else (pk or uuid.uuid4()),
        version=draft.version if draft else 0,
        state=_DraftState("saved", draft) if draft else _DraftState("new"),
    )


@require_POST
@require("incident.create")
def score(request, pk):
    """Keep what was typed and answer with the THRIVE panel: asked for while the handler types."""
    return _score_typed(request, pk, drafts.save)


@require_POST
@require("incident.create")
def take_over(request, pk):
    """Go on in this tab: what the other one saved becomes a draft of its own."""

    def save(draft_id, *, form, version, by, at):
        return drafts.take_over(draft_id, form=form, by=by, at=at)

    return _score_typed(request, pk, save)


@require_POST
@require("incident.create")
def discard(request, pk):
    """Throw a draft away."""
    try:
        drafts.discard(pk, by=request.user, at=now())
    except drafts.NotYours:
        raise Http404 from None
    except drafts.AlreadyRecorded as recorded:
        messages.warning(request, f"It was recorded as {recorded.draft.incident}.")
    else:
        messages.success(request, "The draft is gone.")
    return redirect("triage:queue")


@require_GET
@require("incident.view")
def token(request):
    """A fresh form token, for a page that was open when its handler signed in again."""
    return JsonResponse({"token": get_token(request)})


@dataclass(frozen=True)
class _DraftState:
    """How the draft stands: "new", "saved", "behind" (another tab) or "recorded"."""

    name: str
    draft: object = None

    @property
    def saved_at(self):
        return local_time.local(self.draft.saved_at) if self.draft else None


def _save(save, request, draft_id, typed, at):
    try:
        draft = save(
            draft_id, form=typed, version=_number(request, "version"), by=request.user, at=at
        )
    except drafts.Behind as behind:
        return _DraftState("behind", behind.draft)
    except drafts.AlreadyRecorded as recorded:
        return _DraftState("recorded", recorded.draft)
    except drafts.NotYours:
        raise Http404 from None
    return _DraftState("saved", draft)


def _score_typed(request, pk, save):
    at = now()
    state = _save(save, request, pk, kept(request.POST), at)
    form = _report_form(request, at, data=request.POST)
    context = _score_report(form, at) | {"form": form, "draft_id": pk, "state": state}
    response = TemplateResponse(request, "triage/_scored.html", context)
    if state.name == "saved":
        response.headers["X-Draft-Version"] = state.draft.version
    return response


def _take_report(request, at):
    draft_id = _draft_id(request)
    data = _with_given(request.POST)
    state = _save(drafts.save, request, draft_id, kept(data), at)
    if state.name == "saved" and state.draft.incident_id:
        # The same form twice: a double click, or two tabs that say the same.
        return redirect("triage:choice", state.draft.incident_id)
    form = _report_form(request, at, data=data)
    scored = _score_report(form, at)
    recording_it = request.POST.get("action") == "record" and state.name == "saved"
    if recording_it and form.is_valid():
        form.check_decision(scored["result"].grade)
    if recording_it and form.is_valid():
        try:
            incident = intake.record(
                replace(form.report, history=scored["history"]),
                force=form.chosen_force,
                decision=form.decision,
                by=request.user,
                at=at,
                draft_id=draft_id,
            )
        except intake.UnknownContact:
            form.add_error(None, "The person you confirmed is not known any more. Choose again")
        except assessing.ReasonMissing:
            form.add_error("reason", "Give a reason: the grade is less urgent than recommended")
        else:
            return redirect("triage:choice", incident.pk)
    if not recording_it:
        form = _report_form(request, at, initial=_first_values(kept(data)))
    return _report_page(
        request,
        form=form,
        scored=scored,
        draft_id=draft_id,
        version=state.draft.version if state.name == "saved" else _number(request, "version"),
        state=state,
        status=422 if recording_it else 200,
    )


def _report_page(request, *, form, scored, draft_id, version, state, status=200):
    context = {
        "form": form,
        "draft_id": draft_id,
        "version": version,
        "state": state,
        "score_address": reverse("triage:score", args=[draft_id]),
        "seen_grade": scored["result"].grade if scored else "",
        **(scored or {}),
    }
    return TemplateResponse(request, "triage/new_report.html", context, status=status)


def _report_form(request, at, data=None, initial=None):
    forces = list(request.user.forces.all())
    if not forces:
        raise PermissionDenied
    choice = (data if data is not None else initial or {}).get("force_choice")
    force = next((f for f in forces if str(f.pk) == choice), forces[0])
    rules = policies.rules(policies.published(at=at))
    return ReportForm(data, initial=initial, rules=rules, force=force, forces=forces, at=at)


def _score_report(form, at):
    """Everything that the panel shows of a report, valid or not yet."""
    form.full_clean()
    force, data = form.chosen_force, form.cleaned_data
    earlier = list(
        selectors.earlier_incidents(
            force, phones=form.phones, location=data.get("location") or "", at=at
        )
    )
    people = []
    asked = [("caller", "caller_phone")]
    if data.get("about") == "other":
        asked.append(("victim", "victim_phone"))
    for who, number in asked:
        if data.get(number):
            contacts = list(selectors.known_contacts(force, data[number]))
            chosen = str(data.get(f"{who}_contact") or "")
            if contacts:
                people.append((who, contacts, chosen))
    history = selectors.history(earlier)
    return _scored(form, form.known(history), at) | {
        "history": history,
        "earlier": [(incident, _labels(incident.flags)) for incident in earlier],
        "people": people,
    }


def _scored(form, known, at):
    result = assessing.score(known, policy=policies.published(at=at))
    force = getattr(form, "chosen_force", form.force)
    return {
        "result": result,
        "grade_label": force.grade_label(result.grade),
        "rules": _rules(result.because, result.grade),
        "pieces": marked(known.narrative, result.as_dict()["flags"]),
        "elements": [
            (name, label, result.elements[name]) for name, label in thrive.ELEMENTS.items()
        ],
        "questions": [_asked(form, question) for question in result.ask_next],
    }


_RULE = re.compile(r"^(start|floor|also): (?:(?P<seen>.*?) )?→ (?P<grade>\d) \((?P<say>.*)\)$")
_RULE_WORDS = {"start": "Starts at", "floor": "Raised to", "also": "Also asks for"}


def _rule(line):
    """A line of ``because`` as (what the rule did, grade, why); whole if it reads otherwise."""
    found = _RULE.match(line)
    if not found:
        return "", "", line
    return _RULE_WORDS[found[1]], found["grade"], found["say"]


@dataclass(frozen=True)
class Rules:
    """Lines of (what the rule did, grade, why): those that set the grade, and the others."""

    deciding: list
    earlier: list


def _rules(because, grade):
    lines = [_rule(line) for line in because]
    deciding = [line for line in lines if line[1] in ("", str(grade))]
    return Rules(deciding, [line for line in lines if line not in deciding])


def _asked(form, question):
    """(question, its options as (what the button sends, label))."""
    options = []
    for option in question.options:
        name, posted = form.option(question.key, option["value"])
        options.append((f"{name}={posted}", option["label"]))
    return question, options


def _with_given(post):
    """``post`` with the answer of a question's button put in: for pages without script."""
    if "give" not in post:
        return post
    data = post.copy()
    name, _, value = data.pop("give")[-1].partition("=")
    data[name] = value
    return data


def _own_draft(request, pk):
    """The handler's draft of that key, or None where nothing was typed yet."""
    draft = ReportDraft.objects.select_related("incident").filter(pk=pk).first()
    if draft and draft.handler_id != request.user.pk:
        raise Http404
    return draft


def _draft_id(request):
    try:
        return uuid.UUID(request.POST.get("draft", ""))
    except ValueError:
        raise Http404 from None


def _number(request, name):
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _first_values(form):
    return {name: values[0] for name, values in form.items() if values}


# An incident


@require_GET
@require("incident.view")
def incident(request, pk):
    """Everything about one incident. Opening it is an entry in the ledger."""
    at = now()
    incident = get_object_or_404(selectors.incidents_for(request.user), pk=pk)
    ledger.record("incident.viewed", by=request.user, about=incident, at=at)
    assessments = list(
        incident.assessments.select_related("policy", "decided_by").order_by("-number")
    )
    current = assessments[0] if assessments else None
    pairs = selectors.hanging_on(incident)
    victim = incident.victim
    context = _header(incident, at) | {
        "victim": victim,
        **_plan_told(victim),
        "participants": incident.participants.select_related("contact").order_by("id"),
        "pieces": marked(current.narrative, current.findings.get("flags", ())) if current else [],
        "current": _told(current, incident.force) if current else None,
        "before": [_told(one, incident.force) for one in assessments[1:]],
        "offers": incident.offers.select_related("recorded_by").order_by("-chosen_at", "-id"),
        "crime": getattr(incident, "crime", None),
        "crime_label": crime_types.label(incident.crime_type) if incident.crime_type else "",
        "notifications": list(selectors.notifications(incident, pairs)[:50]),
        "timeline": [_line(event) for event in selectors.timeline(pairs)],
        "wants_video": incident.response == Response.VIDEO,
    }
    return TemplateResponse(request, "triage/incident.html", context)


def _header(incident, at):
    """What stands above every page of one incident."""
    facts = [{"key": "Reported", "value": local_time.staff_time(incident.reported_at)}]
    due = review = None
    if incident.grade:
        row = _row(_with_no_flags(incident), at)
        due, review = row.due, row.review
        facts += [
            {"key": "Due", "value": f"{due.when} ({due.says})"},
            {"key": "Assess again", "value": f"{review.when} ({review.says})"},
        ]
    if incident.response:
        facts.append({"key": "Response", "value": incident.get_response_display()})
    return {
        "incident": incident,
        "grade_label": incident.force.grade_label(incident.grade) if incident.grade else "",
        "facts": facts,
        "due": due,
        "review": review,
    }


def _with_no_flags(incident):
    incident.flags = ()
    return incident


@dataclass(frozen=True)
class Told:
    """An assessment as people read it."""

    assessment: object
    recommended: str
    decided: str
    elements: list  # (name, label, level, what the engine gave, the person's own words)
    flags: list  # (label, because)
    rules: object  # Rules
    video: list


def _told(assessment, force):
    found = assessment.findings
    elements = [
        (
            name,
            label,
            assessment.elements.get(name, 0),
            found.get("elements", {}).get(name, {}).get("rationale", ()),
            assessment.rationales.get(name, ""),
        )
        for name, label in thrive.ELEMENTS.items()
    ]
    return Told(
        assessment=assessment,
        recommended=force.grade_label(assessment.recommended_grade),
        decided=force.grade_label(assessment.decided_grade),
        elements=elements,
        flags=[(flag["label"], flag["because"]) for flag in found.get("flags", ())],
        rules=_rules(found.get("because", ()), assessment.recommended_grade),
        video=[thrive.VIDEO_REASONS.get(name, name) for name in assessment.video_reasons],
    )


# Ledger types as people read them; any other is shown as its own words.
SAYS = {
    "incident.recorded": "Report recorded",
    "incident.assessed": "Assessed",
    "incident.viewed": "Opened",
    "incident.review_asked": "Fresh assessment asked for",
    "review.late": "Review late: team leader told",
    "offer.made": "Choice read out and recorded",
    "crime.recorded": "Crime recorded",
    "appointment.held": "Time held",
    "appointment.booked": "Appointment booked",
    "appointment.moved": "Appointment moved",
    "appointment.cancelled": "Appointment cancelled",
    "case.opened": "Case opened",
}


def _line(event):
    what = SAYS.get(event.type) or event.type.replace(".", " ").replace("_", " ").capitalize()
    if event.type == "incident.assessed":
        what = f"Assessed: grade {event.detail.get('decided')}"
        if event.detail.get("decided") != event.detail.get("recommended"):
            what += f" (recommended {event.detail.get('recommended')})"
    elif event.type == "offer.made":
        what = f"Choice read out: {Response(event.detail['chosen']).label.lower()}"
    elif event.detail.get("because"):
        what += f" ({event.detail['because']})"
    return {"when": local_time.staff_time(event.at), "what": what, "who": event.who}


def _plan_told(victim):
    """The plan in force and its safe times as people read them."""
    plan = victim.plan if victim else None
    windows = []
    for window in plan.windows if plan else ():
        days = ", ".join(local_time.DAYS["en"][day][:3] for day in window["days"])
        windows.append(f"{days} {window['from']} to {window['to']}")
    return {"plan": plan, "windows": windows}


# Assessing again


@require_http_methods(["GET", "POST"])
@require("incident.assess")
def reassess(request, pk):
    """A fresh assessment of an incident. POST keeps it, or only scores it ("check")."""
    at = now()
    incident = get_object_or_404(selectors.incidents_for(request.user), pk=pk)
    current = incident.current_assessment
    start = ReassessForm.start(current) if current else {"narrative": incident.narrative}
    if request.method == "GET":
        form = _reassess_form(incident, at, initial=start)
        scored = _score_again(_reassess_form(incident, at, data=start), incident, at)
        return _reassess_page(request, incident, at, form, scored)
    data = _with_given(request.POST)
    form = _reassess_form(incident, at, data=data)
    scored = _score_again(form, incident, at)
    deciding = request.POST.get("action") == "record"
    if deciding and form.is_valid():
        form.check_decision(scored["result"].grade, standing=incident.grade)
    if deciding and form.is_valid():
        try:
            assessing.assess(
                incident,
                known=form.known(scored["history"], channel=incident.channel),
                decision=form.decision,
                by=request.user,
                at=at,
                after=form.cleaned_data["after"],
            )
        except permissions.MayNotLower:
            form.add_error(
                "grade",
                f"Only a team leader or supervisor may make grade {incident.grade} less urgent."
                " Ask one of them to decide; nothing you wrote is lost",
            )
        except assessing.Overtaken as overtaken:
            form.add_error(
                None,
                f"{overtaken.assessment.decided_by or 'The system'} assessed this incident"
                f" meanwhile (grade {overtaken.assessment.decided_grade}). Read that first, then"
                " decide again",
            )
            form.data = form.data.copy()
            form.data["after"] = overtaken.assessment.number
        except assessing.ReasonMissing:
            form.add_error("reason", "Give a reason: the grade is less urgent")
        else:
            messages.success(request, "The assessment is kept.")
            return redirect("triage:incident", incident.pk)
    if not deciding:
        form = _reassess_form(incident, at, initial=data.dict())
    return _reassess_page(request, incident, at, form, scored, 422 if deciding else 200)


@require_POST
@require("incident.assess")
def reassess_score(request, pk):
    """The panel for a fresh assessment, while the handler types."""
    at = now()
    incident = get_object_or_404(selectors.incidents_for(request.user), pk=pk)
    form = _reassess_form(incident, at, data=request.POST)
    context = _score_again(form, incident, at) | {"form": form, "incident": incident}
    return TemplateResponse(request, "triage/_scored.html", context)


def _reassess_form(incident, at, data=None, initial=None):
    rules = policies.rules(policies.published(at=at))
    return ReassessForm(data, initial=initial, rules=rules, force=incident.force, at=at)


def _score_again(form, incident, at):
    form.full_clean()
    people = incident.participants.exclude(role=Participant.Role.SUSPECT).select_related("contact")
    earlier = list(
        selectors.earlier_incidents(
            incident.force,
            phones=[person.contact.phone for person in people if person.contact],
            location=incident.location,
            at=at,
            besides=incident.pk,
        )
    )
    history = selectors.history(earlier)
    return _scored(form, form.known(history, channel=incident.channel), at) | {
        "history": history,
        "earlier": [(one, _labels(one.flags)) for one in earlier],
    }


def _reassess_page(request, incident, at, form, scored, status=200):
    context = _header(incident, at) | {
        "form": form,
        "score_address": reverse("triage:reassess_score", args=[incident.pk]),
        "seen_grade": scored["result"].grade,
        "may_lower": can(request.user, "grade.lower"),
        **scored,
    }
    # The header's label is of the grade that stands, the panel's of the one recommended.
    context["standing_label"] = incident.force.grade_label(incident.grade) if incident.grade else ""
    return TemplateResponse(request, "triage/reassess.html", context, status=status)


# The choice, safe contact, the crime


@require_http_methods(["GET", "POST"])
@require("offer.make")
def choice(request, pk):
    """Read the choice to the caller and record it; then safe contact and, for video, a time."""
    incident = get_object_or_404(selectors.incidents_for(request.user), pk=pk)
    assessment = incident.current_assessment
    if assessment is None:
        return redirect("triage:reassess", incident.pk)
    form = OfferForm(request.POST if request.method == "POST" else None, assessment=assessment)
    if form.is_valid():
        try:
            offers.make(incident, chosen=form.cleaned_data["chosen"], by=request.user, at=now())
        except offers.NotOffered:
            form.add_error("chosen", form.fields["chosen"].error_messages["invalid_choice"])
        else:
            return redirect("triage:choice", incident.pk)
    victim = incident.victim
    told = _plan_told(victim)
    plan = told["plan"]
    context = _header(incident, now()) | {
        "form": form,
        **told,
        "assessment": assessment,
        "against": [thrive.VIDEO_REASONS.get(name, name) for name in assessment.video_reasons],
        "nobody": Response.NONE in offers.options(assessment),
        "offer": incident.offers.order_by("-chosen_at", "-id").first(),
        "victim": victim,
        "plan_form": PlanForm(of=victim) if victim else None,
        "is_reachable": bool(plan and plan.opening_word_hash and victim.phone),
        "wants_video": incident.response == Response.VIDEO,
    }
    status = 422 if form.errors else 200
    return TemplateResponse(request, "triage/choice.html", context, status=status)


@require_http_methods(["GET", "POST"])
@require("contact.change")
def plan(request, pk):
    """Agree how the victim may be reached: a new plan that replaces the one before."""
    incident = get_object_or_404(selectors.incidents_for(request.user), pk=pk)
    victim = incident.victim
    if victim is None:
        raise Http404
    form = PlanForm(request.POST if request.method == "POST" else None, of=victim)
    if form.is_valid():
        try:
            plans.set_plan(victim, **form.agreed, by=request.user, at=now())
        except words.WordUnfit as unfit:
            form.add_error("opening_word", str(unfit))
        else:
            messages.success(request, "Safe contact is agreed.")
            to_choice = can(request.user, "offer.make") and incident.response == Response.VIDEO
            return redirect("triage:choice" if to_choice else "triage:incident", incident.pk)
    context = _header(incident, now()) | {"plan_form": form, "form": form, "victim": victim}
    status = 422 if form.errors else 200
    return TemplateResponse(request, "triage/plan.html", context, status=status)


@require_http_methods(["GET", "POST"])
@require("crime.record")
def record(request, pk):
    """Record a crime from an incident, with the officer in charge."""
    incident = get_object_or_404(selectors.incidents_for(request.user), pk=pk)
    form = CrimeForm(
        request.POST if request.method == "POST" else None,
        officers=selectors.officers_for(incident.force),
        initial={"crime_type": incident.crime_type},
    )
    if form.is_valid():
        try:
            crime = recording.record_crime(
                incident,
                crime_type=form.cleaned_data["crime_type"],
                officer_in_charge=form.cleaned_data["officer"],
                by=request.user,
                at=now(),
            )
        except recording.OfficerUnfit:
            form.add_error("officer", form.fields["officer"].error_messages["invalid_choice"])
        else:
            messages.success(request, f"Recorded as {crime.reference}.")
            return redirect("triage:incident", incident.pk)
    context = _header(incident, now()) | {
        "form": form,
        "crime": getattr(incident, "crime", None),
    }
    status = 422 if form.errors else 200
    return TemplateResponse(request, "triage/record.html", context, status=status)
