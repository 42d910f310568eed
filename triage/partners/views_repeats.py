"""Who calls again and again, and who is missing now."""

from django.core.paginator import Paginator
from django.template.response import TemplateResponse
from django.utils.timezone import now
from django.views.decorators.http import require_GET

from triage import shown
from triage.partners import repeats, selectors
from victimcontact.accounts.permissions import require
from victimcontact.audit import ledger

ROWS = 25


@require_GET
@require("referral.view")
def repeat_list(request):
    """Numbers, people and addresses over a threshold. Looking is an entry in the ledger."""
    at = now()
    rules = {str(rule.days): rule for rule in repeats.RULES}
    rule = rules.get(request.GET.get("days", ""), repeats.RULES[0])
    found = Paginator(repeats.over(request.user, rule=rule, at=at), ROWS)
    page = found.get_page(request.GET.get("page"))
    ledger.record("repeats.viewed", by=request.user, at=at, days=rule.days)
    context = {
        "rule": rule,
        "tabs": [(each, each == rule) for each in repeats.RULES],
        "lines": repeats.lines(page, at=at),
        "page": page,
    }
    return TemplateResponse(request, "triage/partners/repeats.html", context)


@require_GET
@require("referral.view", reads="list")
def missing(request):
    """Open incidents of somebody missing, with their clocks and who was told."""
    at = now()
    page = Paginator(selectors.missing_now(request.user), ROWS).get_page(request.GET.get("page"))
    incidents = list(page)
    told = selectors.latest_referrals(incidents)
    context = {
        "rows": [(shown.row(incident, at), told[incident.pk]) for incident in incidents],
        "page": page,
    }
    return TemplateResponse(request, "triage/partners/missing.html", context)
