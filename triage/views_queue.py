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
@require("incident.view", reads="list")
def queue(request):
    """Every open incident, most urgent first, and the reports one has begun."""
    context = _queue(request) | {"drafts": _drafts(request.user)}
    return TemplateResponse(request, "triage/queue.html", context)


@require_GET
@require("incident.view", reads="list")
def queue_rows(request):
    """The rows alone, asked for again every few seconds."""
    return TemplateResponse(request, "triage/_queue_rows.html", _queue(request))


class _Pages(Paginator):
    """Pages whose length was counted already."""

    def __init__(self, rows, per_page, count):
        super().__init__(rows, per_page)
        self.__dict__["count"] = count


def _queue(request):
    at = now()
    how_many = selectors.open_counts(request.user)
    # Sealed words are not opened for a list that does not show them.
    queue = selectors.open_queue(request.user).defer("narrative", "location", "safety_note")
    page = _Pages(queue, ROWS, how_many["graded"]).get_page(request.GET.get("page"))
    ungraded = selectors.ungraded(request.user)[:ROWS] if how_many["ungraded"] else ()
    return {
        "rows": shown.rows(page, at),
        "page": page,
        "ungraded": list(ungraded),
        "pinned": list(selectors.pinned(request.user)) if how_many["pinned"] else [],
        "at": local_time.local(at),
    }


def _drafts(user):
    """(draft, its first words) of what this person has begun and not recorded."""
    begun = [*selectors.drafts_for(user)[:20], *selectors.assessments_begun(user)[:20]]
    return [(draft, _first_words(draft)) for draft in begun]


def _first_words(draft):
    text = " ".join("".join(draft.form.get("narrative", [])).split())
    return text[:120] + ("…" if len(text) > 120 else "")
