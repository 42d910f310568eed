"""The officer's side of the video room."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_POST, require_safe

from appointments import companions, diary, protocol, rooms, selectors, views_beside
from appointments.models import Appointment
from victimcontact.accounts.permissions import can, require
from victimcontact.audit import ledger
from victimcontact.middleware import uses_camera

# The sentence for each key of state.js status(). Spoken to screen readers as it changes.
WORDS = {
    "not_here": "They are not here yet.",
    "they_wait": "They are in the waiting room. Let them in when you are ready.",
    "connecting": "Connecting…",
    "connected": "Connected.",
    "connected_slow": "Connected. Signalling is down and is being restored.",
    "interrupted": "The picture and sound are interrupted. Reconnecting…",
    "peer_away": "They are admitted but not on the page. They can come back by the same link.",
    "peer_exit": "They left by the exit button. Treat it as possible danger.",
    "slow": "The connection to the service is lost. Trying again…",
    "asking": "Your browser asks for the camera and microphone. Choose “Allow”.",
    "unsupported": "This browser cannot make video calls.",
    "in_app": "This browser cannot make video calls. Open the page in the main browser.",
    "left": "You left the call. They are still on their page.",
    "ended": "The call has ended.",
    "missed": "This appointment was missed.",
    "cancelled": "This appointment was cancelled.",
    "occupied": "This room is already open: in another tab, or to another officer.",
    "gone": "You are signed out of this room. Load the page again.",
}


def _appointment(request, pk):
    """The appointment, or 404: somebody else's room does not exist for this officer."""
    found = get_object_or_404(
        selectors.appointments_for(request.user)
        .filter(status__in=rooms.STAGES)
        .select_related("incident__force", "contact", "desk", "officer"),
        pk=pk,
    )
    if not rooms.may_enter(request.user, found):
        raise Http404
    return found


@require_safe
@require("room.enter")
@uses_camera
def room(request, pk):
    """The call, with what the officer must not say in sight."""
    at = now()
    appointment = _appointment(request, pk)
    row = diary.one(request.user, appointment, at=at)
    truth = rooms.truth_for_officer(appointment, user=request.user, at=at)
    ledger.record("room.opened", by=request.user, about=appointment, at=at)
    context = {
        "row": row,
        "appointment": appointment,
        "truth": truth,
        "people": companions.rows(appointment, at),
        "passed_on": getattr(row.appointment, "passed_on", None),
        "may_follow_up": can(request.user, "appointment.book")
        and appointment.status in ("in_call", "ended"),
        "stage": truth["stage"],
        "device_test": appointment.device_tests.order_by("-tested_at").first(),
        "can_still_call": appointment.status in Appointment.LIVE,
        "room_settings": {
            "role": protocol.OFFICER,
            "stage": truth["stage"],
            "ice_servers": truth["ice_servers"],
            "open_devices": appointment.status in Appointment.LIVE,
            "socket_url": f"{settings.SOCKET_URL}/ws/room/{appointment.pk}/",
            "beside_url": f"{settings.SOCKET_URL}/ws/beside/{appointment.pk}/",
            "others": truth["others"],
            "names": {key: str(said) for key, said in views_beside.NAMES.items()},
            "state_url": reverse("appointments:room_state", args=[appointment.pk]),
            "over_url": None,
            "words": WORDS,
        },
    }
    return TemplateResponse(request, "appointments/room.html", context)


@require_safe
@require("room.enter", reads="appointments.appointment")
def room_state(request, pk):
    """How the room stands, for the open page."""
    appointment = _appointment(request, pk)
    return JsonResponse(rooms.truth_for_officer(appointment, user=request.user, at=now()))


@require_POST
@require("room.enter")
def admit(request, pk):
    """Let in whoever this officer saw waiting."""
    appointment = _appointment(request, pk)
    try:
        rooms.admit(
            appointment_id=appointment.pk,
            visit_id=request.POST.get("visit", ""),
            by=request.user,
            at=now(),
        )
    except rooms.NotNow:
        messages.error(request, "Nobody was let in: they left, or opened their link again.")
    return _answer(request, appointment)


@require_POST
@require("room.enter")
def end(request, pk):
    """End the call for both."""
    appointment = _appointment(request, pk)
    try:
        rooms.end(appointment_id=appointment.pk, by=request.user, at=now())
    except rooms.NotNow:
        messages.error(request, "There is no call to end.")
    return _answer(request, appointment)


def _answer(request, appointment):
    """Nothing for the page's own script, which asks for the state; else the room again."""
    if request.headers.get("X-Requested-With") == "fetch":
        return HttpResponse(status=204)
    return redirect("appointments:room", appointment.pk)
