"""How it goes over time, by team; whether the same gets the same from all; who chose what."""

from django.http import Http404
from django.template.response import TemplateResponse
from django.utils.timezone import now
from django.views.decorators.http import require_GET

from triage.quality import choices as chosen_by
from triage.quality import trend as trends
from victimcontact.accounts.permissions import can, require


def _force(request):
    """The force that is asked about ("force"), else the first that this person serves."""
    forces = list(request.user.forces.order_by("name"))
    chosen = [force for force in forces if force.slug == request.GET.get("force")]
    if not forces:
        raise Http404
    return (chosen or forces)[0], forces


@require_GET
@require("quality.trend")
def trend(request):
    """Scores, grading and agreement by team and week."""
    force, forces = _force(request)
    context = {
        "force": force,
        "forces": forces,
        "trends": trends.by_team(request.user, force, at=now()),
        "all_teams": can(request.user, "assessment.review"),
        "weeks": trends.WEEKS,
    }
    return TemplateResponse(request, "triage/quality/trend.html", context)


@require_GET
@require("quality.trend")
def fairness(request):
    """How far handlers differ from each other, without naming or ranking one of them."""
    force, forces = _force(request)
    context = {
        "force": force,
        "forces": forces,
        "spreads": trends.spreads(force, at=now()),
        "callers": trends.same_callers(force),
        "days": trends.SPREAD_DAYS,
        "fewest_assessments": trends.FEWEST_ASSESSMENTS,
        "fewest_handlers": trends.FEWEST_HANDLERS,
    }
    return TemplateResponse(request, "triage/quality/fairness.html", context)


@require_GET
@require("quality.trend", reads="list")
def choices(request):
    """What was offered and what was chosen: by group, and by who recorded it."""
    force, forces = _force(request)
    at = now()
    context = {
        "force": force,
        "forces": forces,
        "groups": chosen_by.by_group(force, at=at),
        "spread": chosen_by.by_handler(force, at=at),
        "recorders": chosen_by.by_recorder(force, at=at),
        "days": chosen_by.DAYS,
        "fewest": chosen_by.FEWEST,
        "fewest_assessments": trends.FEWEST_ASSESSMENTS,
        "fewest_handlers": trends.FEWEST_HANDLERS,
    }
    return TemplateResponse(request, "triage/quality/choices.html", context)
