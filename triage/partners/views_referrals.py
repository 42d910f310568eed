"""Referrals to partner agencies: made, followed, listed, printed."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from triage import selectors as triage
from triage import shown
from triage.models import Participant
from triage.partners import agencies, cards, panel, referring, selectors
from triage.partners.forms import FilterForm, MoveForm, ReferForm
from triage.partners.models import Referral
from victimcontact.accounts.permissions import can, require
from victimcontact.audit import ledger
from victimcontact.lib import local_time

ROWS = 50


@require_GET
@require("referral.view", reads="list")
def referrals(request):
    """What was referred and waits for an answer, by when it is due."""
    at = now()
    form = FilterForm(request.GET or None, found=selectors.agencies_seen_by(request.user))
    stands, agency = form.chosen
    found = selectors.listed(request.user, stands=stands, agency=agency, at=at)
    page = Paginator(found, ROWS).get_page(request.GET.get("page"))
    context = {
        "form": FilterForm(
            initial={"stands": stands, "agency": agency},
            found=selectors.agencies_seen_by(request.user),
        ),
        "rows": [selectors.row(referral, at) for referral in page],
        "page": page,
        "stands": stands,
        "agency": agency,
        "overdue": selectors.overdue_count(request.user, at=at),
        "several_forces": request.user.forces.count() > 1,
    }
    return TemplateResponse(request, "triage/partners/referrals.html", context)


@require_http_methods(["GET", "POST"])
@require("referral.make", reads="triage.incident")
def refer(request, pk):
    """Record that an agency was told of an incident."""
    at = now()
    incident = get_object_or_404(triage.incidents_for(request.user), pk=pk)
    found = list(selectors.agencies_for(incident.force))
    raised = panel.cards_of(incident, at=at)[0]
    asked_for = request.GET.get("card", "")
    if asked_for in cards.all_cards():
        raised = {asked_for: None}
    likely = list(dict.fromkeys(kind for key in raised for kind in cards.all_cards()[key].refer_to))
    form = ReferForm(
        request.POST if request.method == "POST" else None,
        found=found,
        likely=likely,
        initial={"card": next(iter(raised), "")},
    )
    if form.is_valid() and (referral := _make(form, incident, request.user, at)):
        messages.success(request, "The referral is recorded. Follow it here until they answer.")
        return redirect("partners:referral", referral.pk)
    context = shown.header(incident, at) | {
        "form": form,
        "agencies": found,
        "kinds": agencies.kinds(),
        **shown.plan_told(incident.victim),
        "victim": incident.victim,
    }
    status = 422 if form.errors else 200
    return TemplateResponse(request, "triage/partners/refer.html", context, status=status)


def _make(form, incident, by, at):
    try:
        return referring.make(incident, **form.wanted, by=by, at=at)
    except referring.UnknownAgency:
        form.add_error("agency", "This agency is not used any more. Choose another")
    except referring.AlreadyReferred as already:
        form.add_error(
            "agency",
            f"{already.referral.made_by} referred this incident there,"
            f" {local_time.staff_time(already.referral.made_at)}, and it waits for an answer",
        )
    except referring.GroundMissing:
        form.add_error("ground", "Choose why it is shared although the person did not agree")
    except referring.GroundNotAccepted:
        kind = agencies.kinds()[form.wanted["agency"].kind]
        allowed = [agencies.reasons()[name].lower() for name in kind.without_consent]
        form.add_error(
            "ground",
            f"Without consent, {kind.label} is told only {', or '.join(allowed)}",
        )
    except referring.NoteMissing:
        form.add_error("asked", "Say what you told the agency")
    return None


@require_GET
@require("referral.view", reads="partners.referral")
def referral(request, pk):
    """One referral: what was asked, and everything that became of it."""
    return _referral_page(request, _referral(request, pk))


@require_POST
@require("referral.make", reads="partners.referral")
def move(request, pk):
    """Record what the agency said, or that it was asked again."""
    at = now()
    found = _referral(request, pk)
    form = MoveForm(request.POST, referral=found)
    if form.is_valid():
        said = {key: form.cleaned_data[key] for key in ("note", "seen")}
        try:
            if form.cleaned_data["to"] == MoveForm.CHASED:
                referring.chase(found.pk, **said, by=request.user, at=at)
            else:
                referring.move(found.pk, to=form.cleaned_data["to"], **said, by=request.user, at=at)
        except referring.NoteMissing:
            form.add_error("note", "Write what they said, or why")
        except referring.Overtaken as overtaken:
            form.add_error(
                None,
                "Somebody else recorded something meanwhile: the referral is"
                f" {overtaken.referral.get_status_display().lower()} now. Read that first",
            )
            form.data = form.data.copy()
            form.data["seen"] = overtaken.referral.status
        except referring.MayNotMove:
            form.add_error("to", "That cannot follow on how the referral stands")
        else:
            messages.success(request, "Recorded.")
            return redirect("partners:referral", found.pk)
    return _referral_page(request, _referral(request, pk), form)


@require_GET
@require("referral.view")
def form(request, pk):
    """The referral as a page to print or to save: an entry in the ledger."""
    at = now()
    found = _referral(request, pk)
    incident = found.incident
    ledger.record("referral.form_opened", by=request.user, about=found, at=at)
    victim = incident.victim
    context = _facts(found) | {
        "people": _people(incident),
        "victim": victim,
        **shown.plan_told(victim),
        "printed_at": at,
    }
    return TemplateResponse(request, "triage/partners/form.html", context)


def _people(incident):
    """(contact, what they are in it) of everybody named; never the person suspected."""
    found = {}
    people = incident.participants.exclude(role=Participant.Role.SUSPECT).order_by("id")
    for person in people.select_related("contact"):
        if person.contact:
            found.setdefault(person.contact, []).append(person.get_role_display())
    return [(contact, " and ".join(roles)) for contact, roles in found.items()]


def _referral(request, pk):
    return get_object_or_404(selectors.referrals_for(request.user), pk=pk)


def _facts(found):
    kind = agencies.kinds()[found.agency.kind]
    return {
        "referral": found,
        "kind": kind,
        "card": cards.all_cards().get(found.card),
        "ground": agencies.reasons().get(found.ground, found.ground),
    }


def _referral_page(request, found, form=None):
    at = now()
    moves = list(found.moves.select_related("by").order_by("-number"))
    if form is None and found.is_open and can(request.user, "referral.make"):
        form = MoveForm(referral=found)
    context = shown.header(found.incident, at) | _facts(found)
    context |= {
        "row": selectors.row(found, at),
        "moves": moves,
        "form": form,
        "is_settled": found.status not in Referral.OPEN,
    }
    status = 422 if form is not None and form.errors else 200
    return TemplateResponse(request, "triage/partners/referral.html", context, status=status)
