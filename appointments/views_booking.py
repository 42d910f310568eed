"""Booking while the caller is on the line: choose a time, hold it, book it."""

import contextlib
import uuid
from dataclasses import replace
from datetime import timedelta

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.text import get_text_list
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST

from appointments import booking as diary
from appointments import companions, outcomes, selectors
from appointments import slots as slots_of
from appointments.forms import (
    EARLIEST,
    CancelForm,
    DayForm,
    HoldForm,
    ReassignForm,
    SlotForm,
    StraightForm,
    slot_value,
)
from appointments.models import Appointment
from appointments.rosters import skills
from messaging import asking
from messaging.models import Channel as Way
from messaging.models import Notification
from triage import offers
from triage import selectors as triage_selectors
from triage.models import Channel, Participant
from victimcontact.accounts.models import User
from victimcontact.accounts.permissions import can, require
from victimcontact.lib import local_time
from victimcontact.lib.prepared import Prepared
from victimcontact.people import needs
from victimcontact.people.safe_contact import Held, NotBefore

ALREADY_BOOKED = "This report was booked from another page. Move that appointment instead"
LAPSED = "This time is no longer held. Choose a time again"
OTHER_HELD = "Another page held this time instead. Read it to them again before you book it"
NOT_OFFERED = "They chose something else, or it is not safe any more. Record the choice first"
NOT_REACHABLE = "Record a phone number and agree an opening word first: see Safe contact"
KEY_USED = "This page is old. Load it again, then choose a time"
# Said of a time: on its button, and after "This time is".
MISSED = {
    "officer": "with another officer",
    "gender": "not with the officer they asked for",
    "language": "not in their language",
    "time": "in another part of the day",
    "band": "later than it should be",
}


def _days(slots):
    """Slots as [(day, [(value, time, what it misses)])], for buttons under headings."""
    days = {}
    for slot in slots:
        missed = ", ".join(MISSED[name] for name in slot.missed)
        day, said = local_time.say_apart(slot.starts_at)
        days.setdefault(day, []).append((slot_value(slot), said, missed))
    return list(days.items())


def _missed(appointment, person):
    """What the time of an appointment misses, to say after "This time is"; else an empty text."""
    missed = slots_of.missed(appointment, wishes=slots_of.wishes_of(person))
    return get_text_list([MISSED[name] for name in missed], "and")


def free_for(incident, contact, kind, desk, day, at, *, officer_id=None):
    """The free Slots to offer a person: several at once, or those of one London day, half-hourly.

    With what the person needs of the officer. ``officer_id`` is one they know already.
    """
    wishes = slots_of.wishes_of(contact, officer_id)
    if day is None and contact == incident.victim:
        return selectors.slots_for(incident, kind=kind, at=at, wishes=wishes, limit=12)
    asked = replace(wishes, skills=tuple(skills.required(incident, at=at, contact=contact)))
    if day is None:
        return slots_of.fitting(desk, at=at, wishes=asked, limit=12)
    since, until = local_time.day_bounds(day)
    times = {"at": at, "since": since, "until": until, "wishes": asked, "limit": 60}
    if contact == incident.victim:
        return slots_of.of_day(incident, desk, **times)
    return slots_of.fitting(desk, **times)


def later_days(at):
    """Today and the days after it, to ask for their times."""
    today = local_time.local(at).date()
    return [today + timedelta(days=number) for number in range(selectors.HORIZON_DAYS)]


def _witness(request, incident):
    """The Contact of the witness whom ?for= names, or None for the victim. 404 for anybody else."""
    asked = request.POST.get("for") or request.GET.get("for")
    if not asked:
        return None
    try:
        found = incident.participants.filter(
            role=Participant.Role.WITNESS, contact=uuid.UUID(asked)
        ).select_related("contact")
    except ValueError as error:
        raise Http404 from error
    return get_object_or_404(found).contact


