"""An incident is assessed again."""

from django.contrib import messages
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST

from triage import assessing, panel, permissions, policies, repeats, selectors, shown
from triage.forms import ReassessForm
from triage.partners import panel as partners
from triage.partners import steps
from victimcontact.accounts.permissions import can, require


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
        scored = _score_again(_reassess_form(incident, at, data=start), incident, at, request.user)
        return _reassess_page(request, incident, at, form, scored)
    data = panel.with_given(request.POST)
    form = _reassess_form(incident, at, data=data)
    scored = _score_again(form, incident, at, request.user)
    deciding = request.POST.get("action") == "record"
    if deciding and form.is_valid():
        form.check_decision(scored["result"].grade, standing=incident.grade)
        form.check_dismissals(**scored["not_dismissed"])
    if deciding and form.is_valid():
        try:
            with transaction.atomic():
                assessing.assess(
                    incident,
                    known=form.known(scored["history"], channel=incident.channel),
                    decision=form.decision,
                    by=request.user,
                    at=at,
                    after=form.cleaned_data["after"],
                )
                steps.keep(incident, steps.typed(data), by=request.user, at=at)
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
    context = _score_again(form, incident, at, request.user) | {"form": form, "incident": incident}
    return TemplateResponse(request, "triage/_scored.html", context)


def _reassess_form(incident, at, data=None, initial=None):
    rules = policies.rules(policies.published(at=at))
    return ReassessForm(data, initial=initial, rules=rules, force=incident.force, at=at)


def _score_again(form, incident, at, by):
    form.full_clean()
    around = repeats.around_incident(incident, at=at)
    known = form.known(around.history, channel=incident.channel)
    scored = panel.scored(form, known, policies.published(at=at), by)
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


def _reassess_page(request, incident, at, form, scored, status=200):
    context = shown.header(incident, at) | {
        "form": form,
        "score_address": reverse("triage:reassess_score", args=[incident.pk]),
        "seen_grade": scored["result"].grade,
        "may_lower": can(request.user, "grade.lower"),
        **scored,
    }
    # The header's label is of the grade that stands, the panel's of the one recommended.
    context["standing_label"] = incident.force.grade_label(incident.grade) if incident.grade else ""
    return TemplateResponse(request, "triage/reassess.html", context, status=status)
