"""What follows from an assessment: the choice, safe contact, the crime."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from triage import offers, presence, recording, selectors, shown, thrive
from triage.control import dispatching
from triage.forms import CrimeForm, OfferForm, PlanForm
from triage.models import TAKES_TIME, Grade, Response
from victimcontact.accounts.permissions import can, require, second_factor
from victimcontact.people import plans, words


@require_http_methods(["GET", "POST"])
@require("offer.make", reads="triage.incident")
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
    told = shown.plan_told(victim)
    plan = told["plan"]
    context = shown.header(incident, now()) | {
        "form": form,
        **told,
        "assessment": assessment,
        "against": [thrive.VIDEO_REASONS.get(name, name) for name in assessment.video_reasons],
        "is_immediate": assessment.decided_grade == Grade.IMMEDIATE,
        "officers": dispatching.standing_of(incident),
        "here": presence.here(incident, request.user, after=assessment.number, at=now()),
        "nobody": Response.NONE in offers.options(assessment),
        "offer": incident.current_offer,
        "victim": victim,
        "plan_form": PlanForm(of=victim) if victim else None,
        "is_reachable": bool(plan and plan.opening_word_hash and victim.phone),
        "wants_time": incident.response in TAKES_TIME,
    }
    status = 422 if form.errors else 200
    return TemplateResponse(request, "triage/choice.html", context, status=status)


@require_http_methods(["GET", "POST"])
@require("contact.change", reads="triage.incident")
def plan(request, pk):
    """Agree how the victim may be reached: a new plan that replaces the one before."""
    incident = get_object_or_404(selectors.incidents_for(request.user), pk=pk)
    victim = incident.victim
    if victim is None:
        raise Http404
    # Who is asked again: not a first agreement while the caller is on the line, but a change of it.
    if victim.plan and (question := second_factor(request, "writing")):
        return question
    form = PlanForm(request.POST if request.method == "POST" else None, of=victim)
    if form.is_valid():
        try:
            plans.set_plan(victim, **form.agreed, by=request.user, at=now())
        except words.WordUnfit as unfit:
            form.add_error("opening_word", str(unfit))
        else:
            messages.success(request, "Safe contact is agreed.")
            to_choice = can(request.user, "offer.make") and incident.response in TAKES_TIME
            return redirect("triage:choice" if to_choice else "triage:incident", incident.pk)
    context = shown.header(incident, now()) | {"plan_form": form, "form": form, "victim": victim}
    status = 422 if form.errors else 200
    return TemplateResponse(request, "triage/plan.html", context, status=status)


@require_http_methods(["GET", "POST"])
@require("crime.record", reads="triage.incident")
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
    context = shown.header(incident, now()) | {
        "form": form,
        "crime": getattr(incident, "crime", None),
    }
    status = 422 if form.errors else 200
    return TemplateResponse(request, "triage/record.html", context, status=status)
