"""The victim's one address: when, test, wait, talk, what happens next.

Which step it shows is the server's state, so the address says nothing and Back leads nowhere. Every
step up to the call works as a plain form; the call itself needs script.
"""

import contextlib

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from appointments import booking, calendar, companions, protocol, rooms, statements, views_beside
from appointments.forms_visit import DevicesForm
from appointments.models import Appointment, StatementVersion
from victimcontact.lib import phone
from victimcontact.middleware import uses_camera
from victimcontact.people import visits
from victimcontact.people.models import ContactPlan

# The sentence for each key of state.js status(). Spoken to screen readers as it changes.
WORDS = {
    "not_waiting": "",
    "waiting": _("They know you are here. You will be let in soon."),
    "connecting": _("Connecting…"),
    "connected": _("You are connected."),
    "connected_slow": _("You are connected."),
    "interrupted": _("The picture or sound stopped. We are trying to get it back."),
    "peer_away": _("They will be back in a moment. Please stay on this page."),
    "peer_exit": _("They will be back in a moment. Please stay on this page."),
    "slow": _("Your connection is slow. We are trying again. Please stay on this page."),
    "asking": _("Your phone asks if this page may use the camera and sound. Choose “Allow”."),
    "unsupported": _("This browser cannot make video calls. Try another browser."),
    "in_app": _("This page is open inside another app. Open it in your browser instead."),
    "left": _("You left the call. You can come back."),
    "ended": _("The call has ended."),
    "missed": _("The time has passed."),
    "cancelled": _("The time has changed."),
    "occupied": _("This page is already open. Close the other one, then try again."),
    "gone": _("This page is closed. Open your link again."),
}


@require_http_methods(["GET", "HEAD", "POST"])
@visits.require_visit("appointment")
@uses_camera
def visit(request):
    """The page, at whatever step the appointment is."""
    appointment = _appointment(request)
    if request.method == "POST":
        step = STEPS.get(request.POST.get("step", ""))
        if step is None:
            raise BadRequest("no such step")
        step(request, appointment)
        return _answer(request)
    return _page(request, appointment)


@require_safe
@visits.require_visit("appointment")
def visit_state(request):
    """How things stand, for the open page."""
    appointment = _appointment(request)
    return JsonResponse(rooms.truth_for_victim(appointment, visit=request.visit, at=now()))


def _wait(request, appointment):
    """“I am ready”: into the waiting room. Too early, the page says when."""
    # Refused, the page shows how things stand: too early, over, or moved.
    with contextlib.suppress(rooms.NotNow):
        rooms.enter_waiting_room(appointment_id=appointment.pk, visit=request.visit, at=now())


def _devices(request, appointment):
    form = DevicesForm(request.POST)
    if form.is_valid() and appointment.status in Appointment.LIVE:
        rooms.record_devices(
            appointment=appointment,
            visit=request.visit,
            has_camera=form.cleaned_data["camera"] == "yes",
            has_microphone=form.cleaned_data["microphone"] == "yes",
            problem=form.cleaned_data["problem"],
            at=now(),
        )


STEPS = {"wait": _wait, "devices": _devices}


def _appointment(request):
    return get_object_or_404(
        Appointment.objects.select_related("desk", "officer", "contact", "incident__force").filter(
            contact=request.visit.link.contact_id, status__in=rooms.STAGES
        ),
        pk=request.visit.link.about_id,
    )


def _page(request, appointment):
    at = now()
    truth = rooms.truth_for_victim(appointment, visit=request.visit, at=at)
    plan = appointment.contact.plan
    names_officer = bool(appointment.desk.names_officer and plan and plan.officer_name_safe)
    context = {
        "appointment": appointment,
        "stage": truth["stage"],
        "is_over": truth["stage"] in (protocol.ENDED, protocol.MISSED, protocol.CANCELLED),
        "can_wait": truth["can_wait"],
        "by_phone": truth["by_phone"],
        "rung": truth["by_phone"] == "rung",
        "opens_at": rooms.opens_at(appointment),
        "minutes": round((appointment.ends_at - appointment.starts_at).total_seconds() / 60),
        "officer_name": appointment.officer.styled_name if names_officer else "",
        "is_neutral": plan is None or plan.wording == ContactPlan.Wording.NEUTRAL,
        "contact_number": phone.display(appointment.incident.force.contact_number),
        "asked": list(appointment.change_requests.filter(settled_at=None)),
        "may_change": appointment.status in booking.AHEAD,
        "may_email": calendar.may_email(appointment.contact, at),
        "companions": companions.of(appointment),
        "has_signed": _has_signed(appointment),
        "room_settings": {
            "role": protocol.VICTIM,
            "stage": truth["stage"],
            "can_wait": truth["can_wait"],
            "ice_servers": truth["ice_servers"],
            # Before the waiting room a person decides for themselves when to test.
            "open_devices": truth["stage"] in (protocol.WAITING, protocol.ADMITTED),
            "socket_url": f"{settings.SOCKET_URL}/ws/visit/",
            "beside_url": f"{settings.SOCKET_URL}/ws/beside/",
            "others": truth["others"],
            "by_phone": truth["by_phone"],
            "names": {key: str(said) for key, said in views_beside.NAMES.items()},
            "state_url": reverse("appointments:visit_state"),
            "over_url": reverse("appointments:visit"),
            "words": {key: str(words) for key, words in _words(truth["by_phone"]).items()},
        },
    }
    return TemplateResponse(request, "appointments/visit.html", context)


def _words(by_phone):
    """Nobody who waits in a room that cannot open is told that they will be let in."""
    return WORDS | {"waiting": ""} if by_phone else WORDS


def _has_signed(appointment):
    version = statements.current_version(appointment)
    return version is not None and version.status == StatementVersion.Status.SIGNED


def _answer(request):
    """Nothing for the page's own script, which asks for the state; else the page again."""
    if request.headers.get("X-Requested-With") == "fetch":
        return HttpResponse(status=204)
    response = redirect("appointments:visit")
    response.status_code = 303
    return response
