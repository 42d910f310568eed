"""An incident is assessed again: saved as it is typed, beside others who may do the same."""

import uuid
from dataclasses import dataclass

from django.contrib import messages
from django.db import transaction
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from triage import (
    assessing,
    drafts,
    panel,
    permissions,
    policies,
    presence,
    repeats,
    selectors,
    shown,
)
from triage.draft_state import DraftState, first_values, number
from triage.forms import ReassessForm, kept
from triage.models import AssessmentDraft
from triage.partners import panel as partners
from triage.partners import steps
from victimcontact.accounts.permissions import can, require


@require_http_methods(["GET", "POST"])
@require("incident.assess", reads="triage.incident")
def reassess(request, pk):
    """A fresh assessment of an incident. POST keeps it, or only scores it ("check")."""
    asking = _Asking.of(request, pk)
    if request.method == "POST":
        return _take(request, asking)
    if draft := selectors.assessment_draft(asking.incident, request.user):
        return _draft_page(request, asking, draft)
    return _fresh_page(request, asking)


@require_GET
@require("incident.assess", reads="triage.incident")
def reassess_draft(request, pk, draft):
    """An assessment that one has begun oneself, or under a key of which nothing is known a new."""
    asking = _Asking.of(request, pk)
    found = AssessmentDraft.objects.filter(pk=draft).first()
    if found is None:
        return _fresh_page(request, asking, draft)
    if found.handler_id != request.user.pk or found.of_id != asking.incident.pk:
        raise Http404
    if found.is_recorded:
        return redirect("triage:incident", pk)
    return _draft_page(request, asking, found)


@require_POST
@require("incident.assess", reads="triage.incident")
def reassess_score(request, pk):
    """Keep what was typed and answer with the panel: asked for while the handler types."""
    return _score_typed(request, pk, drafts.save)


@require_POST
@require("incident.assess")
def reassess_take_over(request, pk):
    """Go on in this tab: what the other one saved becomes a draft of its own."""

    def save(draft_id, *, version, **more):
        return drafts.take_over(draft_id, **more)

    return _score_typed(request, pk, save)


@require_POST
@require("incident.assess")
def reassess_discard(request, pk, draft):
    """Throw an assessment away that was begun and not kept."""
    asking = _Asking.of(request, pk)
    try:
        drafts.discard(draft, by=request.user, at=asking.at, of=asking.incident)
    except drafts.NotYours:
        raise Http404 from None
    except drafts.AlreadyRecorded:
        messages.warning(request, "It was kept already.")
    else:
        messages.success(request, "The draft is gone.")
    return redirect("triage:incident", pk)


@dataclass(frozen=True)
class _Asking:
    """What a request's forms and panel have in common, asked of the database once."""

    by: object
    at: object
    incident: object
    current: object  # the assessment that stands, or None
    policy: object

    @classmethod
    def of(cls, request, pk):
        at = now()
        incident = selectors.seen_by(request.user, pk)
        if incident is None:
            raise Http404
        return cls(
            request.user, at, incident, incident.current_assessment, policies.published(at=at)
        )

    def form(self, data=None, initial=None):
        rules = policies.rules(self.policy)
        force = self.incident.force
        return ReassessForm(data, initial=initial, rules=rules, force=force, at=self.at)

    @property
    def start(self):
        """What a fresh assessment begins with."""
        if self.current is None:
            return {"narrative": self.incident.narrative, "after": 0}
        return ReassessForm.start(self.current)

    @property
    def standing_number(self):
        return self.current.number if self.current else 0


def _fresh_page(request, asking, draft_id=None):
    start = asking.start
    scored = _scored(asking, asking.form(data=start))
    form = asking.form(initial=start | {"seen_at": asking.at.isoformat()})
    return _page(request, asking, form, scored, draft_id or uuid.uuid4(), 0, DraftState("new"))


def _draft_page(request, asking, draft):
    """What was typed before. An assessment made meanwhile is named, and read before deciding."""
    typed = first_values(draft.form)
    scored = _scored(asking, asking.form(data=typed))
    page = {"after": asking.standing_number, "seen_at": asking.at.isoformat()}
    form = asking.form(initial=typed | page)
    state = DraftState("saved", draft)
    is_behind = 0 < draft.after < asking.standing_number
    meanwhile = asking.current if is_behind and asking.current.decided_by != asking.by else None
    return _page(request, asking, form, scored, draft.pk, draft.version, state, meanwhile=meanwhile)


def _save(save, request, asking, draft_id, data):
    try:
        draft = save(
            draft_id,
            form=kept(data),
            version=number(data, "version"),
            by=asking.by,
            at=asking.at,
            of=asking.incident,
            after=number(data, "after"),
        )
    except drafts.Behind as behind:
        return DraftState("behind", behind.draft)
    except drafts.AlreadyRecorded as recorded:
        return DraftState("recorded", recorded.draft)
    except drafts.NotYours:
        raise Http404 from None
    return DraftState("saved", draft)


