"""Booking while the caller is on the line: choose a time, hold it, book it."""

import uuid
from datetime import timedelta

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST

from appointments import booking as diary
from appointments import selectors
from appointments.forms import CancelForm, DayForm, SlotForm, slot_value
from appointments.models import Appointment
from messaging import asking
from messaging.models import Channel, Notification
from triage import selectors as triage_selectors
from triage.models import Response
from victimcontact.accounts.permissions import can, require
from victimcontact.lib import local_time
from victimcontact.people.safe_contact import Held, NotBefore

ALREADY_BOOKED = "This report was booked from another page. Move that appointment instead"
LAPSED = "This time is no longer held. Choose a time again"
NOT_OFFERED = "The caller has not chosen video, or it is not safe any more. Record the choice first"
NOT_REACHABLE = "Record a phone number and agree an opening word first: see Safe contact"


def _days(slots):
    """Slots as [(day, [(value, time)])], for radios under headings."""
    days = {}
    for slot in slots:
        choice = (slot_value(slot), local_time.say_time(slot.starts_at))
        days.setdefault(local_time.say_day(slot.starts_at), []).append(choice)
    return list(days.items())


def _free(desk, day, at):
    """The next free times, or those of one London day, half-hourly."""
    if day is None:
        return selectors.free_slots(desk, at=at)
    since, until = local_time.day_bounds(day)
    return selectors.free_slots(desk, at=at, since=since, until=until, limit=60, every=30)


def _later_days(at):
    """Today and the days after it, to ask for their times."""
    today = local_time.local(at).date()
    return [today + timedelta(days=number) for number in range(selectors.HORIZON_DAYS)]


def _page(request, incident, *, form=None, error="", slots=None, status=200):
    """The booking of one incident as it stands: nothing chosen, held, or booked."""
    at = now()
    appointment = (
        incident.appointments.filter(status__in=(*Appointment.LIVE, Appointment.Status.HELD))
        .select_related("officer", "desk", "contact")
        .order_by("-created_at")
        .first()
    )
    held = appointment and appointment.status == Appointment.Status.HELD
    if held and appointment.held_until <= at:
        appointment, held = None, False
    offer = incident.offers.order_by("-chosen_at", "-id").first()
    desk = selectors.desk_for(incident)
    day = DayForm(request.GET).chosen()
    is_video = bool(offer and offer.chosen == Response.VIDEO)
    assessment = incident.current_assessment
    is_safe = bool(assessment and assessment.video_offer)
    if slots is None and desk and is_video and is_safe and not appointment:
        slots = _free(desk, day, at)
    context = {
        "text_told": _text_told(incident, at) if held else None,
        "incident": incident,
        "appointment": appointment,
        "is_held": held,
        "is_video": is_video,
        "is_safe": is_safe,
        "desk": desk,
        "days": _days(slots or []),
        "day": day,
        "later_days": _later_days(at),
        "form": form or SlotForm.blank(),
        "error": error,
        "notifications": Notification.objects.filter(
            about_type="appointments.appointment",
            about_id__in=incident.appointments.values("pk"),
        ).order_by("-queued_at"),
    }
    template = "appointments/_booking.html" if request.htmx else "appointments/booking.html"
    return TemplateResponse(request, template, context, status=status)


def _text_told(incident, at):
    """{"held": why, "later": when}: what the contact plan does to the text of a booking.

    A time is held for an incident: whom it is for is written down when it is booked.
    """
    victim = incident.victim
    answer = asking.ask_plan(victim, Channel.SMS, at) if victim else Held(asking.NO_ADDRESS)
    return {
        "held": asking.HELD_REASONS[answer.reason] if isinstance(answer, Held) else "",
        "later": answer.at if isinstance(answer, NotBefore) else None,
    }


@require_http_methods(["GET", "POST"])
@require("appointment.book", reads="triage.incident")
def booking(request, pk):
    """See the next free times; POST holds one for the caller."""
    incident = get_object_or_404(triage_selectors.incidents_for(request.user), pk=pk)
    if request.method == "GET":
        return _page(request, incident)
    form = SlotForm(request.POST)
    if not form.is_valid():
        error = form.errors.get("slot", ["Load the page again"])[0]
        return _page(request, incident, form=SlotForm.blank(), error=error, status=422)
    officer_id, starts_at = form.cleaned_data["slot"]
    try:
        diary.hold(
            incident_id=incident.pk,
            officer_id=officer_id,
            starts_at=starts_at,
            idempotency_key=form.cleaned_data["key"],
            by=request.user,
            at=now(),
        )
    except diary.SlotTaken as taken:
        error = f"{local_time.say_when(starts_at)} has just been taken. These are nearest to it"
        return _page(request, incident, error=error, slots=taken.alternatives or None, status=409)
    except diary.AlreadyBooked:
        return _page(request, incident, error=ALREADY_BOOKED, status=409)
    except diary.VideoNotOffered:
        return _page(request, incident, error=NOT_OFFERED, status=409)
    return _done(request, incident)