def _page(request, incident, *, witness=None, error="", slots=None, straight_form=None, status=200):
    """The booking of one person as it stands: nothing chosen, held, or booked."""
    at = now()
    person = witness or incident.victim
    role = Appointment.Role.WITNESS if witness else Appointment.Role.VICTIM
    theirs = incident.appointments.filter(role=role)
    if witness:
        theirs = theirs.filter(contact=witness)
    appointment = (
        theirs.filter(status__in=(*Appointment.LIVE, Appointment.Status.HELD))
        .select_related("officer", "desk", "contact")
        .order_by("-created_at")
        .first()
    )
    held = appointment and appointment.status == Appointment.Status.HELD
    if held and appointment.held_until <= at:
        appointment, held = None, False
    if held and error == LAPSED:
        error = OTHER_HELD
    offer = offers.latest(incident, witness)
    kind = offer.chosen if offer and offer.chosen in Appointment.Kind.values else ""
    assessment = incident.current_assessment
    is_open = bool(kind and assessment and kind in offers.options(assessment))
    desk = selectors.desk_for(incident, kind) if kind else None
    day = DayForm(request.GET).chosen()
    if slots is None and desk and is_open and not appointment:
        slots = free_for(incident, person, kind, desk, day, at)
    straight = (
        not witness
        and not (appointment and not held)
        and kind == Appointment.Kind.VIDEO
        and is_open
        and incident.channel in (Channel.EMERGENCY, Channel.NON_EMERGENCY)
    )
    context = {
        "text_told": _text_told(person, at) if held else None,
        "incident": incident,
        "witness": witness,
        "person": person,
        "needs": needs.told(person),
        "appointment": appointment,
        "is_held": held,
        "missed": _missed(appointment, person) if appointment else "",
        "kind": kind,
        "kind_label": Appointment.Kind(kind).label if kind else "",
        "is_open": is_open,
        "has_changed_mind": bool(appointment and not held and kind and kind != appointment.kind),
        "desk": desk,
        "days": _days(slots or []),
        "day": day,
        "later_days": later_days(at),
        "form": SlotForm.blank(),
        "error": error,
        "straight": straight,
        "straight_question": StraightForm.QUESTION,
        "straight_form": straight_form,
        # What was typed while the caller speaks is not typed again.
        "straight_typed": request.POST.get("context", ""),
        "straight_yes": "permission" in request.POST,
        "history": theirs.filter(status__in=HISTORY)
        .select_related("officer")
        .order_by("-created_at")[:6],
        "companions": companions.of(appointment) if appointment else [],
        "notifications": Notification.objects.filter(
            about_type="appointments.appointment",
            about_id__in=theirs.values("pk"),
        ).order_by("-queued_at"),
    }
    template = "appointments/_booking.html" if request.htmx else "appointments/booking.html"
    return TemplateResponse(request, template, context, status=status)


HISTORY = (Appointment.Status.CANCELLED, Appointment.Status.MISSED, Appointment.Status.ENDED)


def _text_told(person, at):
    """{"held": why, "later": when}: what the contact plan does to the text of a booking."""
    answer = asking.ask_plan(person, Way.SMS, at) if person else Held(asking.NO_ADDRESS)
    return {
        "held": asking.HELD_REASONS[answer.reason] if isinstance(answer, Held) else "",
        "later": answer.at if isinstance(answer, NotBefore) else None,
    }


def said_of(error):
    """How the page says what stood against a change: (words, slots to choose from instead)."""
    if isinstance(error, diary.NotLearnt):
        said = "That officer has not learnt what this person needs. These have"
        return said, error.alternatives or None
    if isinstance(error, diary.SlotTaken):
        return "This time has just been taken. These are nearest to it", error.alternatives or None
    said = {
        diary.HoldLapsed: LAPSED,
        diary.AlreadyBooked: ALREADY_BOOKED,
        diary.NotChosen: NOT_OFFERED,
        offers.NotOffered: NOT_OFFERED,
        diary.NotReachable: NOT_REACHABLE,
        diary.KeyUsed: KEY_USED,
        diary.NotLive: "This appointment is over or was moved already",
        diary.NobodyFree: "No officer is free this minute. Hold a time below instead",
    }
    return said[type(error)], None