def _score_typed(request, pk, save):
    asking = _Asking.of(request, pk)
    presence.note(asking.incident, asking.by, at=asking.at, is_typing=True)
    draft_id = _draft_id(request)
    state = _save(save, request, asking, draft_id, request.POST)
    form = asking.form(data=request.POST)
    context = _scored(asking, form) | _addresses(asking.incident, draft_id)
    context |= {"form": form, "incident": asking.incident, "state": state, "draft_id": draft_id}
    response = TemplateResponse(request, "triage/_scored.html", panel.typed(context, request))
    if state.name == "saved":
        response.headers["X-Draft-Version"] = state.draft.version
    return response


def _take(request, asking):
    data = panel.with_given(request.POST)
    draft_id = _draft_id(request)
    state = _save(drafts.save, request, asking, draft_id, data)
    if state.name == "saved" and state.draft.is_recorded:
        # The same form twice: a double click, or two tabs that say the same.
        return redirect("triage:incident", asking.incident.pk)
    form = asking.form(data=data)
    scored = _scored(asking, form)
    deciding = request.POST.get("action") == "record" and state.name == "saved"
    if deciding and form.is_valid():
        form.check_decision(scored["result"].grade, standing=asking.incident.grade)
        form.check_dismissals(**scored["not_dismissed"])
    if deciding and form.is_valid() and _is_kept(asking, form, scored, data, draft_id):
        messages.success(request, "The assessment is kept.")
        return redirect("triage:incident", asking.incident.pk)
    if not deciding:
        form = asking.form(initial=data.dict())
    version = state.draft.version if state.name == "saved" else number(data, "version")
    status = 422 if deciding else 200
    return _page(request, asking, form, scored, draft_id, version, state, status=status)


def _is_kept(asking, form, scored, data, draft_id):
    """Keep the assessment; where it is refused the form says why."""
    incident = asking.incident
    try:
        with transaction.atomic():
            assessment = assessing.assess(
                incident,
                known=form.known(scored["history"], channel=incident.channel),
                decision=form.decision,
                by=asking.by,
                at=asking.at,
                after=form.cleaned_data["after"],
                seen_at=form.cleaned_data["seen_at"],
            )
            steps.keep(incident, steps.typed(data), by=asking.by, at=asking.at)
            drafts.became(draft_id, assessment, by=asking.by)
    except permissions.MayNotDismiss as may_not:
        form.check_dismissals(refused=may_not.flags)
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
        form.data["seen_at"] = asking.at.isoformat()
    except drafts.AlreadyRecorded:
        return True
    except assessing.ReasonMissing:
        form.add_error("reason", "Give a reason: the grade is less urgent")
    else:
        return True
    return False


def _scored(asking, form):
    form.full_clean()
    incident = asking.incident
    around = repeats.around_incident(incident, at=asking.at)
    known = form.known(around.history, channel=incident.channel)
    scored = panel.scored(form, known, asking.policy, asking.by)
    return scored | {
        "history": around.history,
        **shown.around(around),
        **partners.report_context(
            form.data,
            flags=[flag.name for flag in scored["result"].flags],
            around=around,
            standing=steps.standing(incident),
            ticked=steps.ticked(incident),
        ),
    }


def _page(request, asking, form, scored, draft_id, version, state, *, meanwhile=None, status=200):
    incident = asking.incident
    context = shown.header(incident, asking.at) | _addresses(incident, draft_id)
    context |= {
        "form": form,
        "draft_id": draft_id,
        "version": version,
        "state": state,
        "meanwhile": meanwhile,
        "here": presence.here(incident, asking.by, after=asking.standing_number, at=asking.at),
        "is_assessing": True,
        "seen_grade": scored["result"].grade,
        "may_lower": can(request.user, "grade.lower"),
        **scored,
    }
    # The header's label is of the grade that stands, the panel's of the one recommended.
    context["standing_label"] = incident.force.grade_label(incident.grade) if incident.grade else ""
    return TemplateResponse(request, "triage/reassess.html", panel.typed(context), status=status)


def _addresses(incident, draft_id):
    return {
        "score_address": reverse("triage:reassess_score", args=[incident.pk]),
        "take_over_address": reverse("triage:reassess_take_over", args=[incident.pk]),
        "draft_address": reverse("triage:reassess_draft", args=[incident.pk, draft_id]),
    }


def _draft_id(request):
    """The key that the page chose; a page without one gets one now."""
    try:
        return uuid.UUID(request.POST.get("draft", ""))
    except ValueError:
        return uuid.uuid4()
