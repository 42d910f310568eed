"""A new report while the caller is on the line, saved and scored as it is typed."""

import uuid
from dataclasses import dataclass, replace

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from triage import (
    assessing,
    drafts,
    intake,
    panel,
    permissions,
    policies,
    repeats,
    selectors,
    shown,
    traces,
)
from triage.draft_state import DraftState, first_values, number
from triage.forms import ReportForm, kept
from triage.models import ReportDraft
from triage.partners import panel as partners
from triage.partners import steps
from victimcontact.accounts.permissions import require


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
    typed = first_values(draft.form) if draft else {}
    asking = _Asking.of(request, at)
    return _report_page(
        request,
        form=asking.form(initial=typed),
        scored=_score_report(asking, asking.form(data=typed)) if typed else None,
        draft_id=draft.pk if draft else (pk or uuid.uuid4()),
        version=draft.version if draft else 0,
        state=DraftState("saved", draft) if draft else DraftState("new"),
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


def _save(save, request, draft_id, typed, at):
    try:
        draft = save(
            draft_id, form=typed, version=number(request.POST, "version"), by=request.user, at=at
        )
    except drafts.Behind as behind:
        return DraftState("behind", behind.draft)
    except drafts.AlreadyRecorded as recorded:
        return DraftState("recorded", recorded.draft)
    except drafts.NotYours:
        raise Http404 from None
    return DraftState("saved", draft)


def _score_typed(request, pk, save):
    at = now()
    state = _save(save, request, pk, kept(request.POST), at)
    asking = _Asking.of(request, at)
    form = asking.form(data=request.POST)
    context = _score_report(asking, form) | _addresses(pk)
    context |= {"form": form, "draft_id": pk, "state": state}
    response = TemplateResponse(request, "triage/_scored.html", panel.typed(context, request))
    if state.name == "saved":
        response.headers["X-Draft-Version"] = state.draft.version
    return response


def _take_report(request, at):
    draft_id = _draft_id(request)
    data = panel.with_given(request.POST)
    state = _save(drafts.save, request, draft_id, kept(data), at)
    if state.name == "saved" and state.draft.incident_id:
        # The same form twice: a double click, or two tabs that say the same.
        return redirect("triage:choice", state.draft.incident_id)
    asking = _Asking.of(request, at)
    form = asking.form(data=data)
    scored = _score_report(asking, form)
    recording_it = request.POST.get("action") == "record" and state.name == "saved"
    if recording_it and form.is_valid():
        form.check_decision(scored["result"].grade)
        form.check_dismissals(**scored["not_dismissed"])
    if recording_it and form.is_valid():
        try:
            with transaction.atomic():
                incident = intake.record(
                    replace(form.report, history=scored["history"]),
                    force=form.chosen_force,
                    decision=form.decision,
                    by=request.user,
                    at=at,
                    draft_id=draft_id,
                )
                steps.keep(incident, steps.typed(data), by=request.user, at=at)
        except intake.UnknownContact:
            form.add_error(None, "The person you confirmed is not known any more. Choose again")
        except permissions.MayNotDismiss as may_not:
            form.check_dismissals(refused=may_not.flags)
        except assessing.ReasonMissing:
            form.add_error("reason", "Give a reason: the grade is less urgent than recommended")
        else:
            return redirect("triage:choice", incident.pk)
    if not recording_it:
        form = asking.form(initial=first_values(kept(data)))
    return _report_page(
        request,
        form=form,
        scored=scored,
        draft_id=draft_id,
        version=state.draft.version if state.name == "saved" else number(request.POST, "version"),
        state=state,
        status=422 if recording_it else 200,
    )


def _report_page(request, *, form, scored, draft_id, version, state, status=200):
    context = _addresses(draft_id) | {
        "form": form,
        "draft_id": draft_id,
        "version": version,
        "state": state,
        "seen_grade": scored["result"].grade if scored else "",
        **(scored or {}),
    }
    if scored:
        context = panel.typed(context)
    return TemplateResponse(request, "triage/new_report.html", context, status=status)


def _addresses(draft_id):
    return {
        "score_address": reverse("triage:score", args=[draft_id]),
        "take_over_address": reverse("triage:take_over", args=[draft_id]),
        "draft_address": reverse("triage:draft", args=[draft_id]),
    }


@dataclass(frozen=True)
class _Asking:
    """What a request's forms and panel have in common, asked of the database once."""

    by: object
    at: object
    policy: object
    forces: list

    @classmethod
    def of(cls, request, at):
        forces = selectors.forces_of(request.user)
        if not forces:
            raise PermissionDenied
        return cls(request.user, at, policies.published(at=at), forces)

    def form(self, data=None, initial=None):
        choice = (data if data is not None else initial or {}).get("force_choice")
        force = next((f for f in self.forces if str(f.pk) == choice), self.forces[0])
        return ReportForm(
            data,
            initial=initial,
            rules=policies.rules(self.policy),
            force=force,
            forces=self.forces,
            at=self.at,
        )


def _score_report(asking, form):
    """Everything that the panel shows of a report, valid or not yet."""
    form.full_clean()
    force = form.chosen_force
    keys = traces.of_address(force.pk, form.cleaned_data.get("location") or "")
    known = []
    for person in form.people:
        victims = traces.of_person_told(force.pk, person)
        keys |= victims
        contacts = list(
            selectors.known_contacts(
                force, person["phone"], name=person["name"], born=person["born"]
            )
        )
        if contacts:
            known.append((person["who"], contacts, str(person["contact_id"] or "")))
    # The last of them is the victim: a caller for themselves is the only one.
    around = repeats.around(keys, at=asking.at, victims=victims)
    told = form.known(around.history)
    scored = panel.scored(form, told, asking.policy, asking.by)
    return scored | {
        "history": around.history,
        **shown.around(around),
        **partners.report_context(form.data, flags=_names(scored), around=around),
        "people": known,
    }


def _names(scored):
    return [flag.name for flag in scored["result"].flags]


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