REFUSALS = (
    diary.SlotTaken,
    diary.HoldLapsed,
    diary.AlreadyBooked,
    diary.NotChosen,
    diary.NotReachable,
    diary.KeyUsed,
    diary.NotLive,
    diary.NobodyFree,
    offers.NotOffered,
)


@require_http_methods(["GET", "POST"])
@require("appointment.book", reads="triage.incident")
def booking(request, pk):
    """See the next free times; POST holds one for the caller."""
    incident = triage_selectors.seen_by(request.user, pk)
    if incident is None:
        raise Http404
    witness = _witness(request, incident)
    if request.method == "GET":
        return _page(request, incident, witness=witness)
    form = HoldForm(request.POST)
    if not form.is_valid():
        error = form.errors.get("slot", ["Load the page again"])[0]
        return _page(request, incident, witness=witness, error=error, status=422)
    slot = form.cleaned_data["slot"]
    asked = {
        "incident_id": incident.pk,
        "idempotency_key": form.cleaned_data["key"],
        "witness": witness,
        "by": request.user,
        "at": now(),
    }
    try:
        if slot == EARLIEST:
            diary.hold_earliest(wishes=slots_of.wishes_of(witness or incident.victim), **asked)
        else:
            officer_id, starts_at = slot
            diary.hold(officer_id=officer_id, starts_at=starts_at, **asked)
    except REFUSALS as refusal:
        error, slots = said_of(refusal)
        if type(refusal) is diary.SlotTaken and slot != EARLIEST:
            error = f"{local_time.say_when(starts_at)} has just been taken. These are nearest to it"
        return _page(request, incident, witness=witness, error=error, slots=slots, status=409)
    return _done(request, incident.pk, witness)


@require_POST
@require("appointment.book", reads="appointments.appointment")
def confirm(request, pk):
    """Book the time that is held for this person."""
    appointment = _theirs_or_404(request.user, pk)
    witness = appointment.witness
    try:
        diary.book(appointment_id=pk, by=request.user, at=now())
    except REFUSALS as refusal:
        error, _ = said_of(refusal)
        return _page(request, appointment.incident, witness=witness, error=error, status=409)
    return _done(request, appointment.incident_id, witness)


@require_POST
@require("appointment.book", reads="triage.incident")
def straight(request, pk):
    """Take the caller to an officer who is free this minute, with their yes."""
    incident = get_object_or_404(triage_selectors.incidents_for(request.user), pk=pk)
    form = StraightForm(request.POST)
    if not form.is_valid():
        shown = [error for name in ("context", "permission") for error in form.errors.get(name, ())]
        error = "" if shown else next(iter(form.errors.values()))[0]
        return _page(request, incident, error=error, straight_form=form, status=422)
    try:
        diary.now(
            incident_id=incident.pk,
            words=StraightForm.QUESTION,
            context=form.cleaned_data["context"],
            idempotency_key=form.cleaned_data["key"],
            by=request.user,
            at=now(),
        )
    except REFUSALS as refusal:
        error, _ = said_of(refusal)
        return _page(request, incident, error=error, status=409)
    return _done(request, incident.pk)


@require_POST
@require("appointment.book", reads="appointments.appointment")
def release(request, pk):
    """Give a held time back."""
    appointment = get_object_or_404(
        _appointments(request.user), pk=pk, status=Appointment.Status.HELD
    )
    with contextlib.suppress(diary.NotLive):  # booked this moment: the page shows it
        diary.give_back(appointment_id=pk)
    return _done(request, appointment.incident_id, appointment.witness)


