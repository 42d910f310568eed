"""What a handler learns from: feedback on their own assessments, and the way to practice."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_http_methods

from triage.marking import marked
from triage.quality import reviewing, selectors
from triage.quality.forms import AnswerForm
from triage.told import told
from victimcontact.accounts.permissions import require
from victimcontact.audit import ledger

ROWS = 30


@require_GET
@require("feedback.view", reads="list")
def feedback_list(request):
    """What reviewers said of this person's assessments, latest first. Nobody else's."""
    paginator = Paginator(selectors.feedback_for(request.user), ROWS)
    page = paginator.get_page(request.GET.get("page"))
    context = {"page": page, "unanswered": selectors.unanswered(request.user)}
    return TemplateResponse(request, "triage/quality/feedback_list.html", context)


@require_http_methods(["GET", "POST"])
@require("feedback.view", reads="quality.review")
def feedback(request, pk):
    """One review of an assessment of one's own, and the answer to it."""
    at = now()
    review = get_object_or_404(selectors.feedback_for(request.user), pk=pk)
    posted = request.POST if request.method == "POST" else None
    form = AnswerForm(posted)
    if posted is None:
        ledger.record("quality.feedback_read", by=request.user, about=review, at=at)
    elif form.is_valid():
        reviewing.answer(
            review,
            kind=form.cleaned_data["kind"],
            words=form.cleaned_data["words"],
            by=request.user,
            at=at,
        )
        messages.success(request, "Your answer is kept, and the reviewer can read it.")
        return redirect("quality:feedback", pk)
    assessment = review.assessment
    whole = told(assessment, assessment.incident.force)
    context = {
        "review": review,
        "assessment": assessment,
        "told": whole,
        "pieces": marked(whole.words, assessment.findings.get("flags", ())),
        "right": assessment.incident.force.grade_label(review.right_grade),
        "form": form,
    }
    status = 422 if posted is not None else 200
    return TemplateResponse(request, "triage/quality/feedback.html", context, status=status)
