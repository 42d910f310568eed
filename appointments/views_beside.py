"""The companion's one address: when, wait, the call. Nothing of the victim or the case is on it."""

import contextlib

from django.conf import settings
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from appointments import companions, protocol, rooms
from appointments.models import Companion
from victimcontact.lib import phone
from victimcontact.middleware import uses_camera
from victimcontact.people import visits

# Who is who, under each picture.
NAMES = {
    protocol.OFFICER: _("Officer"),
    protocol.VICTIM: _("The person you are here for"),
    Companion.Role.GUARDIAN: _("Parent or guardian"),
    Companion.Role.INTERPRETER: _("Interpreter"),
    Companion.Role.SUPPORTER: _("Supporter"),
}


def _companion(request):
    return get_object_or_404(
        Companion.objects.select_related("appointment__incident__force").filter(
            contact=request.visit.link.contact_id
        ),
        pk=request.visit.link.about_id,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@visits.require_visit("companion")
@uses_camera
def beside(request):
    """The page at whatever step it is; POST says that they are here."""
    companion, at = _companion(request), now()
    if request.method == "POST":
        # Refused, the page shows how things stand: too early, or over.
        with contextlib.suppress(companions.NotLive, rooms.NotNow):
            companions.wait(companion_id=companion.pk, visit=request.visit, at=at)
        response = redirect("appointments:beside")
        response.status_code = 303
        return response
    appointment = companion.appointment
    stage = companions.stage(companion, request.visit)
    context = {
        "appointment": appointment,
        "companion": companion,
        "stage": stage,
        "is_over": stage == protocol.ENDED,
        "by_phone": rooms.by_phone(appointment),
        "can_wait": at >= rooms.opens_at(appointment),
        "opens_at": rooms.opens_at(appointment),
        "contact_number": phone.display(appointment.incident.force.contact_number),
        "beside_settings": {
            "stage": stage,
            "role": companion.role,
            "ice_servers": rooms.ice_servers(request.visit, at=at),
            "socket_url": f"{settings.SOCKET_URL}/ws/beside/",
            "state_url": reverse("appointments:beside_state"),
            "over_url": reverse("appointments:beside"),
            "names": {key: str(said) for key, said in NAMES.items()},
        },
    }
    return TemplateResponse(request, "appointments/beside.html", context)


@require_safe
@visits.require_visit("companion")
def beside_state(request):
    """How it stands, for the open page."""
    companion = _companion(request)
    return JsonResponse(
        {
            "stage": companions.stage(companion, request.visit),
            "ice_servers": rooms.ice_servers(request.visit, at=now()),
        }
    )
