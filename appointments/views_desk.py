"""The supervisor's view of a desk: its capacity, who waits for a time, and whose is whose."""

from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_POST, require_safe

from appointments import booking, capacity
from appointments.forms_desk import PlaceForm
from appointments.models import Desk
from appointments.views_booking import REFUSALS, said_of
from victimcontact.accounts.models import User
from victimcontact.accounts.permissions import require
from victimcontact.lib import local_time

FARTHEST = timedelta(days=1000)


@dataclass(frozen=True)
class Chosen:
    """Which desk and day the address names."""

    desks: list
    desk: Desk | None
    on: date

    def address(self, on=None, **more):
        """The page again, of another day or in another shape."""
        values = {"desk": self.desk.pk, "day": on or self.on} if self.desk else {}
        return f"{reverse('appointments:desk')}?{urlencode(values | more)}"


@require_safe
@require("diary.manage", reads="list")
def desk(request):
    """One desk's day or week: ?desk=, ?day=, ?view=week, ?wall=1. It asks again by itself."""
    chosen, at = _chosen(request), now()
    if chosen.desk is None:
        return TemplateResponse(request, "appointments/desk.html", {"chosen": chosen})
    if request.GET.get("view") == "week":
        return _week(request, chosen, at)
    context = _context(chosen, at)
    if request.GET.get("wall") == "1":
        name = "_desk_wall" if request.htmx else "desk_wall"
        return TemplateResponse(request, f"appointments/{name}.html", context)
    name = "_desk_day" if request.htmx else "desk"
    return TemplateResponse(request, f"appointments/{name}.html", context)


@require_POST
@require("diary.manage", reads="list")
def place(request):
    """Give an appointment to another officer, or another time. The victim is told as they agreed.

    What stands against it is said on the page, with the nearest free times.
    """
    chosen, at = _chosen(request), now()
    if chosen.desk is None:
        raise Http404
    board = capacity.day(chosen.desk, chosen.on, at=at)
    form = PlaceForm(request.POST, cards=_movable(board), officers=_officers(board))
    error, slots, status = "", [], 422
    if form.is_valid():
        try:
            _place(form.cleaned_data, by=request.user, at=at)
        except REFUSALS as refusal:
            error, slots = said_of(refusal)
            status = 409
        else:
            to = form.cleaned_data
            when = local_time.say_when(to["starts_at"])
            messages.success(request, f"It is with {to['officer'].styled_name}, {when}.")
            return redirect(chosen.address())
    context = _context(chosen, at, board, form) | {
        "error": error or next(iter(form.errors.values()))[0],
        "alternatives": _alternatives(slots or []),
    }
    return TemplateResponse(request, "appointments/desk.html", context, status=status)


def _place(to, *, by, at):
    appointment = to["appointment"]
    if to["starts_at"] == appointment.starts_at:
        booking.reassign(
            appointment_id=appointment.pk,
            officer_id=to["officer"].pk,
            reason="desk supervisor",
            by=by,
            at=at,
        )
    else:
        booking.move(
            appointment_id=appointment.pk,
            officer_id=to["officer"].pk,
            starts_at=to["starts_at"],
            idempotency_key=to["key"],
            by=by,
            at=at,
        )


def _context(chosen, at, board=None, form=None):
    board = board or capacity.day(chosen.desk, chosen.on, at=at)
    today = local_time.local(at).date()
    return {
        "chosen": chosen,
        "board": board,
        "address": chosen.address(),
        "figures": [board.figures],
        "demand": capacity.demand(chosen.desk, at=at),
        "wishes": capacity.wishes(chosen.desk),
        "form": form
        or PlaceForm.blank(on=chosen.on, cards=_movable(board), officers=_officers(board)),
        "at": at,
        "is_today": chosen.on == today,
        "before": chosen.address(chosen.on - timedelta(days=1)),
        "after": chosen.address(chosen.on + timedelta(days=1)),
        "this_day": chosen.address(today),
        "week_address": chosen.address(view="week"),
        "wall_address": chosen.address(wall="1"),
        "place_address": f"{reverse('appointments:desk_place')}?{chosen.address().split('?')[1]}",
    }


def _week(request, chosen, at):
    monday = chosen.on - timedelta(days=chosen.on.weekday())
    context = {
        "chosen": chosen,
        "figures": capacity.week(chosen.desk, monday, at=at),
        "demand": capacity.demand(chosen.desk, at=at),
        "wishes": capacity.wishes(chosen.desk),
        "monday": monday,
        "today": local_time.local(at).date(),
        "before": chosen.address(monday - timedelta(days=7), view="week"),
        "after": chosen.address(monday + timedelta(days=7), view="week"),
        "day_address": chosen.address(),
    }
    return TemplateResponse(request, "appointments/desk_week.html", context)


def _chosen(request):
    desks = list(
        Desk.objects.filter(force__in=request.user.forces.all(), is_active=True)
        .select_related("force")
        .order_by("name", "pk")
    )
    desks.sort(key=lambda one: bool(one.takes_flags))  # the general desk first
    name, text = request.GET.get("desk"), request.GET.get("day", "")
    found = next((one for one in desks if str(one.pk) == name), None) if name else None
    if name and found is None:
        raise Http404
    today = local_time.local(now()).date()
    try:
        on = date.fromisoformat(text) if text else today
    except ValueError as error:
        raise Http404 from error
    if abs(on - today) > FARTHEST:
        raise Http404
    return Chosen(desks, found or next(iter(desks), None), on)


def _movable(board):
    return [cell.card for line in board.lines for cell in line.cards if cell.is_movable]


def _officers(board):
    return [line.officer for line in board.lines]


def _alternatives(slots):
    """[(officer, Slot)] of the free times that are nearest."""
    people = User.objects.in_bulk([slot.officer_id for slot in slots])
    return [(people[slot.officer_id], slot) for slot in slots]
