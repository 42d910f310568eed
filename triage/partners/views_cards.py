"""The cards of hidden demand on one incident: their steps, and which are shown."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST

from triage import selectors, shown
from triage.partners import cards, panel, steps
from triage.partners.forms import StepsForm
from victimcontact.accounts.permissions import require


@require_http_methods(["GET", "POST"])
@require("incident.assess", reads="triage.incident")
def card(request, pk, card):
    """One card with its steps; POST keeps which are done, and why others are not."""
    at = now()
    incident = get_object_or_404(selectors.incidents_for(request.user), pk=pk)
    found = cards.all_cards().get(card)
    if not found:
        raise Http404
    standing = steps.standing(incident)
    data = request.POST if request.method == "POST" else None
    form = StepsForm(data, card=found, standing=standing)
    if form.is_valid():
        steps.keep(incident, steps.typed(form.cleaned_data), by=request.user, at=at)
        messages.success(request, f"Kept: {found.title}.")
        return redirect("triage:incident", incident.pk)
    reason = panel.cards_of(incident, at=at)[0].get(found.key, cards.Reason())
    context = shown.header(incident, at) | {
        "form": form,
        "kept": panel.kept_card(found, reason, standing, form),
    }
    status = 422 if form.errors else 200
    return TemplateResponse(request, "triage/partners/card.html", context, status=status)


@require_POST
@require("incident.assess", reads="triage.incident")
def tick(request, pk):
    """Ask for a card that the engine did not raise, or take it away again."""
    incident = get_object_or_404(selectors.incidents_for(request.user), pk=pk)
    is_on = request.POST.get("is_on") == "yes"
    try:
        steps.tick(
            incident, card=request.POST.get("card", ""), is_on=is_on, by=request.user, at=now()
        )
    except steps.UnknownCard:
        messages.error(request, "Choose a card from the list.")
    return redirect("triage:incident", incident.pk)
