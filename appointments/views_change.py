"""What somebody does with their own appointment by their link: change, cancel, write down.

Everything works as plain pages and forms. A GET changes nothing; nothing is given up without a page
that says so. After a change the link is another one, so the answer is the last page of this visit.
"""

import uuid
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from appointments import booking, calendar, change_requests, rooms, selectors
from appointments.attempts import tries
from appointments.forms import DayForm, SlotForm, slot_value
from appointments.models import Appointment, ChangeRequest
from appointments.views_booking import free_for, later_days
from triage import offers
from victimcontact.lib import local_time, phone
from victimcontact.people import links, visits
from victimcontact.people.models import Link

Kind, Wish = Appointment.Kind, ChangeRequest.Wish
# Change it with every change of ``choice_words``: the record says what was read.
WORDS_VERSION = "link-2026-1"


def choice_words(allowed) -> list[tuple[str, str, str]]:
    """[(kind, what it is, what it means)] as they read it. Plain words: reading age 9."""
    found = [
        (Kind.VIDEO, _("A video call"), _("You talk to an officer by video on your phone.")),
        (Kind.VISIT, _("Someone comes to see you"), _("An officer comes to you.")),
        (Kind.STATION, _("At a police station"), _("You come to us and talk to an officer there.")),
    ]
    return [row for row in found if row[0] in allowed]


def _words(allowed):
    """The whole of what the page says of the choice, to be kept with it."""
    ways = " ".join(f"{name}: {means}" for _kind, name, means in choice_words(allowed))
    return f"{_promise()} {ways}"


def _promise():
    return _(
        "You choose how you see us. You can change your mind. What you choose does not change how"
        " seriously we take what you told us."
    )


def _appointment(request):
    return get_object_or_404(
        Appointment.objects.select_related("desk", "officer", "contact", "incident__force").filter(
            contact=request.visit.link.contact_id, status__in=rooms.STAGES
        ),
        pk=request.visit.link.about_id,
    )


def _allowed(appointment):
    assessment = appointment.incident.current_assessment
    return [
        kind
        for kind in (offers.options(assessment) if assessment else [])
        if kind in Appointment.Kind.values
    ]


def _kind(request):
    return request.POST.get("kind") or request.GET.get("kind", "")


def _show(request, name, appointment, context=None, *, status=200):
    context = {
        "appointment": appointment,
        "contact_number": phone.display(appointment.incident.force.contact_number),
        "was_missed": _was_missed(appointment),
        **(context or {}),
    }
    return TemplateResponse(request, f"appointments/change_{name}.html", context, status=status)


def _closed(appointment):
    return appointment.status not in booking.AHEAD


def _was_missed(appointment):
    """Whoever missed it may choose again by the link of the text that said so."""
    return appointment.status == Appointment.Status.MISSED


@require_http_methods(["GET", "HEAD"])
@visits.require_visit("appointment")
def change(request):
    """The choice: another time, another way, or none."""
    appointment = _appointment(request)
    if _closed(appointment) and not _was_missed(appointment):
        return _show(request, "too_late", appointment)
    allowed = _allowed(appointment)
    others = [row for row in choice_words(allowed) if row[0] != appointment.kind]
    context = {"others": others, "promise": _promise(), "may_move": appointment.kind in allowed}
    return _show(request, "start", appointment, context)


@require_http_methods(["GET", "HEAD", "POST"])
@visits.require_visit("appointment")
def change_to(request):
    """Times of one ?kind=; with ?slot= the page that asks to be sure; POST changes it."""
    appointment, at, kind = _appointment(request), now(), _kind(request)
    allowed = _allowed(appointment)
    if _closed(appointment) and not _was_missed(appointment):
        return _show(request, "too_late", appointment)
    if kind not in Kind.values:
        raise Http404
    if kind not in allowed:  # assessed again while they read: the page of choices says what is left
        return _see_other("appointments:change")
    incident = appointment.incident
    context = {
        "kind": kind,
        "kind_name": next(row[1] for row in choice_words(allowed) if row[0] == kind),
        "is_other": kind != appointment.kind,
        "promise": _promise(),
    }
    error, slots, status = "", None, 200
    if request.method == "POST":
        form = SlotForm(request.POST)
        if not form.is_valid():
            error, status = _("Choose a time"), 422
        else:
            officer_id, starts_at = form.cleaned_data["slot"]
            try:
                new = _do(request, appointment, kind, allowed, officer_id, starts_at, form, at)
            except booking.SlotTaken as taken:
                slots, status = taken.alternatives or None, 409
                error = _("That time has just gone. Your old time still stands. Choose another")
                if _was_missed(appointment):
                    error = _("That time has just gone. Choose another")
            except (booking.NotLive, booking.AlreadyBooked):
                return _show(request, "too_late", appointment, status=409)
            except (
                booking.NotChosen,
                booking.NotReachable,
                booking.KeyUsed,
                offers.NotOffered,
            ):
                error, status = _("This cannot be changed here now. Please ring us"), 409
            else:
                is_again = _was_missed(appointment)
                return _show(request, "done", new, context | {"is_again": is_again})
    elif request.GET.get("slot"):
        form = SlotForm({"slot": request.GET["slot"], "key": uuid.uuid4()})
        if form.is_valid():
            context |= {
                "slot": request.GET["slot"],
                "starts_at": form.cleaned_data["slot"][1],
                "key": uuid.uuid4(),
            }
            return _show(request, "sure", appointment, context)
        error, status = _("Choose a time"), 422
    day = DayForm(request.GET).chosen()
    if slots is None:
        slots = _slots(appointment, incident, kind, day, at)
    context |= {"error": error, "days": _by_day(slots), "day": day, "later_days": later_days(at)}
    return _show(request, "times", appointment, context, status=status)


