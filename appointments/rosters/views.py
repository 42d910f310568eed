"""Desks and their weeks: what supervisors of the diary see and set."""

from datetime import date, timedelta

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from appointments.models import Desk
from appointments.rosters import desks, forms, shifts, skills, weeks
from appointments.rosters.models import Absence, Import, PatternMember, Profile, ShiftPattern, Skill
from victimcontact.accounts.permissions import require
from victimcontact.lib import local_time


def desks_of(user):
    """The desks of the forces that this person serves."""
    return Desk.objects.filter(force__in=user.forces.all()).select_related("force")


def monday_of(request):
    """The Monday of ?from=2026-05-04, else of this week. 404 for what no roster reaches."""
    today = local_time.local(now()).date()
    try:
        chosen = date.fromisoformat(request.GET.get("from") or today.isoformat())
    except ValueError as error:
        raise Http404 from error
    if abs((chosen - today).days) > 1000:
        raise Http404
    return chosen - timedelta(days=chosen.weekday())


def form_page(request, form, *, title, back, button, template="form", status=200, **context):
    """A page that is one form; 422 where it has errors."""
    context |= {"form": form, "title": title, "back": back, "button": button}
    status = 422 if form.errors else status
    return TemplateResponse(
        request, f"appointments/rosters/{template}.html", context, status=status
    )


@require_safe
@require("diary.manage")
def rosters(request):
    """Every desk with this week's figures, who is away, and what was imported."""
    at = now()
    found = list(desks_of(request.user).order_by("-is_active", "name"))
    monday = monday_of(request)
    away = Absence.objects.filter(
        officer__in=forms.officers_of(request.user), ended_at=None, during__endswith__gt=at
    ).select_related("officer")
    context = {
        "desks": [(desk, weeks.week(desk, monday, at=at)) for desk in found],
        "absences": away.order_by("during")[:50],
        "imports": Import.objects.filter(force__in=request.user.forces.all())[:5],
        "officers": forms.officers_of(request.user),
        "monday": monday,
    }
    return TemplateResponse(request, "appointments/rosters/rosters.html", context)


@require_safe
@require("diary.manage")
def desk(request, pk):
    """One desk's week, drawn."""
    found = get_object_or_404(desks_of(request.user), pk=pk)
    monday = monday_of(request)
    context = {
        "desk": found,
        "week": weeks.week(found, monday, at=now()),
        "height": weeks.HEIGHT,
        "monday": monday,
        "sunday": monday + timedelta(days=6),
        "before": monday - timedelta(days=7),
        "after": monday + timedelta(days=7),
        "today": local_time.local(now()).date(),
    }
    return TemplateResponse(request, "appointments/rosters/desk.html", context)


@require_http_methods(["GET", "POST"])
@require("diary.manage")
def desk_new(request):
    """A desk of the person's force."""
    force = request.user.forces.order_by("name").first()
    if force is None:
        raise Http404
    skills.ensure_usual(force)
    return _desk_form(request, force, None)


@require_http_methods(["GET", "POST"])
@require("diary.manage")
def desk_change(request, pk):
    """The settings of a desk, and its dates of their own."""
    found = get_object_or_404(desks_of(request.user), pk=pk)
    skills.ensure_usual(found.force)
    return _desk_form(request, found.force, found)


def _desk_form(request, force, found):
    form = forms.DeskForm(request.POST or None, force=force, desk=found)
    if request.method == "POST" and form.is_valid():
        saved = desks.save(form.as_desk(), by=request.user, at=now())
        messages.success(request, f"{saved} is saved. What is booked stands.")
        return redirect("rosters:desk", saved.pk)
    return form_page(
        request,
        form,
        template="desk_form",
        title=f"Settings of {found}" if found else "New desk",
        back=("rosters:desk", found.pk) if found else None,
        button="Save the desk",
        desk=found,
        days=found.days.filter(on__gte=local_time.local(now()).date()) if found else (),
        day_form=forms.DeskDayForm(),
    )


@require_POST
@require("diary.manage")
def desk_day(request, pk):
    """Give a desk other hours on a date; the same date again replaces them."""
    found = get_object_or_404(desks_of(request.user), pk=pk)
    form = forms.DeskDayForm(request.POST)
    if not form.is_valid():
        return form_page(
            request,
            form,
            title=f"Other hours of {found}",
            back=("rosters:desk_change", found.pk),
            button="Save the date",
        )
    desks.set_day(found, by=request.user, at=now(), **form.cleaned_data)
    return redirect("rosters:desk_change", found.pk)