@require_http_methods(["GET", "POST"])
@require("appointment.book", reads="appointments.appointment")
def move(request, pk):
    """Give a booked appointment another time, of the kind that was chosen last."""
    appointment = _theirs_or_404(request.user, pk)
    form, slots, error, status = SlotForm.blank(), None, "", 200
    if request.method == "POST":
        form = SlotForm(request.POST)
        if form.is_valid():
            officer_id, starts_at = form.cleaned_data["slot"]
            try:
                new = diary.move(
                    appointment_id=pk,
                    officer_id=officer_id,
                    starts_at=starts_at,
                    idempotency_key=form.cleaned_data["key"],
                    by=request.user,
                    at=now(),
                )
            except REFUSALS as refusal:
                (error, slots), status, form = said_of(refusal), 409, SlotForm.blank()
            else:
                messages.success(request, "The appointment was moved. A text tells them.")
                return _to_appointment(request, new)
        else:
            error, status = form.errors.get("slot", ["Load the page again"])[0], 422
    offer = offers.latest(appointment.incident, appointment.witness)
    kind = offer.chosen if offer and offer.chosen in Appointment.Kind.values else appointment.kind
    context = _choosing(request, appointment, kind, slots) | {
        "form": form,
        "key": form["key"].value() or uuid.uuid4(),
        "error": error,
        "before": appointment.get_kind_display() if kind != appointment.kind else "",
    }
    return TemplateResponse(request, "appointments/move.html", context, status=status)


def _choosing(request, appointment, kind, slots):
    """What a page shows that asks for a time of ``kind`` in place of, or after, an appointment."""
    at, day = now(), DayForm(request.GET).chosen()
    incident = appointment.incident
    desk = (
        appointment.desk if kind in appointment.desk.kinds else selectors.desk_for(incident, kind)
    )
    if slots is None:
        slots = (
            free_for(
                incident,
                appointment.contact,
                kind,
                desk,
                day,
                at,
                officer_id=appointment.officer_id,
            )
            if desk
            else []
        )
    return {
        "appointment": appointment,
        "kind": kind,
        "kind_label": Appointment.Kind(kind).label,
        "days": _days(slots),
        "day": day,
        "later_days": later_days(at),
        "needs": needs.told(appointment.contact),
    }


@require_http_methods(["GET", "POST"])
@require("appointment.book", reads="appointments.appointment")
def follow_up(request, pk):
    """Agree the next talk from within this one; ?kind= is what they choose for it."""
    appointment = _theirs_or_404(request.user, pk)
    assessment = appointment.incident.current_assessment
    kinds = [
        kind
        for kind in (offers.options(assessment) if assessment else [])
        if kind in Appointment.Kind.values
    ]
    kind = request.POST.get("kind") or request.GET.get("kind") or appointment.kind
    if kind not in kinds:
        kind = kinds[0] if kinds else appointment.kind
    form, slots, error, status = SlotForm.blank(), None, "", 200
    if request.method == "POST":
        form = SlotForm(request.POST)
        if form.is_valid():
            officer_id, starts_at = form.cleaned_data["slot"]
            try:
                made = diary.follow_up(
                    appointment_id=pk,
                    officer_id=officer_id,
                    starts_at=starts_at,
                    idempotency_key=form.cleaned_data["key"],
                    chosen=kind,
                    by=request.user,
                    at=now(),
                )
            except REFUSALS as refusal:
                (error, slots), status, form = said_of(refusal), 409, SlotForm.blank()
            else:
                said = local_time.say_when(made.starts_at)
                messages.success(request, f"The next one is booked for {said}. A text tells them.")
                return _to_appointment(request, appointment)
        else:
            error, status = form.errors.get("slot", ["Load the page again"])[0], 422
    context = _choosing(request, appointment, kind, slots) | {
        "form": form,
        "key": form["key"].value() or uuid.uuid4(),
        "error": error,
        "kinds": [(each, Appointment.Kind(each).label) for each in kinds],
        "video": Appointment.Kind.VIDEO in kinds,
    }
    return TemplateResponse(request, "appointments/follow_up.html", context, status=status)