def _do(request, appointment, kind, allowed, officer_id, starts_at, form, at):
    wish = {
        "appointment_id": appointment.pk,
        "officer_id": officer_id,
        "starts_at": starts_at,
        "idempotency_key": form.cleaned_data["key"],
        "by": request.visit,
        "at": at,
    }
    change = tries.rebook if _was_missed(appointment) else booking.rebook
    return change(chosen=kind, words=_words(allowed), words_version=WORDS_VERSION, **wish)


def _slots(appointment, incident, kind, day, at):
    desk = (
        appointment.desk if kind in appointment.desk.kinds else selectors.desk_for(incident, kind)
    )
    if desk is None:
        return []
    return free_for(incident, appointment.contact, kind, desk, day, at)


def _by_day(slots):
    days = {}
    for slot in slots:
        day, said = local_time.say_apart(slot.starts_at)
        days.setdefault(day, []).append((slot_value(slot), said))
    return list(days.items())


@require_http_methods(["GET", "HEAD", "POST"])
@visits.require_visit("appointment")
def ask_person(request):
    """No time is free that way: a person sorts it out. The time stands meanwhile."""
    appointment, at, kind = _appointment(request), now(), _kind(request)
    if kind not in Kind.values:
        raise Http404
    if request.method == "POST":
        wish = Wish.ANOTHER_TIME if kind == appointment.kind else Wish(kind)
        try:
            change_requests.ask_instead(
                appointment_id=appointment.pk,
                wish=wish,
                words=_words(_allowed(appointment)),
                words_version=WORDS_VERSION,
                by=request.visit,
                at=at,
            )
        except (booking.NotLive, booking.AlreadyBooked):
            return _show(request, "too_late", appointment, status=409)
        return _see_other("appointments:visit")
    return redirect(f"{reverse('appointments:change_to')}?{urlencode({'kind': kind})}")


def _see_other(name):
    response = redirect(name)
    response.status_code = 303
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@visits.require_visit("appointment")
def cancel(request):
    """The page that asks to be sure; POST gives the appointment up."""
    appointment = _appointment(request)
    if _closed(appointment):
        return _show(request, "too_late", appointment)
    if request.method != "POST":
        return _show(request, "cancel", appointment)
    try:
        booking.cancel(
            appointment_id=appointment.pk, reason="by their link", by=request.visit, at=now()
        )
    except booking.NotLive:
        return _show(request, "too_late", appointment, status=409)
    return _show(request, "cancelled", appointment)


@require_http_methods(["GET", "HEAD", "POST"])
@visits.require_visit("appointment")
def to_calendar(request):
    """Who else may see the calendar is said first; POST gives the file."""
    appointment, at = _appointment(request), now()
    if _closed(appointment):
        return _show(request, "too_late", appointment)
    if request.method != "POST":
        may_email = calendar.may_email(appointment.contact, at)
        return _show(request, "calendar", appointment, {"may_email": may_email})
    link = ""
    if request.POST.get("link") == "yes":
        # Of the link in the text only a hash is kept: the file gets one of its own.
        _link, token = links.issue(
            contact=appointment.contact,
            purpose=Link.Purpose.APPOINTMENT,
            about_id=appointment.pk,
            expires_at=appointment.ends_at + rooms.LINK_LIVES_ON,
            by=request.visit,
            at=at,
        )
        link = links.address(Link.Purpose.APPOINTMENT, token)
    return HttpResponse(
        calendar.file(appointment, at=at, link=link),
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="appointment.ics"'},
    )


@require_POST
@visits.require_visit("appointment")
def email_calendar(request):
    """Send the file to the address that they gave, where the contact plan allows e-mail."""
    appointment = _appointment(request)
    try:
        sent = calendar.send(appointment_id=appointment.pk, at=now())
    except booking.NotLive:
        return _show(request, "too_late", appointment, status=409)
    except calendar.NoEmail:
        return _show(request, "calendar", appointment, {"no_email": True}, status=409)
    return _show(request, "emailed", appointment, {"later": sent.not_before})
