"""The queue: every open incident, most urgent first."""

from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.template.response import TemplateResponse
from django.utils.timezone import now
from django.views.decorators.http import require_GET

from triage import selectors, shown
from victimcontact.accounts.permissions import require
from victimcontact.lib import local_time

ROWS = 100
WHOSE = {"all": "All", "mine": "Mine", "unowned": "Nobody's"}


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
    """Pages of a person's queue, whose length was counted already."""

    def __init__(self, user, whose, count):
        super().__init__((), ROWS)
        self.__dict__["count"] = count
        self._asked = {"user": user, "whose": whose}

    def page(self, number):
        found = super().page(number)
        start = (found.number - 1) * ROWS
        found.object_list = selectors.queue_page(**self._asked, start=start, many=ROWS)
        return found


def _queue(request):
    at = now()
    how_many = selectors.open_counts(request.user)
    whose = request.GET.get("whose")
    whose = whose if whose in selectors.WHOSE else "all"
    shares = {"all": how_many["graded"], "mine": how_many["mine"], "unowned": how_many["unowned"]}
    page = _Pages(request.user, whose, shares[whose]).get_page(request.GET.get("page"))
    ungraded = selectors.ungraded(request.user)[:ROWS] if how_many["ungraded"] else ()
    return {
        "rows": shown.rows(page, at),
        "page": page,
        "ungraded": list(ungraded),
        "pinned": list(selectors.pinned(request.user)) if how_many["pinned"] else [],
        "at": local_time.local(at),
        "whose": whose,
        "shares": [(name, label, shares[name]) for name, label in WHOSE.items()],
        # What the page was asked for, so that it stays so while it looks again.
        "asked": urlencode(
            {"whose": whose} | ({"page": page.number} if page.number > 1 else {}),
        ),
    }


def _drafts(user):
    """(draft, its first words) of what this person has begun and not recorded."""
    return [(draft, _first_words(draft)) for draft in selectors.begun(user)]


def _first_words(draft):
    text = " ".join("".join(draft.form.get("narrative", [])).split())
    return text[:120] + ("…" if len(text) > 120 else "")
