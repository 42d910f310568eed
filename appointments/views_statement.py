"""The statement: the officer writes and seals, the victim reads and signs.

Every answer is one part of the room's page. A script asks with ``X-Part: 1`` and gets the part
alone; without script the same addresses answer whole pages, and a POST that worked redirects.
"""

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from appointments import panels, selectors, statements
from appointments.forms_statement import SealForm, SignForm, StatementForm
from appointments.models import Appointment
from victimcontact.accounts.permissions import require
from victimcontact.lib.addresses import client_address
from victimcontact.lib.local_time import local
from victimcontact.people.visits import require_visit


def wants_part(request):
    """Whether a script asks for the part alone."""
    return request.headers.get("X-Part") == "1"


# The officer's side


@require_GET
@require("statement.view", reads="appointments.appointment")
def statement(request, pk):
    appointment = _appointment(request, pk)
    return _officer(request, appointment)


@require_POST
@require("statement.write", reads="appointments.appointment")
def statement_start(request, pk):
    appointment = _appointment(request, pk)
    statements.start(appointment_id=appointment.pk, by=request.user, at=now())
    return _done(request, appointment)


@require_POST
@require("statement.write", reads="appointments.appointment")
def statement_save(request, pk):
    """Save the draft; with ``do=finalise`` also freeze it. To a script that saves: JSON."""
    appointment = _appointment(request, pk)
    version = _version(appointment)
    form = StatementForm(request.POST)
    finalises = request.POST.get("do") == "finalise"
    # A wrong age must not keep the words from being saved: what is right is saved all the same.
    if not form.is_valid() and (finalises or "edits" not in form.cleaned_data):
        return _refused(request, appointment, form, is_saved=False)
    try:
        version = statements.save_draft(
            version_id=version.pk,
            edits=form.cleaned_data["edits"],
            by=request.user,
            at=now(),
            **form.changes(request.user),
        )
        if finalises:
            statements.finalise(
                version_id=version.pk, edits=version.edits, by=request.user, at=now()
            )
    except statements.Behind as behind:
        return _behind(request, appointment, form, behind.version)
    except statements.NotDraft:
        return _officer(
            request,
            appointment,
            status=409,
            problem="The statement was finalised in the meantime. What you typed was not added.",
            theirs=form.data.get("statement-body", ""),
        )
    except statements.Incomplete as incomplete:
        form = _at(form, version.edits)
        form.add_problems(incomplete.problems)
        return _refused(request, appointment, form)
    if _wants_json(request):
        form.add_unprintable(version)
        return JsonResponse(_saved(version, form))
    if form.errors:
        return _refused(request, appointment, _at(form, version.edits))
    return _done(request, appointment)


@require_POST
@require("statement.write", reads="appointments.appointment")
def statement_reopen(request, pk):
    appointment = _appointment(request, pk)
    try:
        statements.reopen(version_id=_version(appointment).pk, by=request.user, at=now())
    except statements.AlreadySigned:
        return _officer(
            request,
            appointment,
            status=409,
            problem="The person has signed. Seal it, then correct it in a new version.",
        )
    return _done(request, appointment)


@require_POST
@require("statement.write", reads="appointments.appointment")
def statement_seal(request, pk):
    appointment = _appointment(request, pk)
    version = _version(appointment)
    form = SealForm(request.POST, needs_reader=bool(version.reader_name))
    if not form.is_valid():
        return _officer(request, appointment, status=422, seal_form=form)
    try:
        statements.seal(
            version_id=version.pk,
            has_seen=form.cleaned_data["saw"] == "yes",
            has_read_over=form.cleaned_data.get("read_over", False),
            by=request.user,
            at=now(),
        )
    except statements.NotSigned:
        return _officer(
            request, appointment, status=409, problem="The person has not signed this text yet."
        )
    except statements.NotTheReader:
        form.add_error(
            "read_over", f"{version.reader_name} said they would read it over, and must confirm it"
        )
        return _officer(request, appointment, status=422, seal_form=form)
    except statements.NotThisText:
        return _officer(
            request,
            appointment,
            status=409,
            problem="The words on file are not the ones that were signed. Tell the system's "
            "administrator at once.",
        )
    return _done(request, appointment)


@require_POST
@require("statement.write", reads="appointments.appointment")
def statement_correct(request, pk):
    appointment = _appointment(request, pk)
    try:
        statements.correct(version_id=_version(appointment).pk, by=request.user, at=now())
    except statements.NotSigned:
        return _officer(
            request, appointment, status=409, problem="This version has not been sealed yet."
        )
    return _done(request, appointment)


