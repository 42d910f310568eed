"""The tries to reach whoever missed an appointment: what is safe, what was tried, what is next."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from appointments import diary
from appointments.attempts import safety, tries
from appointments.attempts.forms import AttemptForm
from appointments.attempts.models import Attempt, Series
from messaging import asking
from victimcontact.accounts.permissions import require
from victimcontact.lib import phone
from victimcontact.people.safe_contact import Held, NotBefore


@require_http_methods(["GET", "POST"])
@require("task.work", reads="appointments.appointment")
def series(request, pk):
    """The tries of one missed appointment; POST writes one down."""
    found = get_object_or_404(
        Series.objects.filter(
            appointment__incident__force__in=request.user.forces.all()
        ).select_related("appointment__incident", "contact", "notification", "task__taken_by"),
        pk=pk,
    )
    form, status = None, 200
    if request.method == "POST":
        form = AttemptForm(request.POST)
        if form.is_valid():
            try:
                attempt = tries.record(found.pk, by=request.user, at=now(), **form.cleaned_data)
            except tries.Counted as counted:
                messages.info(request, f"{counted.attempt.by} has written this try down already")
            except tries.Over:
                messages.info(request, "The tries are over: nothing was written down")
            else:
                messages.success(request, _said(attempt))
            return redirect("attempts:series", found.pk)
        status = 422
    return _page(request, found, form, status=status)


def _said(attempt):
    if attempt.outcome == Attempt.Outcome.REACHED:
        return "They were reached. Book a new time with them, if they want one."
    if attempt.series.end == Series.End.UNREACHED:
        return "That was the last try. It is to be assessed again, and a team leader decides."
    return "It is written down. The next try comes as a task when it is due."


def _page(request, found, form, *, status):
    at = now()
    made = list(found.attempts.select_related("by"))
    may = safety.ask_to_ring(found.contact, at)
    lasts = found.ended_at is None
    context = {
        "series": found,
        "appointment": found.appointment,
        "row": diary.one(request.user, found.appointment, at=at),
        "made": made,
        "held": asking.HELD_REASONS.get(may.reason, "") if isinstance(may, Held) else "",
        "rings_from": may.at if isinstance(may, NotBefore) else None,
        "may_ring": lasts and not isinstance(may, (Held, NotBefore)),
        "number": phone.display(found.contact.phone),
        "windows": _hours(found.contact.plan),
        "form": (form or AttemptForm(initial={"number": len(made) + 1})) if lasts else None,
    }
    template = "appointments/attempts/series.html"
    return TemplateResponse(request, template, context, status=status)


DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _hours(plan):
    """The plan's hours as lines for people; [] where any hour will do."""
    windows = plan.windows if plan else []
    return [
        f"{', '.join(DAYS[day] for day in each['days'])}: {each['from']} to {each['to']}"
        for each in windows
    ]
