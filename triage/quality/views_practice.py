"""Practice: a synthetic caller, the form and panel of a real report, and a score.

Every view here is behind the shield: it can write its own attempts and nothing else.
"""

from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from triage import panel, policies
from triage.forms import ReportForm, kept
from triage.partners import panel as demand
from triage.quality.models import PracticeAttempt
from triage.quality.practice import attempts, cases
from triage.quality.practice.shield import practice
from victimcontact.accounts.permissions import require
from victimcontact.lib import local_time

RECENT = 10
REPEATS = 3  # reports from which a synthetic caller counts as one who calls again and again


@require_GET
@require("practice.use")
@practice
def callers(request):
    """Every synthetic caller, and how this person's own tries went."""
    own = PracticeAttempt.objects.filter(handler=request.user)
    best = {
        row["case"]: row
        for row in own.filter(finished_at__isnull=False)
        .order_by()
        .values("case")
        .annotate(best=Max("points"), many=Count("pk"))
    }
    going = set(own.filter(finished_at=None).values_list("case", flat=True))
    context = {
        "callers": [
            (case, best.get(case.key), case.key in going) for case in cases.everybody().values()
        ],
        "recent": [
            (attempt, attempts.case_of(attempt))
            for attempt in own.filter(finished_at__isnull=False).order_by("-finished_at")[:RECENT]
        ],
    }
    return TemplateResponse(request, "triage/quality/callers.html", context)


@require_POST
@require("practice.use")
@practice
def start(request):
    """Begin with a caller, or go on where it was left."""
    case = cases.everybody().get(request.POST.get("case", ""))
    if case is None:
        raise Http404
    _forces(request)
    attempt = attempts.start(case, by=request.user, at=now())
    return redirect("quality:attempt", attempt.pk)


@require_http_methods(["GET", "POST"])
@require("practice.use")
@practice
def attempt(request, pk):
    """The call. POST decides ("record"), or only scores what was typed ("check")."""
    at = now()
    attempt = _own(request, pk)
    if attempt.finished_at:
        return redirect("quality:outcome", pk)
    if request.method == "GET":
        typed = _first_values(attempt.form)
        form, scored = _scored(request, attempt, at, data=typed)
        return _page(request, attempt, _form(request, at, initial=typed), scored)
    data = panel.with_given(request.POST)
    attempts.save(pk, form=kept(data), by=request.user, at=at)
    form, scored = _scored(request, attempt, at, data=data)
    deciding = request.POST.get("action") == "record"
    if deciding and form.is_valid():
        form.check_decision(scored["result"].grade)
        form.check_dismissals(**scored["not_dismissed"])
    if deciding and form.is_valid():
        attempts.finish(
            pk,
            known=form.known(attempts.case_of(attempt).history),
            decision=form.decision,
            by=request.user,
            at=at,
        )
        return redirect("quality:outcome", pk)
    if not deciding:
        form = _form(request, at, initial=_first_values(kept(data)))
    return _page(request, attempt, form, scored, 422 if deciding else 200)


@require_POST
@require("practice.use")
@practice
def score(request, pk):
    """Keep what was typed and answer with the THRIVE panel, while the handler types."""
    at = now()
    attempt = _own(request, pk)
    if not attempt.finished_at:
        attempts.save(pk, form=kept(request.POST), by=request.user, at=at)
    form, scored = _scored(request, attempt, at, data=request.POST)
    context = {"form": form, "attempt": attempt, **scored}
    return TemplateResponse(request, "triage/quality/_practice_scored.html", context)


@require_POST
@require("practice.use")
@practice
def say(request, pk):
    """The caller speaks on ("more"), or answers a question ("ask" with its key)."""
    at = now()
    attempt = _own(request, pk)
    try:
        if "narrative" in request.POST:
            attempts.save(pk, form=kept(request.POST), by=request.user, at=at)
        if key := request.POST.get("ask", ""):
            if key not in attempts.questions(_rules(at)):
                raise Http404
            attempt = attempts.ask(pk, key, by=request.user, at=at)
        else:
            attempt = attempts.hear_more(pk, by=request.user, at=at)
    except attempts.Finished:
        return redirect("quality:outcome", pk)
    if not request.htmx:
        return redirect("quality:attempt", pk)
    context = _call(attempt, at)
    return TemplateResponse(request, "triage/quality/_caller.html", context)


@require_GET
@require("practice.use")
@practice
def outcome(request, pk):
    """How it went, against what a competent assessment makes of the caller."""
    attempt = _own(request, pk)
    if not attempt.finished_at:
        return redirect("quality:attempt", pk)
    case = attempts.case_of(attempt)
    asked = attempts.questions(_rules(now()))
    context = {
        "attempt": attempt,
        "case": case,
        "parts": attempt.outcome["parts"],
        "took": _span(attempt),
        "unheard": attempt.outcome["lines"][attempt.heard :],
        "answers": [
            (text, case.says(key), key in attempt.asked, key in case.exemplar.must_ask)
            for key, text in asked.items()
            if key in case.answers
        ]
        if case
        else [],
    }
    return TemplateResponse(request, "triage/quality/outcome.html", context)


def _span(attempt):
    seconds = int((attempt.finished_at - attempt.started_at).total_seconds())
    return f"{seconds // 60} min {seconds % 60:02d} s" if seconds < 3600 else "over an hour"


def _own(request, pk):
    return get_object_or_404(PracticeAttempt, pk=pk, handler=request.user)


def _forces(request):
    forces = list(request.user.forces.all())
    if not forces:
        raise PermissionDenied
    return forces


def _rules(at):
    return policies.rules(policies.published(at=at))


def _form(request, at, data=None, initial=None):
    forces = _forces(request)
    return ReportForm(
        data, initial=initial, rules=_rules(at), force=forces[0], forces=forces, at=at
    )


def _scored(request, attempt, at, data):
    """(the bound form, what the panel shows of it). Nobody real is looked up."""
    form = _form(request, at, data=data)
    form.full_clean()
    case = attempts.case_of(attempt)
    if case is None:
        raise Http404  # the caller was taken out of the file while this was open
    known = form.known(case.history, channel=case.channel)
    scored = panel.scored(form, known, policies.published(at=at), request.user)
    flags = [flag.name for flag in scored["result"].flags]
    before = (case.history or {}).get("previous_reports_12m", 0)
    around = _Around(_Repeat(before + 1 >= REPEATS))
    return form, scored | demand.report_context(data, flags=flags, around=around)


@dataclass(frozen=True)
class _Repeat:
    is_repeat_caller: bool


@dataclass(frozen=True)
class _Around:
    """What the made-up history of a case says, where a real report asks what came before it."""

    repeat: _Repeat


def _call(attempt, at):
    """The call so far: what was said, what was asked, what may still be asked."""
    case = attempts.case_of(attempt)
    asked = attempts.questions(_rules(at))
    return {
        "attempt": attempt,
        "case": case,
        "heard": case.lines[: attempt.heard],
        "more": len(case.lines) - attempt.heard,
        "asked": [(asked[key], case.says(key)) for key in attempt.asked if key in asked],
        "to_ask": [(key, text) for key, text in asked.items() if key not in attempt.asked],
    }


def _page(request, attempt, form, scored, status=200):
    at = now()
    context = {
        **_call(attempt, at),
        "form": form,
        "score_address": reverse("quality:score", args=[attempt.pk]),
        "seen_grade": scored["result"].grade,
        "saved_at": local_time.local(attempt.saved_at),
        **scored,
    }
    return TemplateResponse(request, "triage/quality/attempt.html", context, status=status)


def _first_values(form):
    return {name: values[0] for name, values in form.items() if values}
