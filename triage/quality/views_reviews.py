"""A reviewer's pages: what was drawn, and one assessment on what was known then."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from triage.marking import marked
from triage.quality import criteria, reviewing, sampling, selectors
from triage.quality.forms import ReviewForm, SecondForm, UnsafeForm
from triage.quality.models import Draw
from triage.told import line, told
from victimcontact.accounts.permissions import require
from victimcontact.audit import ledger

ROWS = 50


@require_GET
@require("assessment.review", reads="list")
def reviews(request):
    """What waits for a review, second opinions first, and what this reviewer did lately."""
    # A list opens no sealed words and reads no policy.
    listed = selectors.to_review(request.user).select_related(None).select_related("incident")
    listed = listed.only("number", "decided_at", "incident__reference")
    paginator = Paginator(listed, ROWS)
    page = paginator.get_page(request.GET.get("page"))
    kinds = selectors.kinds_of([one.pk for one in page])
    forces = list(request.user.forces.all())
    context = {
        "page": page,
        "rows": [(one, kinds.get(one.pk, [])) for one in page],
        "done": selectors.reviews_by(request.user)[:10],
        "draws": Draw.objects.filter(force__in=forces).select_related("team", "force")[:6],
        "week_on": sampling.last_week(now()),
    }
    return TemplateResponse(request, "triage/quality/reviews.html", context)


@require_POST
@require("assessment.review")
def draw(request):
    """Draw now what beat draws every morning."""
    at = now()
    new = sum(sampling.draw(f, by=request.user, at=at).total for f in request.user.forces.all())
    if new:
        messages.success(request, f"{new} drawn for review.")
    else:
        messages.info(request, "Nothing new: everything that is due was drawn already.")
    return redirect("quality:reviews")


@require_http_methods(["GET", "POST"])
@require("assessment.review")
def review(request, pk):
    """One assessment on what was known then; once the score is saved, what happened next."""
    at = now()
    assessment = _assessment(request, pk)
    mine = assessment.quality_reviews.filter(reviewer=request.user).first()
    asked = criteria.in_force(assessment.incident.force)
    posted = request.POST if request.method == "POST" else None
    form = ReviewForm(posted, criteria=asked, force=assessment.incident.force)
    if form.is_valid():
        try:
            reviewing.review(assessment, opinion=form.opinion, by=request.user, at=at)
        except reviewing.AlreadyReviewed:
            messages.info(request, "You have reviewed this assessment already: that score stands.")
        else:
            messages.success(request, "The review is saved. Below is what happened next.")
        return redirect("quality:review", pk)
    return _page(request, assessment, mine, form, status=200 if posted is None else 422)


def _page(request, assessment, mine, form, *, unsafe=None, status=200):
    ledger.record("quality.opened", by=request.user, about=assessment, at=now())
    force = assessment.incident.force
    then = selectors.known_then(assessment)
    context = {
        "assessment": assessment,
        "told": told(assessment, force),
        "pieces": marked(assessment.narrative, assessment.findings.get("flags", ())),
        "then": then,
        "earlier": [told(one, force) for one in then.earlier],
        "kinds": selectors.kinds_of([assessment.pk]).get(assessment.pk, []),
        "form": unsafe if unsafe is not None and unsafe.is_bound else form,
        "review_form": form,
        "unsafe_form": unsafe or UnsafeForm(prefix="unsafe"),
        "raised": selectors.raised_by(request.user, assessment),
        "mine": mine,
    }
    if mine:
        # Only now: whoever has given an opinion can no longer be led by what came after.
        after = selectors.later(assessment)
        context |= {
            "opinions": list(selectors.reviews_of(assessment)),
            "second": getattr(assessment, "second_opinion", None),
            "second_form": SecondForm(),
            "after": after,
            "events": [line(event) for event in after["events"]],
            "after_told": [told(one, force) for one in after["assessments"]],
        }
    return TemplateResponse(request, "triage/quality/review.html", context, status=status)


@require_POST
@require("assessment.review", reads="triage.assessment")
def unsafe(request, pk):
    """The reviewer fears for the victim now."""
    assessment = _assessment(request, pk)
    form = UnsafeForm(request.POST, prefix="unsafe")
    if form.is_valid():
        reviewing.unsafe_now(assessment, why=form.cleaned_data["why"], by=request.user, at=now())
        messages.success(
            request,
            "Raised: the incident is to be assessed again at once, and the control room has a"
            " task. Ring them as well if it cannot wait a minute.",
        )
        return redirect("quality:review", pk)
    mine = assessment.quality_reviews.filter(reviewer=request.user).first()
    asked = criteria.in_force(assessment.incident.force)
    empty = ReviewForm(criteria=asked, force=assessment.incident.force)
    return _page(request, assessment, mine, empty, unsafe=form, status=422)


@require_POST
@require("assessment.review", reads="triage.assessment")
def second(request, pk):
    """Ask another reviewer, once this one has given their own opinion."""
    assessment = _assessment(request, pk)
    form = SecondForm(request.POST)
    if not assessment.quality_reviews.filter(reviewer=request.user).exists():
        raise Http404
    if form.is_valid():
        reviewing.ask_second(assessment, why=form.cleaned_data["why"], by=request.user, at=now())
        messages.success(request, "Another reviewer will look at it, without seeing yours.")
    else:
        messages.error(request, "Not asked: the reason is too long.")
    return redirect("quality:review", pk)


def _assessment(request, pk):
    """A drawn assessment of this person's forces that is not their own; else 404."""
    return get_object_or_404(selectors.samples_for(request.user), pk=pk)
