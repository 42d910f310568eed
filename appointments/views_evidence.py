"""Exhibits: the victim sends a photograph, the officer sees it come."""

import io

from django.conf import settings
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.timezone import now
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods

from appointments import evidence, panels, selectors
from appointments.forms_statement import ExportForm, PhotoForm
from appointments.models import Appointment, Exhibit
from appointments.views_statement import shut, wants_part
from victimcontact.accounts.permissions import require
from victimcontact.people.visits import require_visit

# A body so much larger than any photograph is not read at all.
HOPELESS = 3


class LimitedUpload(TemporaryFileUploadHandler):
    """Reads a body to its end, so that an answer arrives, but keeps little more than the limit."""

    def receive_data_chunk(self, raw_data, start):
        if start <= settings.UPLOAD_MAX_BYTES:
            self.file.write(raw_data)

    def file_complete(self, file_size):
        self.file.seek(0, io.SEEK_END)
        self.file.size = self.file.tell()
        self.file.seek(0)
        return self.file


# The victim's side


@csrf_exempt  # checked within, once the body's size is limited
@require_http_methods(["GET", "POST"])
@require_visit("appointment")
def exhibits_victim(request):
    """The victim's part, and the form that sends a photograph."""
    if request.method == "GET" and not wants_part(request):
        return redirect("appointments:visit")
    if request.method == "POST":
        if _length(request) > HOPELESS * settings.UPLOAD_MAX_BYTES:
            form = PhotoForm({}, {})
            form.errors.clear()
            form.add_refusal("large")
            return _victim(request, _visited(request), status=413, form=form)
        request.upload_handlers = [LimitedUpload(request)]
    return _exhibits_victim(request)


@csrf_protect
def _exhibits_victim(request):
    appointment = _visited(request)
    if request.method == "GET":
        return _victim(request, appointment)
    form = PhotoForm(request.POST, request.FILES)
    if not form.is_valid():
        return _victim(request, appointment, status=422, form=form)
    photo = form.cleaned_data["photo"]
    try:
        exhibit = evidence.receive(
            appointment_id=appointment.pk,
            visit=request.visit,
            chunks=photo.chunks(),
            file_name=photo.name,
            description=form.cleaned_data["description"],
            client_sha256=form.cleaned_data["sha256"],
            idempotency_key=form.cleaned_data["key"],
            at=now(),
        )
    except evidence.Refused as refusal:
        form.add_refusal(refusal.reason)
        status = 413 if refusal.reason == "large" else 422
        return _victim(request, appointment, status=status, form=form)
    except evidence.NotAdmitted:
        raise Http404 from None
    if wants_part(request):
        return _victim(request, appointment, just_received=exhibit)
    response = redirect("appointments:visit")
    response.status_code = 303
    return response


# The officer's side


@require_GET
@require("exhibit.view", reads="appointments.appointment")
def exhibits(request, pk):
    appointment = _appointment(request, pk)
    template = (
        "appointments/_exhibits_officer.html"
        if wants_part(request)
        else "appointments/exhibits.html"
    )
    context = {
        "appointment": appointment,
        "exhibits_panel": panels.officer_exhibits(appointment),
    }
    return TemplateResponse(request, template, context)


@require_http_methods(["GET", "POST"])
@require("exhibit.view", reads="appointments.appointment", fresh="writing")
def exhibit(request, pk, exhibit_pk):
    """One exhibit: the copy to look at, its continuity; a POST exports the original."""
    appointment = _appointment(request, pk)
    found = _exhibit(appointment, exhibit_pk)
    form = ExportForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        file = evidence.export_original(
            exhibit_id=found.pk, by=request.user, at=now(), reason=form.cleaned_data["reason"]
        )
        return _served(file, "attachment")
    context = {
        "appointment": appointment,
        "exhibit": found,
        "continuity": evidence.continuity_of(found),
        "form": form,
    }
    status = 422 if form.is_bound else 200
    return TemplateResponse(request, "appointments/exhibit.html", context, status=status)


@require_GET
@require("exhibit.view")
def exhibit_copy(request, pk, exhibit_pk):
    found = _exhibit(_appointment(request, pk), exhibit_pk)
    file = evidence.open_copy(exhibit_id=found.pk, by=request.user, at=now())
    return _served(file, "inline")


def _appointment(request, pk):
    return get_object_or_404(
        selectors.appointments_for(request.user).select_related("contact", "officer"), pk=pk
    )


def _visited(request):
    return get_object_or_404(
        Appointment.objects.select_related("contact", "officer"),
        pk=request.visit.link.about_id,
        contact=request.visit.link.contact_id,
    )


def _exhibit(appointment, exhibit_pk):
    return get_object_or_404(
        Exhibit.objects.select_related("contact"), appointment=appointment, pk=exhibit_pk
    )


def _served(file, how):
    response = HttpResponse(file.content, content_type=file.media_type)
    response["Content-Disposition"] = f'{how}; filename="{file.name}"'
    return shut(response)


def _length(request):
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _victim(request, appointment, *, status=200, **more):
    panel = panels.victim_exhibits(appointment, visit=request.visit, **more)
    template = (
        "appointments/_exhibits_victim.html"
        if wants_part(request)
        else "appointments/exhibits_victim.html"
    )
    context = {"appointment": appointment, "exhibits_panel": panel}
    return TemplateResponse(request, template, context, status=status)
