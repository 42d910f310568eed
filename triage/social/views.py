"""The desk's side of WhatsApp and Messenger: one talk, and what is done with it."""

from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_POST

from messaging import asking
from triage import marking
from triage.panel import rules
from triage.social import selectors, talks
from triage.social.forms import AnswerForm, SafeForm
from victimcontact.accounts.permissions import require
from victimcontact.lib import local_time
from victimcontact.people import plans, safe_contact

READS = "social.talk"


@require_GET
@require("desk.work", reads=READS)
def talk(request, pk):
    """One talk beside the list of all."""
    return _page(request, _talk(request, pk), now())


@require_GET
@require("desk.work", reads=READS)
def talk_lines(request, pk):
    """What was written and how it stands, asked for by the open page."""
    return _part(request, _talk(request, pk), now())


@require_POST
@require("desk.work", reads=READS)
def take(request, pk):
    found = _talk(request, pk)
    instead_of = request.POST.get("instead_of")
    return _do(
        request,
        found,
        lambda at: talks.take(found.pk, by=request.user, at=at, instead_of=instead_of),
    )


@require_POST
@require("desk.work", reads=READS)
def give_back(request, pk):
    found = _talk(request, pk)
    return _do(request, found, lambda at: talks.give_back(found.pk, by=request.user, at=at))


@require_POST
@require("desk.work", reads=READS)
def no_answer(request, pk):
    found = _talk(request, pk)
    return _do(request, found, lambda at: talks.needs_no_answer(found.pk, by=request.user, at=at))


@require_POST
@require("desk.work", reads=READS)
def answer(request, pk):
    """Send them an answer."""
    found = _talk(request, pk)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _page(request, found, now(), form=form, status=422)
    data = form.cleaned_data
    return _do(
        request,
        found,
        lambda at: talks.answer(
            found.pk, body=data["body"], key=data["key"], by=request.user, at=at
        ),
        form=form,
    )


@require_POST
@require("desk.work", reads=READS)
def safe(request, pk):
    """Keep whether it is safe to answer here."""
    found = _talk(request, pk)
    form = SafeForm(request.POST)
    if not form.is_valid():
        return _page(request, found, now(), safe_form=form, status=422)
    try:
        talks.say_safe(
            found.pk,
            is_safe=form.is_safe,
            note=form.cleaned_data["note"],
            by=request.user,
            at=now(),
        )
    except plans.NoContact:
        form.add_error("safe", "The contact plan says no contact at all. Change the plan first")
        return _page(request, found, now(), safe_form=form, status=422)
    except talks.Taken as refused:
        return _refused(request, found, _taken(refused))
    return redirect("social:talk", found.pk)


def _talk(request, pk):
    return get_object_or_404(selectors.talks_for(request.user), pk=pk)


def _do(request, found, change, form=None):
    try:
        change(now())
    except talks.Taken as refused:
        return _refused(request, found, _taken(refused), form)
    except talks.NotSafe as refused:
        return _refused(request, found, f"Not sent. {refused.because}", form)
    if request.htmx:
        return _part(request, _talk(request, found.pk), now())
    return redirect("social:talk", found.pk)


def _taken(refused):
    holder = refused.talk
    if holder.taken_by is None:
        return "Take it before you do that."
    return f"{holder.taken_by} took this at {local_time.local(holder.taken_at):%H:%M}."


def _refused(request, found, said, form=None):
    found = _talk(request, found.pk)
    if request.htmx:
        return _part(request, found, now(), refused=said, status=409)
    return _page(request, found, now(), form=form, refused=said, status=409)


def _context(request, found, at):
    result = talks.score(found, at=at, questions=True)
    allowed = talks.may_answer(found, at=at)
    plan = found.account.contact and asking.kept(found.account.contact).plan
    return {
        "talk": found,
        "row": selectors.row(found, request.user, at),
        "lines": list(found.lines.select_related("by", "notification").order_by("number")),
        "is_mine": found.taken_by_id == request.user.pk,
        "result": result,
        "grade_label": found.force.grade_label(result.grade),
        "pieces": marking.marked(talks.words(found), result.as_dict()["flags"]),
        "rules": rules(result.because, result.grade),
        "plan": plan,
        "is_said": bool(plan and found.account.channel in plan.channels),
        "held": asking.HELD_REASONS.get(getattr(allowed, "reason", ""), ""),
        "later": allowed.at if isinstance(allowed, safe_contact.NotBefore) else None,
        "at": local_time.local(at),
    }


def _part(request, found, at, *, refused="", status=200):
    context = _context(request, found, at) | {"refused": refused}
    return TemplateResponse(request, "triage/social/_talk.html", context, status=status)


def _page(request, found, at, *, form=None, safe_form=None, refused="", status=200):
    context = _context(request, found, at)
    context |= {
        "social_rows": selectors.rows(request.user, at),
        "form": form or AnswerForm(),
        "safe_form": safe_form or SafeForm(),
        "refused": refused,
    }
    return TemplateResponse(request, "triage/social/talk.html", context, status=status)
