"""Cases and their inbox, for the officers who look after them."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal import cases as services
from portal import entitlements, invitations, permissions, rights, selectors, talk, words
from portal.forms import (
    CANNOT,
    AssignForm,
    InviteForm,
    MessageForm,
    NeedsForm,
    OwedForm,
    UpdateForm,
)
from portal.models import Case
from victimcontact.accounts.permissions import can, require
from victimcontact.audit import ledger
from victimcontact.lib import working_days
from victimcontact.lib.local_time import local
from victimcontact.people import words as opening_words

# Working days after which an unanswered message is shown as late to whoever sees the inbox.
REPLY_WITHIN = 2
READ_WRITE = require_http_methods(["GET", "HEAD", "POST"])


# Lists


@require_safe
@require("case.view", reads="list")
def cases(request):
    """The cases of this person, or of their forces; a page at a time, newest first."""
    sees_all = permissions.sees_all_cases(request.user)
    show = request.GET.get("show", "")
    if show not in ("mine", "all", "closed") or (show == "all" and not sees_all):
        show = "mine" if can(request.user, "case.update") and not sees_all else "all"
    before = None
    if request.GET.get("before"):
        before = _case(request, request.GET["before"])
    at = now()
    found, has_more = selectors.case_list(request.user, show=show, at=at, before=before)
    tabs = [("mine", "My cases"), ("all", "All cases"), ("closed", "Closed")]
    context = {
        "cases": found,
        "next_before": found[-1].pk if has_more else None,
        "show": show,
        "tabs": [(key, name) for key, name in tabs if key != "all" or sees_all],
        "waiting": selectors.waiting_count(request.user),
        "without_case": selectors.crimes_without_case(request.user)
        if can(request.user, "case.update")
        else (),
        "today": local(at).date(),
    }
    return TemplateResponse(request, "portal/cases.html", context)


@require_safe
@require("case.view", reads="list")
def inbox(request):
    """Messages of victims that wait, the longest waiting first. Read in the case itself."""
    at = now()
    found = list(selectors.inbox(request.user, at))
    for one in found:
        one.is_late = working_days.due(one.waiting_since, REPLY_WITHIN) < at
    context = {"cases": found, "waiting": len(found)}
    return TemplateResponse(request, "portal/inbox.html", context)


@require_POST
@require("case.update", reads="triage.incident")
def open_case(request, pk):
    """Open the case of a crime that was recorded before its victim was known."""
    crime = get_object_or_404(selectors.crimes_without_case(request.user), incident=pk)
    try:
        case = services.open_case(crime=crime, by=request.user, at=now())
    except services.NoVictimContact:
        messages.error(request, "This report still has no victim. Add them to the report first.")
        return redirect("portal:cases")
    return redirect("portal:case", case.pk)


# One case


@require_safe
@require("case.view")
def case(request, pk):
    """Everything about one case; looking at it is an entry in the ledger."""
    return _page(request, _case(request, pk))


@require_POST
@require("case.message", reads="portal.case")
def message(request, pk):
    """Write to the victim, or say that what they wrote needs no answer."""
    found = _case(request, pk)
    if request.POST.get("step") == "seen":
        _mark_seen(request, found)
        return redirect("portal:case", pk)
    form = MessageForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form=form, status=422)
    talk.write(
        found,
        author=request.user,
        body=form.cleaned_data["body"],
        key=form.cleaned_data["key"],
        at=now(),
    )
    messages.success(request, "Your message is in the portal.")
    return redirect("portal:case", pk)


def _mark_seen(request, found):
    conversation = selectors.conversation(found)
    shown = [one for one in selectors.messages(found) if str(one.pk) == request.POST.get("last")]
    if conversation and shown:
        talk.mark_answered(found, conversation, by=request.user, at=now(), up_to=shown[0].sent_at)


@READ_WRITE
@require("case.update", reads="portal.case")
def update(request, pk):
    """Write an update, look at it as the victim will, publish it."""
    found = _case(request, pk)
    form = (
        UpdateForm(request.POST, case=found) if request.method == "POST" else UpdateForm.of(found)
    )
    context = {"case": found, "form": form}
    if request.method == "POST" and form.is_valid():
        if request.POST.get("step") == "publish":
            try:
                _publish(request, found, form)
            except services.SpeakFirst:
                form.add_error("is_spoken", "Tell the victim this by phone or in person first")
            else:
                return redirect("portal:case", pk)
        elif request.POST.get("step") != "change":
            return TemplateResponse(
                request, "portal/update_preview.html", context | _preview(found, form)
            )
    status = 422 if form.is_bound and form.errors else 200
    return TemplateResponse(request, "portal/update.html", context, status=status)


def _publish(request, found, form):
    data = form.cleaned_data
    event = services.publish(
        found,
        key=data["key"],
        said=data["said"],
        internal_note=data["internal_note"],
        status=data["status"],
        happened=data["happened"],
        happened_at=data["happened_at"],
        spoken_at=data["spoken_at"],
        next_update_on=data["next_update_on"],
        by=request.user,
        at=now(),
    )
    if not event.is_visible:
        messages.success(request, "Kept. Nothing was shown to the victim.")
    elif found.invited_at:
        messages.success(request, "Published in the portal.")
    else:
        messages.warning(
            request, "Kept. The victim is not in the portal: tell them by a safe call."
        )


def _preview(found, form):
    data = form.cleaned_data
    return {
        "status_words": words.status(
            data["status"],
            officer=selectors.officer_as_told(found),
            next_update_on=data["next_update_on"] or found.next_update_on,
            today=local(now()).date(),
        ),
        "said": data["said"],
        "internal_note": data["internal_note"],
        "happened": rights.current().triggers.get(data["happened"], ""),
        "spoken_at": data["spoken_at"],
        "is_status_new": data["status"] != found.status,
    }


@READ_WRITE
@require("case.update", reads="portal.case")
def owed(request, pk, entitlement_pk):
    """Record how one right was given, or why it cannot be."""
    found = _case(request, pk)
    entitlement = get_object_or_404(found.entitlements, pk=entitlement_pk)
    form = OwedForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        data, at = form.cleaned_data, now()
        if data["how"] == CANNOT:
            entitlements.cannot_be_given(entitlement, reason=data["note"], by=request.user, at=at)
        else:
            services.record_told(
                entitlement,
                how=data["how"],
                told_at=data["told_at"] or at,
                note=data["note"],
                by=request.user,
                at=at,
            )
        messages.success(request, "Recorded.")
        return redirect("portal:case", pk)
    row = next(row for row in selectors.owed(found, now()) if row.entitlement == entitlement)
    context = {"case": found, "row": row, "form": form}
    return TemplateResponse(request, "portal/owed.html", context, status=_status(form))


@READ_WRITE
@require("case.update", reads="portal.case")
def needs(request, pk):
    """Record the needs assessment."""
    found = _case(request, pk)
    form = NeedsForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        services.assess_needs(
            found,
            is_enhanced=form.is_enhanced,
            reason=form.cleaned_data["reason"],
            note=form.cleaned_data["note"],
            by=request.user,
            at=now(),
        )
        messages.success(request, "Recorded. What is still owed now has the right limit.")
        return redirect("portal:case", pk)
    context = {"case": found, "form": form}
    return TemplateResponse(request, "portal/needs.html", context, status=_status(form))


@READ_WRITE
@require("case.assign", reads="portal.case")
def assign(request, pk):
    """Give the case to another officer."""
    found = _case(request, pk)
    form = AssignForm(
        request.POST if request.method == "POST" else None, officers=selectors.officers_for(found)
    )
    if form.is_valid():
        services.assign(found, officer=form.cleaned_data["officer"], by=request.user, at=now())
        messages.success(request, f"{form.cleaned_data['officer']} is in charge of this case.")
        return redirect("portal:case", pk)
    context = {"case": found, "form": form}
    return TemplateResponse(request, "portal/assign.html", context, status=_status(form))


@READ_WRITE
@require("case.update", reads="portal.case")
def invite(request, pk):
    """Invite the victim to the portal, or see why that would not be safe."""
    found, at = _case(request, pk), now()
    reasons = permissions.reasons_against_invitation(selectors.invitation_facts(found, at))
    plan = found.contact.plan
    form = InviteForm(request.POST if request.method == "POST" else None, plan=plan)
    if request.method == "POST" and reasons:
        invitations.invite(found, by=request.user, at=at)  # keeps the reasons, sends nothing
        messages.warning(request, "Not invited. Give the same updates by a safe call.")
        return redirect("portal:case", pk)
    if form.is_valid() and _agree_word(request, found, form):
        made = invitations.invite(found, by=request.user, at=at)
        if made.is_made:
            messages.success(request, "Invited. A text with the link is on its way.")
        else:
            messages.warning(request, "Not invited. Give the same updates by a safe call.")
        return redirect("portal:case", pk)
    context = {
        "case": found,
        "form": form,
        "reasons": [permissions.REASONS[reason] for reason in reasons],
    }
    return TemplateResponse(request, "portal/invite.html", context, status=_status(form))


def _agree_word(request, found, form) -> bool:
    """Keep a word that was agreed now. False where it is one that others know."""
    word = form.cleaned_data["word"]
    if not word:
        return True
    try:
        invitations.agree_word(found, word, by=request.user, at=now())
    except opening_words.WordUnfit as refusal:
        form.add_error("word", str(refusal))
        return False
    return True


def _case(request, pk) -> Case:
    cases = selectors.cases_for(request.user).select_related("crime__incident")
    try:
        return get_object_or_404(cases, pk=pk)
    except ValidationError as error:  # not a key at all
        raise Http404 from error


def _page(request, found, *, form=None, status=200):
    at = now()
    ledger.record("case.viewed", by=request.user, about=found, at=at)
    said = selectors.messages(found)
    talk_now = selectors.conversation(found)
    seen = talk_now.staff_read_at if talk_now else None
    context = {
        "case": found,
        "form": form or MessageForm.blank(),
        "timeline": selectors.case_timeline(found),
        "owed": selectors.owed(found, at),
        "said": said,
        "waits": any(
            one.author == one.Author.VICTIM and (seen is None or one.sent_at > seen) for one in said
        ),
        "status_words": words.status(
            found.status,
            officer=selectors.officer_as_told(found),
            next_update_on=found.next_update_on,
            today=local(at).date(),
        ),
        "not_invited": [
            permissions.REASONS[reason]
            for reason in found.not_invited_reason.split()
            if reason in permissions.REASONS
        ],
        "wants_texts": selectors.wants_texts(found),
        "statements": selectors.signed_statements(found),
        "may_update": can(request.user, "case.update"),
        "may_write": can(request.user, "case.message"),
        "may_assign": can(request.user, "case.assign"),
        "today": local(at).date(),
    }
    return TemplateResponse(request, "portal/case.html", context, status=status)


def _status(form):
    return 422 if form.is_bound and form.errors else 200
