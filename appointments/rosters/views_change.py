"""Shifts and absences: what stands on them is shown first, then it is done and told."""

from django.contrib import messages
from django.db.models import Q
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from appointments.models import Shift
from appointments.rosters import forms, importing, losses, shifts, sickness
from appointments.rosters.models import Absence, Import, Outcome, PatternMember
from appointments.rosters.views import desks_of, form_page
from messaging.models import Notification
from victimcontact.accounts.permissions import require
from victimcontact.lib import local_time

OVERLAPS = "They have another shift then: {desk}, {begins}"


def _confirm(request, change, officers, at, *, title, back, words):
    """The page that shows what would happen, or None: nothing stands in the way, or it was seen."""
    if request.POST.get("seen") == "yes":
        return None
    found = losses.foresee(change, officers=officers, at=at)
    if not found:
        return None
    context = {
        "found": found,
        "title": title,
        "back": back,
        "words": words,
        "typed": [
            (name, value)
            for name in request.POST
            if name not in ("csrfmiddlewaretoken", "seen")
            for value in request.POST.getlist(name)
        ],
    }
    return TemplateResponse(request, "appointments/rosters/foreseen.html", context)


def _settle(request, officers, *, because, at, absence=None):
    """Settle what was uncovered, and say how much."""
    losses.note(officers=officers, because=because, by=request.user, at=at, absence=absence)
    waiting = Outcome.objects.filter(officer__in=officers, result=Outcome.Result.WAITING)
    found = losses.settle_all(list(waiting), at=at)
    if found:
        tasks = sum(outcome.result == Outcome.Result.TASK for outcome in found)
        number = len(found)
        words = f"{number} appointment{' was' if number == 1 else 's were'} settled"
        if tasks:
            words += f". Somebody must ring about {tasks}: see Tasks"
        messages.success(request, f"{words}.")
    return found