@require_GET
@require("statement.view")
def statement_file(request, pk, version_pk):
    """The PDF, signed or as shown for signing."""
    appointment = _appointment(request, pk)
    version = get_object_or_404(
        statements.StatementVersion, pk=version_pk, statement__appointment=appointment
    )
    return _file(version, by=request.user)


# The victim's side


@require_GET
@require_visit("appointment")
def statement_victim(request):
    """The victim's part; the page around it is the visit's own, to keep one address."""
    if not wants_part(request):
        return redirect("appointments:visit")
    return _victim(request, _visited(request))


@require_POST
@require_visit("appointment")
def statement_sign(request):
    appointment = _visited(request)
    version = statements.current_version(appointment)
    if version is None:
        raise Http404
    form = SignForm(request.POST)
    if not form.is_valid():
        return _victim(request, appointment, status=422, form=form)
    try:
        statements.sign(
            version_id=version.pk,
            shown_sha256=form.cleaned_data["shown"],
            typed_name=form.cleaned_data["name"],
            has_agreed=form.cleaned_data["agreed"],
            visit=request.visit,
            device={
                "address": client_address(request),
                "browser": request.headers.get("User-Agent", "")[:300],
            },
            at=now(),
        )
    except (statements.NotThisText, statements.NotFinal):
        problem = _("The words changed while you read. Please read them again before you sign.")
        return _victim(request, appointment, status=409, problem=problem)
    except statements.NotAdmitted:
        raise Http404 from None
    if wants_part(request):
        return _victim(request, appointment)
    return _see_other("appointments:visit")


@require_http_methods(["GET"])
@require_visit("appointment")
def statement_victim_file(request):
    """The victim's own paper, as they sign it or as it was sealed."""
    appointment = _visited(request)
    version = statements.current_version(appointment)
    if version is None or not statements.is_admitted(appointment, request.visit):
        raise Http404
    # What stays among the phone's downloads says nothing either.
    return _file(version, by=request.visit, name="copy.pdf")


# What they share


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


def _version(appointment):
    version = statements.current_version(appointment)
    if version is None:
        raise Http404
    return version


def _file(version, *, by, name=None):
    try:
        content, sha256 = statements.open_file(version_id=version.pk, by=by, at=now())
    except statements.NotFinal:
        raise Http404 from None
    # No person and no reference in the name.
    name = name or f"statement-{sha256[:8]}.pdf"
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return shut(response)


def shut(response):
    """Let a file be nothing but itself: not guessed at, not run, not kept, not framed."""
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    return response


def _officer(request, appointment, *, status=200, form=None, seal_form=None, **more):
    panel = panels.officer_statement(
        appointment, user=request.user, form=form, seal_form=seal_form, **more
    )
    template = (
        "appointments/_statement_officer.html"
        if wants_part(request)
        else "appointments/statement.html"
    )
    context = {"appointment": appointment, "statement_panel": panel}
    return TemplateResponse(request, template, context, status=status)


def _victim(request, appointment, *, status=200, **more):
    panel = panels.victim_statement(appointment, visit=request.visit, **more)
    template = (
        "appointments/_statement_victim.html"
        if wants_part(request)
        else "appointments/statement_victim.html"
    )
    context = {"appointment": appointment, "statement_panel": panel}
    return TemplateResponse(request, template, context, status=status)


def _done(request, appointment):
    if wants_part(request):
        return _officer(request, appointment)
    response = redirect("appointments:statement", appointment.pk)
    response.status_code = 303
    return response


def _see_other(name):
    response = redirect(name)
    response.status_code = 303
    return response


def _refused(request, appointment, form, *, is_saved=True):
    return _officer(request, appointment, status=422, form=form, is_saved=is_saved)


def _behind(request, appointment, form, version):
    """Somebody saved other words: keep these on the page, show those beside them."""
    if _wants_json(request):
        return JsonResponse({"behind": True}, status=409)
    return _officer(
        request,
        appointment,
        status=409,
        form=_at(form, version.edits),
        theirs=version.body,
        is_saved=False,
        problem="Other words were saved from another page. Yours are still here and not saved yet: "
        "compare, then save again.",
    )


def _at(form, edits):
    """The same typed words in a form that has read the draft as it is now."""
    data = form.data.copy()
    data["statement-edits"] = edits
    again = StatementForm(data)
    again.is_valid()
    return again


def _wants_json(request):
    return request.headers.get("Accept", "").startswith("application/json")


def _saved(version, form):
    return {
        "edits": version.edits,
        "mark": panels.mark(version),
        "saved": f"{local(version.saved_at):%H:%M:%S}",
        "problems": _messages(form),
    }


def _messages(form):
    return {name: [str(each) for each in errors] for name, errors in form.errors.items()}
