"""Who else is heard or comes along, and what each of them needs."""

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from appointments import companions, rooms, selectors
from appointments.forms import CompanionForm, NeedsForm, WitnessForm
from appointments.forms_people import ChildForm, NumberForm, SeenForm
from appointments.models import Appointment, Companion
from triage import children as children_of
from triage import offers, thrive
from triage import selectors as triage_selectors
from triage.forms import OfferForm, PlanForm
from triage.models import Participant, Response
from triage.witnesses import add as add_witness
from victimcontact.accounts.permissions import can, require
from victimcontact.lib import phone
from victimcontact.people import needs, plans, words


@require_http_methods(["GET", "POST"])
@require("appointment.book", reads="triage.incident")
def witnesses(request, pk):
    """The witnesses of an incident; POST adds one."""
    incident = get_object_or_404(triage_selectors.incidents_for(request.user), pk=pk)
    form = WitnessForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        made = add_witness(incident, **form.cleaned_data, by=request.user, at=now())
        return redirect("appointments:witness", made.contact_id)
    found = incident.participants.filter(role=Participant.Role.WITNESS).select_related("contact")
    context = {"incident": incident, "form": form, "witnesses": found}
    status = 422 if form.errors else 200
    return TemplateResponse(request, "appointments/witnesses.html", context, status=status)


@require_http_methods(["GET", "POST"])
@require("appointment.book", reads="people.contact")
def witness(request, pk):
    """One witness, by their contact: their own choice, their own safe contact, then a time."""
    person = get_object_or_404(
        Participant.objects.select_related("incident__force", "contact").filter(
            role=Participant.Role.WITNESS,
            incident__in=triage_selectors.incidents_for(request.user),
        ),
        contact=pk,
    )
    incident, contact, at = person.incident, person.contact, now()
    assessment = incident.current_assessment
    posted = request.POST if request.method == "POST" else None
    is_choice = posted is not None and "chosen" in posted
    choice = OfferForm(posted if is_choice else None, assessment=assessment) if assessment else None
    if choice:
        choice.fields["chosen"].choices = [
            option for option in choice.fields["chosen"].choices if option[0] != Response.NONE
        ]
    plan_form = PlanForm(posted if posted is not None and not is_choice else None, of=contact)
    if choice and is_choice and choice.is_valid() and can(request.user, "offer.make"):
        try:
            offers.make(
                incident,
                chosen=choice.cleaned_data["chosen"],
                contact=contact,
                by=request.user,
                at=at,
            )
        except offers.NotOffered:
            choice.add_error("chosen", choice.fields["chosen"].error_messages["invalid_choice"])
        else:
            return redirect("appointments:witness", pk)
    if plan_form.is_bound and plan_form.is_valid() and can(request.user, "contact.change"):
        try:
            plans.set_plan(contact, **plan_form.agreed, by=request.user, at=at)
        except words.WordUnfit as unfit:
            plan_form.add_error("opening_word", str(unfit))
        else:
            return redirect("appointments:witness", pk)
    plan = contact.plan
    context = {
        "person": person,
        "incident": incident,
        "contact": contact,
        "choice": choice,
        "form": choice if is_choice else plan_form,
        "against": [thrive.VIDEO_REASONS.get(name, name) for name in assessment.video_reasons]
        if assessment
        else [],
        "video": bool(assessment and assessment.video_offer),
        "offer": offers.latest(incident, contact),
        "plan": plan,
        "plan_form": plan_form,
        "plan_action": request.path,
        "victim": contact,
        "is_reachable": bool(plan and plan.opening_word_hash and contact.phone),
        "needs": needs.told(contact),
    }
    status = 422 if context["form"].errors else 200
    return TemplateResponse(request, "appointments/witness.html", context, status=status)


@require_http_methods(["GET", "POST"])
@require("contact.change", reads="triage.incident")
def person_needs(request, pk):
    """What the victim (or ?for= a witness) of an incident needs, recorded once for every page."""
    incident = get_object_or_404(triage_selectors.incidents_for(request.user), pk=pk)
    asked = request.GET.get("for")
    contact = incident.victim
    if asked:
        found = incident.participants.filter(role=Participant.Role.WITNESS)
        contact = next((one.contact for one in found if str(one.contact_id) == asked), None)
    if contact is None:
        raise Http404
    form = NeedsForm.of(contact, request.POST if request.method == "POST" else None)
    if form.is_valid():
        plans.set_needs(
            contact,
            needs=form.as_needs,
            language=form.cleaned_data["language"],
            by=request.user,
            at=now(),
        )
        messages.success(request, "Kept. Every page of theirs shows it, and the diary looks by it.")
        return redirect("triage:incident", incident.pk)
    context = {"incident": incident, "contact": contact, "form": form}
    status = 422 if form.errors else 200
    return TemplateResponse(request, "appointments/needs.html", context, status=status)


# Who comes along


def _appointment(request, pk):
    return get_object_or_404(
        Appointment.objects.filter(incident__in=triage_selectors.incidents_for(request.user))
        | selectors.appointments_for(request.user),
        pk=pk,
    )