@require_http_methods(["GET", "POST"])
@require("diary.manage")
def shift_new(request):
    """Put one shift on the roster."""
    initial = {name: request.GET.get(name) for name in ("desk", "officer", "on")}
    form = forms.ShiftForm(request.POST or None, user=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            made = shifts.add(
                desk=data["desk"],
                officer=data["officer"],
                during=data["during"],
                by=request.user,
                at=now(),
            )
        except shifts.Overlaps as clash:
            form.add_error("begins", _overlap(clash))
        else:
            messages.success(request, f"{made.officer.styled_name} is on the roster.")
            return _to_week(made)
    return form_page(
        request, form, title="New shift", back=("rosters:rosters",), button="Add the shift"
    )


@require_http_methods(["GET", "POST"])
@require("diary.manage")
def shift(request, pk):
    """Change one shift or take it away; what is booked on it is shown first."""
    at = now()
    found = get_object_or_404(
        Shift.objects.filter(desk__in=desks_of(request.user)).select_related("desk", "officer"),
        pk=pk,
    )
    back = ("rosters:desk", found.desk_id)
    title = f"Shift of {found.officer.styled_name}"
    form = forms.ShiftForm.of(found, user=request.user)
    if request.method == "POST":
        is_removal = request.POST.get("do") == "remove"
        form = forms.ShiftForm(request.POST, user=request.user, shift=found)
        if is_removal or form.is_valid():
            week = _to_week(found)

            def change():
                if is_removal:
                    return shifts.remove(pk, by=request.user, at=at)
                data = form.cleaned_data
                desk, during = data["desk"], data["during"]
                return shifts.change(pk, desk=desk, during=during, by=request.user, at=at)

            try:
                words = "Take the shift away" if is_removal else "Change the shift"
                page = _confirm(
                    request, change, [found.officer], at, title=title, back=back, words=words
                )
                if page is not None:
                    return page
                change()
            except shifts.Overlaps as clash:
                form.add_error("begins", _overlap(clash))
            else:
                _settle(request, [found.officer], because=losses.SHIFT_CHANGED, at=at)
                return week
    return form_page(
        request,
        form,
        template="shift",
        title=title,
        back=back,
        button="Change the shift",
        shift=found,
        is_over=found.during.upper <= at,
    )


def _overlap(clash):
    begins = local_time.staff_time(clash.shift.during.lower)
    return OVERLAPS.format(desk=clash.shift.desk, begins=begins)


def _to_week(shift):
    day = local_time.local(shift.during.lower).date()
    answer = redirect("rosters:desk", shift.desk_id)
    answer["Location"] += f"?from={day}"
    return answer


@require_http_methods(["GET", "POST"])
@require("diary.manage")
def absence_new(request):
    """Record sickness, leave or training; who is booked in it is shown first."""
    at = now()
    initial = {"officer": request.GET.get("officer"), "kind": request.GET.get("kind")}
    initial["first_on"] = initial["last_on"] = local_time.local(at).date()
    form = forms.AbsenceForm(request.POST or None, user=request.user, initial=initial)
    back = ("rosters:rosters",)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        values = {name: data[name] for name in ("officer", "during", "kind")}

        def change():
            return sickness.add(by=request.user, at=at, **values)

        title = f"{Absence.Kind(data['kind']).label} of {data['officer'].styled_name}"
        page = _confirm(
            request, change, [data["officer"]], at, title=title, back=back, words="Record it"
        )
        if page is not None:
            return page
        absence = change()
        _settle(request, [data["officer"]], because=data["kind"], at=at, absence=absence)
        return redirect("rosters:absence", absence.pk)
    return form_page(request, form, title="Away", back=back, button="Continue")


@require_safe
@require("diary.manage", reads="rosters.absence")
def absence(request, pk):
    """One absence, and what became of each appointment in it."""
    found = get_object_or_404(_absences(request.user), pk=pk)
    outcomes = list(
        found.outcomes.select_related(
            "appointment__incident", "appointment__desk", "replacement__officer", "officer"
        ).order_by("appointment__during")
    )
    about = {outcome.replacement_id or outcome.appointment_id for outcome in outcomes}
    texts = {}
    for text in Notification.objects.filter(about_id__in=about).order_by("queued_at"):
        texts[text.about_id] = text
    context = {
        "absence": found,
        "rows": [
            (outcome, texts.get(outcome.replacement_id or outcome.appointment_id))
            for outcome in outcomes
        ],
        "is_waiting": any(not outcome.result for outcome in outcomes),
    }
    return TemplateResponse(request, "appointments/rosters/absence.html", context)


@require_POST
@require("diary.manage")
def absence_take_back(request, pk):
    """The officer is back: their shifts give slots again."""
    found = get_object_or_404(_absences(request.user), pk=pk)
    sickness.take_back(found.pk, by=request.user, at=now())
    messages.success(request, f"{found.officer.styled_name} can be booked again.")
    return redirect("rosters:absence", found.pk)


def _absences(user):
    return (
        Absence.objects.filter(officer__forces__in=user.forces.all())
        .select_related("officer", "recorded_by")
        .distinct()
    )


@require_http_methods(["GET", "POST"])
@require("diary.manage")
def leave(request, pk):
    """End an officer's part in a pattern; what is booked on the later shifts is shown first."""
    at = now()
    member = get_object_or_404(
        PatternMember.objects.filter(
            Q(ends_on=None) | Q(ends_on__gte=local_time.local(at).date()),
            pattern__desk__in=desks_of(request.user),
        ).select_related("pattern", "officer"),
        pk=pk,
    )
    form = forms.LeaveForm(request.POST or None, initial={"last_on": local_time.local(at).date()})
    back = ("rosters:patterns", member.pattern.desk_id)
    title = f"{member.officer.styled_name} leaves {member.pattern}"
    if request.method == "POST" and form.is_valid():
        last_on = form.cleaned_data["last_on"]

        def change():
            return shifts.leave(member.pk, last_on=last_on, by=request.user, at=at)

        page = _confirm(
            request, change, [member.officer], at, title=title, back=back, words="Take them off"
        )
        if page is not None:
            return page
        gone = change()
        _settle(request, [member.officer], because=losses.SHIFT_CHANGED, at=at)
        messages.success(request, f"{gone} shifts were taken off the roster.")
        return redirect("rosters:patterns", member.pattern.desk_id)
    return form_page(request, form, title=title, back=back, button="Continue")


@require_http_methods(["GET", "POST"])
@require("diary.manage")
def import_new(request):
    """Look at a file of shifts. Nothing changes by it."""
    force = request.user.forces.order_by("name").first()
    form = forms.FileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid() and force is not None:
        file = form.cleaned_data["file"]
        try:
            if file.size > importing.MOST_BYTES:
                raise importing.NotATable("The file is larger than 2 MB")
            found = importing.read(
                force=force, name=file.name, data=file.read(), by=request.user, at=now()
            )
        except importing.NotATable as error:
            form.add_error("file", str(error))
        else:
            return redirect("rosters:import", found.pk)
    return form_page(
        request,
        form,
        template="import_new",
        title="Import shifts",
        back=("rosters:rosters",),
        button="Check the file",
    )


@require_http_methods(["GET", "POST"])
@require("diary.manage")
def import_one(request, pk):
    """What a file would do, with everything wrong in it; POST does it."""
    found = get_object_or_404(
        Import.objects.filter(force__in=request.user.forces.all()).select_related(
            "read_by", "applied_by"
        ),
        pk=pk,
    )
    problems, status = found.problems, 200
    if request.method == "POST":
        try:
            importing.apply(found.pk, by=request.user, at=now())
        except importing.NotReady as refused:
            problems, status = refused.found.problems, 409
        else:
            return redirect("rosters:import", found.pk)
    context = {
        "found": found,
        "problems": problems[: importing.MOST_PROBLEMS],
        "more": max(len(problems) - importing.MOST_PROBLEMS, 0),
        "lines_wrong": len({line for line, *_ in problems}),
        "new": len(found.shifts),
    }
    return TemplateResponse(request, "appointments/rosters/import.html", context, status=status)