@require_POST
@require("appointment.book", reads="appointments.appointment")
def confirm(request, pk):
    """Book the time that is held for this incident."""
    appointment = get_object_or_404(_appointments(request.user), pk=pk)
    try:
        diary.book(appointment_id=pk, by=request.user, at=now())
    except diary.HoldLapsed:
        return _page(request, appointment.incident, error=LAPSED, status=409)
    except diary.AlreadyBooked:
        return _page(request, appointment.incident, error=ALREADY_BOOKED, status=409)
    except diary.VideoNotOffered:
        return _page(request, appointment.incident, error=NOT_OFFERED, status=409)
    except diary.NotReachable:
        return _page(request, appointment.incident, error=NOT_REACHABLE, status=409)
    return _done(request, appointment.incident)


@require_POST
@require("appointment.book", reads="appointments.appointment")
def release(request, pk):
    """Give a held time back."""
    appointment = get_object_or_404(
        _appointments(request.user), pk=pk, status=Appointment.Status.HELD
    )
    diary.cancel(appointment_id=pk, reason="not wanted", by=request.user, at=now())
    return _done(request, appointment.incident)


@require_http_methods(["GET", "POST"])
@require("appointment.book", reads="appointments.appointment")
def move(request, pk):
    """Give a booked appointment another time."""
    appointment = get_object_or_404(_appointments(request.user), pk=pk)
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
            except diary.SlotTaken as taken:
                said = local_time.say_when(starts_at)
                error, status = f"{said} has just been taken. These are nearest to it", 409
                slots, form = taken.alternatives or None, SlotForm.blank()
            except diary.NotLive:
                error, status = "This appointment is over or was moved already", 409
            else:
                messages.success(request, "The appointment was moved. A text tells the victim.")
                if can(request.user, "appointment.view"):
                    return redirect("appointments:appointment", new.pk)
                return redirect("triage:incident", new.incident_id)
        else:
            error, status = form.errors.get("slot", ["Load the page again"])[0], 422
    if slots is None:
        slots = _free(appointment.desk, DayForm(request.GET).chosen(), now())
    context = {
        "appointment": appointment,
        "days": _days(slots),
        "form": form,
        "day": DayForm(request.GET).chosen(),
        "later_days": _later_days(now()),
        "key": form["key"].value() or uuid.uuid4(),
        "error": error,
    }
    return TemplateResponse(request, "appointments/move.html", context, status=status)


@require_http_methods(["GET", "POST"])
@require("appointment.book", reads="appointments.appointment")
def cancel(request, pk):
    """Give an appointment up, with the reason."""
    appointment = get_object_or_404(_appointments(request.user), pk=pk)
    form = CancelForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            diary.cancel(appointment_id=pk, reason=reason, by=request.user, at=now())
        except diary.NotLive:
            form.add_error(None, "This appointment has begun or is over")
        else:
            messages.success(request, "The appointment was cancelled. A text tells the victim.")
            return redirect("triage:incident", appointment.incident_id)
    context = {"appointment": appointment, "form": form}
    return TemplateResponse(request, "appointments/cancel.html", context)


@require_POST
@require("appointment.book", reads="appointments.appointment")
def send_link_again(request, pk):
    """Text the victim a new link, and shut the old."""
    appointment = get_object_or_404(_appointments(request.user), pk=pk)
    error = ""
    try:
        diary.send_link_again(appointment_id=pk, by=request.user, at=now())
    except diary.NotLive:
        error = "This appointment is over or was cancelled: there is nothing to open"
    except diary.NotReachable:
        error = NOT_REACHABLE
    if error:
        return _page(request, appointment.incident, error=error, status=409)
    return _done(request, appointment.incident)


def _appointments(user):
    """Those that ``user`` may book, move or cancel: of the incidents they may see."""
    return Appointment.objects.filter(
        incident__in=triage_selectors.incidents_for(user)
    ).select_related("incident", "desk", "officer")


def _done(request, incident):
    if request.htmx:
        request.method = "GET"
        return _page(request, incident)
    return redirect("appointments:booking", incident.pk)