@require_http_methods(["GET", "POST"])
@require("diary.manage", reads="appointments.appointment")
def reassign(request, pk):
    """Give the appointment to another officer who is free at that time."""
    appointment = _theirs_or_404(request.user, pk)
    officers = selectors.free_officers(appointment, at=now())
    form = ReassignForm(request.POST if request.method == "POST" else None, officers=officers)
    status = 200
    if form.is_valid():
        try:
            diary.reassign(
                appointment_id=pk,
                officer_id=form.cleaned_data["officer"].pk,
                reason=form.cleaned_data["reason"],
                by=request.user,
                at=now(),
            )
        except REFUSALS as refusal:
            form.add_error(None, said_of(refusal)[0])
        else:
            messages.success(request, "The appointment has another officer now.")
            return _to_appointment(request, appointment)
    if form.errors:
        status = 422
    context = {"appointment": appointment, "form": form, "officers": officers}
    return TemplateResponse(request, "appointments/reassign.html", context, status=status)


@require_POST
@require("room.enter", reads="appointments.appointment")
def outcome(request, pk):
    """Whether the officer and the person met, at their place or the station."""
    appointment = get_object_or_404(selectors.appointments_for(request.user), pk=pk)
    if not outcomes.may_say_outcome(request.user, appointment):
        raise Http404
    say = {"met": outcomes.met, "not_met": outcomes.not_met}.get(request.POST.get("outcome"))
    if say is None:
        raise BadRequest("no such outcome")
    try:
        say(appointment_id=pk, by=request.user, at=now())
    except diary.NotLive:
        messages.error(request, "Nothing was changed: it is not time yet, or it is over.")
    return redirect("appointments:appointment", pk)


def _to_appointment(request, appointment):
    if can(request.user, "appointment.view"):
        return redirect("appointments:appointment", appointment.pk)
    return redirect("triage:incident", appointment.incident_id)


@require_http_methods(["GET", "POST"])
@require("appointment.book", reads="appointments.appointment")
def cancel(request, pk):
    """Give an appointment up, with the reason."""
    appointment = _theirs_or_404(request.user, pk)
    data = request.POST if request.method == "POST" else None
    form = CancelForm(data, kind=appointment.kind)
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            diary.cancel(appointment_id=pk, reason=reason, by=request.user, at=now())
        except diary.NotLive:
            form.add_error(None, "This appointment has begun or is over")
        else:
            messages.success(request, "The appointment was cancelled. A text tells them.")
            return redirect("triage:incident", appointment.incident_id)
    context = {"appointment": appointment, "form": form}
    return TemplateResponse(request, "appointments/cancel.html", context)


@require_POST
@require("appointment.book", reads="appointments.appointment")
def send_link_again(request, pk):
    """Text them a new link, and shut the old."""
    appointment = _theirs_or_404(request.user, pk)
    witness, error = appointment.witness, ""
    try:
        diary.send_link_again(appointment_id=pk, by=request.user, at=now())
    except diary.NotLive:
        error = "This appointment is over or was cancelled: there is nothing to open"
    except diary.NotReachable:
        error = NOT_REACHABLE
    if error:
        return _page(request, appointment.incident, witness=witness, error=error, status=409)
    return _done(request, appointment.incident_id, witness)


def _theirs_or_404(user, pk):
    for found in _theirs(user=user.pk, appointment=pk):
        return found
    raise Http404


@Prepared
def _theirs(user, appointment):
    return _appointments(User(pk=user)).filter(pk=appointment).order_by()


def _appointments(user):
    """Those that ``user`` may book, move or cancel: of the incidents they may see."""
    return Appointment.objects.filter(incident__in=triage_selectors.incidents_for(user))


def _done(request, incident_id, witness=None):
    if request.htmx:
        request.method = "GET"
        incident = triage_selectors.seen_by(request.user, incident_id)
        return _page(request, incident, witness=witness)
    address = reverse("appointments:booking", args=[incident_id])
    return redirect(f"{address}?for={witness.pk}" if witness else address)
