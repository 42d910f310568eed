"""Whom to ring while video is down."""

from dataclasses import dataclass

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.timezone import now
from django.views.decorators.http import require_POST, require_safe

from appointments import diary, selectors
from appointments.standby import outages
from appointments.standby.forms import RangForm
from appointments.standby.models import Fallback, Outage
from messaging import staff_tasks
from victimcontact.accounts.permissions import can, require


@dataclass(frozen=True)
class Line:
    """One who is rung instead: the fallback, the appointment's Row, and the form to finish it."""

    fallback: Fallback
    row: diary.Row
    form: RangForm | None


@require_safe
@require("diary.view", reads="list")
def telephone(request):
    """The outage that lasts, else the last one; who is still to be rung stands first."""
    return _page(request)


@require_POST
@require("room.enter", reads="list")
def rang(request, pk):
    """Keep what came of ringing one of them."""
    visible = outages.rows(request.user)
    fallback = get_object_or_404(visible, pk=pk)
    form = RangForm(request.POST, prefix=str(pk))
    if not form.is_valid():
        return _page(request, {fallback.pk: form}, status=422)
    try:
        outages.rang(
            fallback.pk,
            talked=form.cleaned_data["talked"] == "yes",
            note=form.cleaned_data["note"],
            by=request.user,
            at=now(),
        )
    except outages.Over:
        messages.info(request, "This was settled already")
    except staff_tasks.AlreadyTaken as taken:
        form.add_error(None, f"{taken.task.taken_by} took this call. Ask them what came of it.")
        return _page(request, {fallback.pk: form}, status=409)
    else:
        messages.success(request, "It is recorded")
    return redirect("standby:telephone")


def _page(request, broken=None, status=200):
    broken = broken or {}
    outage = outages.current() or Outage.objects.first()
    # Whoever an earlier outage left without a call is still waiting for one.
    found = list(outages.rows(request.user, outage)) if outage else []
    rows = {
        row.appointment.pk: row
        for row in diary.of(
            request.user,
            selectors.appointments_for(request.user).filter(
                pk__in=[each.appointment_id for each in found]
            ),
            at=now(),
        )
    }
    may_ring = can(request.user, "room.enter")
    lines = [
        Line(
            fallback=each,
            row=rows[each.appointment_id],
            form=broken.get(each.pk) or RangForm(prefix=str(each.pk))
            if may_ring and each.ended_at is None
            else None,
        )
        for each in found
        if each.appointment_id in rows
    ]
    context = {
        "outage": outage,
        "balance": outages.balance(outage) if outage else None,
        "waiting": [line for line in lines if line.fallback.ended_at is None],
        "settled": [line for line in lines if line.fallback.ended_at is not None],
        "broken": list(broken.values()),
    }
    return TemplateResponse(request, "appointments/standby/telephone.html", context, status=status)