@require_POST
@require("diary.manage")
def desk_day_remove(request, pk, day):
    """Let a desk's usual hours stand again on a date."""
    found = get_object_or_404(desks_of(request.user), pk=pk)
    if (gone := found.days.filter(pk=day).first()) is not None:
        desks.unset_day(gone, by=request.user, at=now())
    return redirect("rosters:desk_change", found.pk)


@require_http_methods(["GET", "POST"])
@require("diary.manage")
def patterns(request, pk):
    """The shift patterns of a desk and who works them; POST adds a pattern."""
    found = get_object_or_404(desks_of(request.user), pk=pk)
    form = forms.PatternForm(request.POST or None, desk=found)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                made = ShiftPattern.objects.create(desk=found, **form.cleaned_data)
        except IntegrityError:  # the same form sent twice at once
            return redirect("rosters:patterns", found.pk)
        desks.note("pattern.added", made, by=request.user, at=now())
        return redirect("rosters:join", made.pk)
    members = PatternMember.objects.select_related("officer").order_by("officer__last_name", "pk")
    context = {
        "desk": found,
        "patterns": [
            (each, [one for one in members if one.pattern_id == each.pk])
            for each in found.patterns.all()
        ],
        "today": local_time.local(now()).date(),
    }
    return form_page(
        request,
        form,
        template="patterns",
        title=f"Shift patterns of {found}",
        back=("rosters:desk", found.pk),
        button="Add the pattern",
        **context,
    )


@require_http_methods(["GET", "POST"])
@require("diary.manage")
def join(request, pk):
    """Let officers work a pattern."""
    found = get_object_or_404(
        ShiftPattern.objects.filter(desk__in=desks_of(request.user)).select_related("desk"), pk=pk
    )
    form = forms.JoinForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        added, left_out = 0, []
        for officer in form.cleaned_data["officers"]:
            _, made = shifts.join(
                pattern=found,
                officer=officer,
                begins_on=form.cleaned_data["begins_on"],
                by=request.user,
                at=now(),
            )
            added += made.added
            left_out += [f"{officer.styled_name} on {day:%a %-d %b}" for day in made.left_out]
        messages.success(request, f"{added} shifts are on the roster.")
        if left_out:
            more = f" and {len(left_out) - 6} more" if len(left_out) > 6 else ""
            messages.warning(
                request,
                f"Left out, they have another shift: {', '.join(left_out[:6])}{more}.",
            )
        return redirect("rosters:patterns", found.desk_id)
    return form_page(
        request,
        form,
        title=f"Who works {found}",
        back=("rosters:patterns", found.desk_id),
        button="Put them on the roster",
    )


@require_http_methods(["GET", "POST"])
@require("diary.manage")
def profile(request, pk):
    """What an officer has learnt and speaks."""
    officer = get_object_or_404(forms.officers_of(request.user), pk=pk)
    forces = request.user.forces.all()
    for force in forces:
        skills.ensure_usual(force)
    form = forms.ProfileForm(request.POST or None, officer=officer, forces=forces)
    if request.method == "POST" and form.is_valid():
        desks.set_profile(officer, by=request.user, at=now(), **form.cleaned_data)
        messages.success(request, f"{officer.styled_name} is saved.")
        return redirect("rosters:officers")
    return form_page(
        request,
        form,
        title=f"Skills of {officer.styled_name}",
        back=("rosters:officers",),
        button="Save",
    )


@require_safe
@require("diary.manage")
def officers(request):
    """Everybody with a diary, and what each has learnt."""
    people = list(forms.officers_of(request.user))
    profiles = Profile.objects.in_bulk([person.pk for person in people])
    names = dict(
        Skill.objects.filter(force__in=request.user.forces.all()).values_list("slug", "name")
    )
    languages = dict(forms.LANGUAGES)
    rows = []
    for person in people:
        known = profiles.get(person.pk, Profile())
        learnt = [names.get(slug, slug) for slug in known.skills]
        # Everybody here speaks English; what they speak besides is what is recorded.
        spoken = ["English", *(languages.get(one, one) for one in known.languages)]
        rows.append((person, learnt, spoken))
    return TemplateResponse(request, "appointments/rosters/officers.html", {"rows": rows})