@require_http_methods(["GET", "POST"])
@require("appointment.book", reads="appointments.appointment")
def along(request, pk):
    """Who comes along to an appointment; POST asks one more."""
    appointment = _appointment(request, pk)
    form = CompanionForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            companions.add(appointment_id=pk, **form.cleaned_data, by=request.user, at=now())
        except words.WordUnfit as unfit:
            form.add_error("word", str(unfit))
        except companions.NotLive:
            form.add_error(None, "This appointment is over, or they meet in person")
        else:
            messages.success(request, "They are asked by a text with a link of their own.")
            return redirect("appointments:along", pk)
    context = {
        "appointment": appointment,
        "form": form,
        "companions": companions.rows(appointment, now()),
    }
    status = 422 if form.errors else 200
    return TemplateResponse(request, "appointments/along.html", context, status=status)


def _companion(request, pk):
    return get_object_or_404(
        Companion.objects.select_related("appointment__incident__force", "contact").filter(
            appointment__in=selectors.appointments_for(request.user)
        ),
        pk=pk,
    )


@require_http_methods(["GET", "POST"])
@require("appointment.book", reads="appointments.companion")
def companion(request, pk):
    """One who comes along: POST sends their link again, or to another number."""
    found = get_object_or_404(
        Companion.objects.select_related("appointment__incident__force", "contact").filter(
            Q(appointment__incident__in=triage_selectors.incidents_for(request.user))
            | Q(appointment__in=selectors.appointments_for(request.user))
        ),
        pk=pk,
    )
    is_number = "phone" in request.POST
    form = NumberForm(request.POST if is_number else None)
    try:
        if is_number and form.is_valid():
            number = form.cleaned_data["phone"]
            companions.give_number(companion_id=pk, number=number, by=request.user, at=now())
        elif request.method == "POST" and not is_number:
            companions.send_link_again(companion_id=pk, by=request.user, at=now())
    except companions.NotLive:
        messages.error(request, "Nothing was sent: the appointment is over or they are let out.")
    except companions.NotReachable:
        messages.error(request, "Nothing was sent: they have no number or no word of their own.")
    else:
        if request.method == "POST" and not form.errors:
            messages.success(request, "A text brings them a new link. The old one is shut.")
    if request.method == "POST" and not form.errors:
        return redirect("appointments:along", found.appointment_id)
    context = {
        "companion": found,
        "appointment": found.appointment,
        "number": phone.display(found.contact.phone),
        "is_live": found.removed_at is None and found.appointment.status in Appointment.LIVE,
        "form": form,
    }
    status = 422 if form.errors else 200
    return TemplateResponse(request, "appointments/companion.html", context, status=status)


@require_POST
@require("room.enter", reads="appointments.companion")
def admit(request, pk):
    """Let in whoever this officer saw waiting beside the victim."""
    companion = _companion(request, pk)
    if not rooms.may_enter(request.user, companion.appointment):
        raise Http404
    try:
        companions.admit(
            companion_id=pk, visit_id=request.POST.get("visit", ""), by=request.user, at=now()
        )
    except (companions.NotLive, companions.NotThere):
        messages.error(request, "Nobody was let in: they left, or opened their link again.")
    return _answer(request, companion)


@require_POST
@require("appointment.book", reads="appointments.companion")
def let_out(request, pk):
    """End their part for good."""
    companion = _companion(request, pk)
    companions.let_out(companion_id=pk, by=request.user, at=now())
    return _answer(request, companion)


@require_safe
@require("room.enter", reads="appointments.appointment")
def room_people(request, pk):
    """Who is who in the room, for the officer's open page."""
    appointment = _appointment(request, pk)
    if not rooms.may_enter(request.user, appointment):
        raise Http404
    context = {"appointment": appointment, "people": companions.rows(appointment, now())}
    return TemplateResponse(request, "appointments/_room_people.html", context)


def _answer(request, companion):
    if request.headers.get("X-Requested-With") == "fetch":
        return HttpResponse(status=204)
    if request.htmx:
        request.method = "GET"
        return room_people(request, companion.appointment_id)
    back = request.POST.get("back") == "along"
    name = "appointments:along" if back else "appointments:room"
    return redirect(reverse(name, args=[companion.appointment_id]))


@require_http_methods(["GET", "POST"])
@require("room.enter", reads="appointments.appointment")
def children(request, pk):
    """The children at the address: who was seen and spoken to. POST adds one, or says it anew."""
    appointment = get_object_or_404(
        selectors.appointments_for(request.user).select_related("incident"), pk=pk
    )
    known = list(children_of.of(appointment.incident))
    posted = request.POST if request.method == "POST" else None
    asked = (posted or request.GET).get("child", "")
    again = next((one for one in known if str(one.pk) == asked), None)
    # Once a victim, a child stays one unless somebody takes the tick away.
    form = SeenForm(posted, initial={"is_victim": again.is_victim}) if again else ChildForm(posted)
    if form.is_valid():
        said = {**form.cleaned_data, "by": request.user, "at": now()}
        if again:
            children_of.see(again.pk, **said)
        else:
            children_of.record(appointment.incident, **said)
        messages.success(request, "Recorded.")
        return redirect("appointments:children", pk)
    context = {"appointment": appointment, "children": known, "again": again, "form": form}
    status = 422 if form.errors else 200
    return TemplateResponse(request, "appointments/children.html", context, status=status)
