"""The officer's diary: today, the week, and one appointment before the call."""

from datetime import date, timedelta

from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from appointments import booking, companions, diary, outcomes, rooms, selectors
from appointments.models import Appointment
from triage import children
from triage.models import Response
from victimcontact.accounts.permissions import can, require
from victimcontact.audit import ledger
from victimcontact.lib import local_time


def _wants_everyone(request):
    return not diary.has_own_diary(request.user) or (
        request.GET.get("of") == "everyone" and can(request.user, "diary.manage")
    )


@require_safe
@require("diary.view", reads="list")
def my_day(request):
    """Today, whom to see next first. The page asks for its list again every few seconds."""
    at = now()
    everyone = _wants_everyone(request)
    rows = diary.day(request.user, local_time.local(at).date(), everyone=everyone, at=at)
    context = {
        "rows": rows,
        "next": None if everyone else diary.next_up(rows, at),
        "put_through": None if everyone else diary.put_through(rows, at),
        "everyone": everyone,
        "may_see_everyone": diary.has_own_diary(request.user) and can(request.user, "diary.manage"),
        "at": at,
    }
    template = "appointments/_my_day.html" if request.htmx else "appointments/my_day.html"
    return TemplateResponse(request, template, context)


@require_safe
@require("diary.view", reads="list")
def week(request):
    """Seven days from a Monday: ?from=2026-05-04, else this week."""
    at = now()
    today = local_time.local(at).date()
    try:
        chosen = date.fromisoformat(request.GET["from"])
        monday = chosen - timedelta(days=chosen.weekday())
        before, after = monday - timedelta(days=7), monday + timedelta(days=7)
        # Far from today there is no diary, and at the ends of the calendar no day's bounds.
        if abs((monday - today).days) > 3660:
            raise Http404
    except KeyError:
        monday = today - timedelta(days=today.weekday())
        before, after = monday - timedelta(days=7), monday + timedelta(days=7)
    except (ValueError, OverflowError) as error:
        raise Http404 from error
    everyone = _wants_everyone(request)
    context = {
        "days": diary.week(request.user, monday, everyone=everyone, at=at),
        "monday": monday,
        "sunday": monday + timedelta(days=6),
        "before": before,
        "after": after,
        "today": today,
        "everyone": everyone,
        "may_see_everyone": diary.has_own_diary(request.user) and can(request.user, "diary.manage"),
    }
    return TemplateResponse(request, "appointments/week.html", context)


@require_safe
@require("appointment.book", reads="appointments.appointment")
def report(request, pk):
    """On to the report behind an appointment: a call handler books, but opens no diary."""
    found = get_object_or_404(Appointment, pk=pk, incident__force__in=request.user.forces.all())
    return redirect("triage:incident", found.incident_id)


@require_safe
@require("appointment.view")
def appointment(request, pk):
    """Everything to know before the call. Reading it is an entry in the ledger."""
    at = now()
    found = get_object_or_404(
        selectors.appointments_for(request.user).exclude(
            status__in=(Appointment.Status.HELD, Appointment.Status.RELEASED)
        ),
        pk=pk,
    )
    row = diary.one(request.user, found, at=at)
    found = row.appointment
    ledger.record("appointment.viewed", by=request.user, about=found, at=at)
    stage, waiting = rooms.stage_for_officer(found, at)
    others = found.incident.participants.select_related("contact")
    context = {
        "row": row,
        "appointment": found,
        "incident": found.incident,
        "stage": stage,
        "is_waiting": waiting is not None,
        "participants": others,
        "children": children.of(found.incident),
        "born": _born(found.contact),
        "elements": diary.elements(row.assessment),
        "texts": diary.texts_about(found),
        "device_test": found.device_tests.order_by("-tested_at").first(),
        "choice": Response(found.offer.chosen).label,
        "needs": row.needs,
        "companions": companions.of(found),
        "passed_on": getattr(found, "passed_on", None),
        "may_follow_up": can(request.user, "appointment.book")
        and (found.status in ("in_call", "ended")),
        "may_reassign": can(request.user, "diary.manage"),
        "may_say_outcome": outcomes.may_say_outcome(request.user, found)
        and found.status in booking.AHEAD
        and found.starts_at <= at,
        "facts": [
            {"key": "Where", "value": _where(found)},
            {"key": "Time", "value": local_time.staff_time(found.starts_at)},
            {"key": "Desk", "value": found.desk.name},
            {"key": "Officer", "value": found.officer.styled_name},
        ],
        "room_address": reverse("appointments:room", args=[found.pk]),
        "may_change": can(request.user, "appointment.book")
        and found.status in (Appointment.Status.BOOKED, Appointment.Status.WAITING),
    }
    return TemplateResponse(request, "appointments/appointment.html", context)


def _where(appointment):
    if appointment.kind == Appointment.Kind.VISIT:
        # Where it happened may be the street, or the door of whoever did it: nobody agreed on it.
        return appointment.contact.address or "No place is agreed: ask them first"
    if appointment.kind == Appointment.Kind.STATION:
        return appointment.desk.place or "The desk has no place written down"
    return "By video"


def _born(contact):
    """The date of birth, or None when there is none that the calendar knows."""
    try:
        return parse_date(contact.date_of_birth)
    except ValueError:
        return None
