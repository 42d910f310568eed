"""The queue: every open incident, most urgent first."""

from django.core.paginator import Paginator
from django.template.response import TemplateResponse
from django.utils.timezone import now
from django.views.decorators.http import require_GET

from triage import selectors, shown
from victimcontact.accounts.permissions import require
from victimcontact.lib import local_time

ROWS = 100


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


def _queue(request):
    at = now()
    paginator = Paginator(selectors.open_queue(request.user), ROWS)
    page = paginator.get_page(request.GET.get("page"))
    return {
        "rows": [shown.row(incident, at) for incident in page],
        "page": page,
        "ungraded": list(selectors.ungraded(request.user)[:ROWS]),
        "at": local_time.local(at),
    }


def _drafts(user):
    """(draft, its first words) of the reports this person has begun."""
    found = []
    for draft in selectors.drafts_for(user)[:20]:
        text = " ".join("".join(draft.form.get("narrative", [])).split())
        found.append((draft, text[:120] + ("…" if len(text) > 120 else "")))
    return found
