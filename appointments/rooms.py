"""The video room: who may come in, who is in it, and where it stands.

An appointment's status is the truth. Its room has two seats, one for an officer and one for the
victim; a seat is a Presence row, so that two people can never sit on one. The victim waits, an
officer lets them in, and from then on either may drop and come back by the same page.
"""

import asyncio
import base64
import hmac
import logging
import time
from datetime import timedelta
from functools import partial

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.dispatch import receiver

from appointments import protocol
from appointments.models import Appointment, DeviceTest, Presence
from appointments.signals import appointment_cancelled, appointment_ended, appointment_missed
from victimcontact.accounts.models import User
from victimcontact.accounts.permissions import can
from victimcontact.accounts.roles import PERMISSIONS
from victimcontact.audit import ledger
from victimcontact.lib.hashing import keyed_hash
from victimcontact.people.models import Link, Visit

log = logging.getLogger(__name__)

# The waiting room opens this long before the agreed time.
OPENS_BEFORE = timedelta(minutes=30)
# A link goes on after the appointment, so that a late call can rejoin.
LINK_LIVES_ON = timedelta(hours=24)
# A socket says every few seconds that it lives; after this long it does not.
STALE_AFTER = timedelta(seconds=30)
# Without a socket, a page that asked for the state this lately counts as here.
SEEN_WITHIN = timedelta(seconds=75)
# Longer than any call; the relay forgets who was who by itself.
CREDENTIALS_LAST = timedelta(hours=4)
# A hint is worth no more of a request's time than this.
HINT_SECONDS = 1.0

STAGES = {
    Appointment.Status.BOOKED: protocol.BOOKED,
    Appointment.Status.WAITING: protocol.WAITING,
    Appointment.Status.IN_CALL: protocol.ADMITTED,
    Appointment.Status.ENDED: protocol.ENDED,
    Appointment.Status.MISSED: protocol.MISSED,
    Appointment.Status.CANCELLED: protocol.CANCELLED,
}
MAY_ENTER = [role for role, permissions in PERMISSIONS.items() if "room.enter" in permissions]


class NotNow(Exception):
    """The appointment is not in a state that allows this."""


class TooEarly(NotNow):
    """The waiting room is not open yet."""


class NobodyWaiting(NotNow):
    """Whoever was to be let in is no longer there, or is not who the officer saw."""


class SeatTaken(Exception):
    """Somebody sits there. ``presence`` is the row."""

    def __init__(self, presence):
        super().__init__("The seat is taken.")
        self.presence = presence


# Where it stands


def opens_at(appointment):
    """When the victim may enter the waiting room."""
    return appointment.starts_at - OPENS_BEFORE


def may_enter(user, appointment):
    """Whether this officer may sit in this room: whose diary it is in, or who manages diaries.

    Nobody where they meet in person: only video has a room.
    """
    return (
        appointment.is_video
        and can(user, "room.enter")
        and (
            appointment.officer_id == user.pk
            or (
                can(user, "diary.manage")
                and user.forces.filter(pk=appointment.incident.force_id).exists()
            )
        )
    )


def live_visit(appointment, at):
    """The latest opening of the appointment's link that is still good, or None."""
    return live_visit_of(Link.Purpose.APPOINTMENT, appointment.pk, at)


def live_visit_of(purpose, about_id, at):
    """The latest opening of a link of that ``purpose`` that is still good, or None."""
    return (
        Visit.objects.filter(
            link__purpose=purpose,
            link__about_id=about_id,
            link__revoked_at=None,
            ended_at=None,
            ends_at__gt=at,
        )
        .order_by("-opened_at")
        .first()
    )


def stage_for_victim(appointment, visit):
    """The room's stage as this opening of the link may see it."""
    stage = STAGES[appointment.status]
    if stage == protocol.ADMITTED and appointment.admitted_visit_id != visit.pk:
        return protocol.WAITING
    return stage


def stage_for_officer(appointment, at):
    """The room's stage, and the Visit that waits to be let in (or None)."""
    stage = STAGES[appointment.status]
    if stage not in (protocol.WAITING, protocol.ADMITTED):
        return stage, None
    visit = live_visit(appointment, at)
    if visit is None or visit.pk == appointment.admitted_visit_id:
        return stage, None
    return protocol.WAITING, visit


def by_phone(appointment) -> str:
    """Why no call by video awaits them, or "".

    Video is down and they are "rung" instead; or the plan lets nobody ring, and a person is "asked"
    to work out how to reach them.
    """
    may_ring = appointment.fallbacks.filter(ended_at=None).values_list("may_ring", flat=True)
    return {None: "", True: "rung", False: "asked"}[may_ring.first()]


def truth_for_victim(appointment, *, visit, at):
    """What the victim's page may know, as JSON-ready values. Holds nothing that names anybody."""
    return {
        "stage": stage_for_victim(appointment, visit),
        "can_wait": appointment.is_video and at >= opens_at(appointment),
        "by_phone": by_phone(appointment),
        "visit": str(visit.pk),
        "peer_exited": False,
        "others": others(appointment),
        "ice_servers": ice_servers(visit, at=at),
    }


def truth_for_officer(appointment, *, user, at):
    """What the officer's page may know, as JSON-ready values."""
    stage, waiting = stage_for_officer(appointment, at)
    return {
        "stage": stage,
        "can_wait": False,
        "visit": str(waiting.pk) if waiting else "",
        "peer_exited": has_exited(appointment),
        "others": others(appointment),
        "ice_servers": ice_servers(user, at=at),
    }


def others(appointment):
    """How many companions are let in: pages open lines to them only where there are any."""
    return appointment.companions.filter(removed_at=None, admitted_visit__isnull=False).count()


def has_exited(appointment):
    """Whether the last thing the victim did was to press the way out."""
    last = (
        Visit.objects.filter(link__purpose=Link.Purpose.APPOINTMENT, link__about_id=appointment.pk)
        .order_by("-opened_at")
        .values_list("pk", "ended_why")
        .first()
    )
    if last is None:
        return False
    visit_id, why = last
    if why == protocol.EXIT:
        return True
    presence = (
        Presence.objects.filter(appointment=appointment, visit=visit_id)
        .order_by("-joined_at")
        .first()
    )
    return presence is not None and presence.left_why == protocol.EXIT


def here_now(appointments, at):
    """Ids of those ``appointments`` whose victim is on the page now. Two queries."""
    ids = [appointment.pk for appointment in appointments]
    seated = Presence.objects.filter(
        appointment__in=ids,
        side=Presence.Side.VICTIM,
        left_at=None,
        seen_at__gt=at - STALE_AFTER,
    ).values_list("appointment_id", flat=True)
    asking = Visit.objects.filter(
        link__purpose=Link.Purpose.APPOINTMENT,
        link__about_id__in=ids,
        ended_at=None,
        last_seen_at__gt=at - SEEN_WITHIN,
    ).values_list("link__about_id", flat=True)
    return {*seated, *asking}


def ice_servers(who, *, at):
    """RTCIceServer dictionaries for one page: the force's own servers, or none.

    ``who`` is a User or a Visit. The relay's name and password work for some hours and say
    nothing about whose they are. Source: coturn's ``use-auth-secret``, as described in
    draft-uberti-behave-turn-rest-00.
    """
    servers = []
    if settings.STUN_URLS:
        servers.append({"urls": list(settings.STUN_URLS)})
    if settings.TURN_URLS:
        expires = int((at + CREDENTIALS_LAST).timestamp())
        username = f"{expires}:{keyed_hash('relay', str(who.pk))[:16]}"
        # SHA-1 is what coturn expects of an HMAC; its known weakness does not touch HMAC.
        password = hmac.digest(settings.TURN_SECRET.encode(), username.encode(), "sha1")
        servers.append(
            {
                "urls": list(settings.TURN_URLS),
                "username": username,
                "credential": base64.b64encode(password).decode(),
            }
        )
    return servers


# What changes it


@transaction.atomic
def enter_waiting_room(*, appointment_id, visit, at):
    """The victim is here and ready. Asked twice, changes nothing more.

    Returns the Appointment. Raises TooEarly or NotNow.
    """
    appointment = _lock(appointment_id)
    if appointment.status in (Appointment.Status.WAITING, Appointment.Status.IN_CALL):
        return appointment
    if appointment.status != Appointment.Status.BOOKED or not appointment.is_video:
        raise NotNow
    if at < opens_at(appointment):
        raise TooEarly
    appointment.status, appointment.waiting_at = Appointment.Status.WAITING, at
    appointment.save(update_fields=["status", "waiting_at"])
    ledger.record("room.waiting", by=visit, about=appointment, at=at)
    notify(appointment, protocol.STATE)
    return appointment


@transaction.atomic
def admit(*, appointment_id, visit_id, by, at):
    """Let in the opening of the link that ``by`` saw waiting. Asked twice, changes nothing more.

    Returns the Appointment. Raises NobodyWaiting when another one, or none, waits by now.
    """
    appointment = _lock(appointment_id)
    if appointment.status not in (Appointment.Status.WAITING, Appointment.Status.IN_CALL):
        raise NotNow
    visit = live_visit(appointment, at)
    if visit is None or str(visit.pk) != str(visit_id):
        raise NobodyWaiting
    if appointment.admitted_visit_id == visit.pk:
        return appointment
    _end_what_was_left_open(appointment, by=by, at=at)
    appointment.status = Appointment.Status.IN_CALL
    appointment.admitted_at = appointment.admitted_at or at
    appointment.admitted_visit = visit
    appointment.save(update_fields=["status", "admitted_at", "admitted_visit"])
    ledger.record("room.admitted", by=by, about=appointment, at=at, visit=str(visit.pk))
    notify(appointment, protocol.STATE)
    return appointment


def _end_what_was_left_open(appointment, *, by, at):
    """An earlier call whose officer closed the page without ending it keeps nobody waiting.

    Raises NotNow where an officer still sits in it.
    """
    if appointment.role != Appointment.Role.VICTIM:
        return
    others = Appointment.objects.filter(
        incident=appointment.incident_id,
        role=appointment.role,
        status=Appointment.Status.IN_CALL,
    ).exclude(pk=appointment.pk)
    for other in others:
        if other.presences.filter(
            side=Presence.Side.OFFICER, left_at=None, seen_at__gt=at - STALE_AFTER
        ).exists():
            raise NotNow
        end(appointment_id=other.pk, by=by, at=at)


@transaction.atomic
def end(*, appointment_id, by, at):
    """End the call for both. Asked twice, changes nothing more. Raises NotNow."""
    appointment = _lock(appointment_id)
    if appointment.status == Appointment.Status.ENDED:
        return appointment
    if appointment.status != Appointment.Status.IN_CALL:
        raise NotNow
    appointment.status, appointment.ended_at = Appointment.Status.ENDED, at
    appointment.save(update_fields=["status", "ended_at"])
    ledger.record("room.ended", by=by, about=appointment, at=at)
    appointment_ended.send(sender=Appointment, appointment=appointment, at=at)
    notify(appointment, protocol.STATE)
    return appointment


@transaction.atomic
def record_devices(*, appointment, visit, has_camera, has_microphone, problem, at):
    """Keep what the victim's device could do when they tried it. ``problem`` is one word."""
    DeviceTest.objects.create(
        appointment=appointment,
        has_camera=has_camera,
        has_microphone=has_microphone,
        problem=problem,
        tested_at=at,
    )
    ledger.record("room.devices_tested", by=visit, about=appointment, at=at)
    notify(appointment, protocol.STATE)


# The two seats


@transaction.atomic
def take_seat(*, appointment, side, by, channel, at, instead_of=None):
    """Sit down: one officer and one victim at a time. Returns the Presence.

    ``by`` is a User or a Visit, ``channel`` the socket's name in the channel layer. A holder who
    was not heard of for a while, or whose link was opened anew, loses the seat; so does the one
    whose Presence id is ``instead_of``, because they were asked and did not answer. Raises
    SeatTaken.
    """
    _lock(appointment.pk)
    holder = (
        Presence.objects.select_related("visit")
        .filter(appointment=appointment, side=side, left_at=None)
        .first()
    )
    if holder is not None:
        is_fresh = holder.seen_at > at - STALE_AFTER
        is_over = holder.visit is not None and holder.visit.ended_at is not None
        if is_fresh and not is_over and holder.pk != instead_of:
            raise SeatTaken(holder)
        _stand_up(holder, "replaced" if is_fresh else "lost", at)
    presence = Presence.objects.create(
        appointment=appointment,
        side=side,
        user=by if side == Presence.Side.OFFICER else None,
        visit=by if side == Presence.Side.VICTIM else None,
        channel=channel,
        joined_at=at,
        seen_at=at,
    )
    ledger.record("room.joined", by=by, about=appointment, at=at, side=side)
    return presence


@transaction.atomic
def leave_seat(*, presence_id, why, at):
    """Stand up. ``why`` is "left", "exit", "closed", "lost" or "refused".

    Returns whether the seat was still held: another page may have it by now.
    """
    presence = Presence.objects.select_for_update().filter(pk=presence_id, left_at=None).first()
    if presence is not None:
        _stand_up(presence, why, at)
    return presence is not None


def refused(*, appointment, side, by, at):
    """Write down that a third page asked for a seat and was turned away."""
    ledger.record("room.refused", by=by, about=appointment, at=at, side=side)


def must_go(presence_ids, *, at):
    """Which of these seats (Presence ids) may no longer be held. One query, for a whole process.

    Someone was switched off, lost their role, their force or the appointment, or the link was
    revoked, ended or opened anew; or the seat was given to another page.
    """
    serves = User.forces.through.objects.filter(
        user=OuterRef("user"), force=OuterRef("appointment__incident__force")
    )
    officer = Q(side=Presence.Side.OFFICER) & (
        Q(user__is_active=False) | ~Q(user__roles__overlap=MAY_ENTER) | ~Exists(serves)
    )
    # A companion's link is revoked when they are let out.
    victim = ~Q(side=Presence.Side.OFFICER) & (
        Q(visit__ended_at__isnull=False)
        | Q(visit__ends_at__lte=at)
        | Q(visit__link__revoked_at__isnull=False)
    )
    found = Presence.objects.filter(
        officer | victim | Q(left_at__isnull=False), pk__in=presence_ids
    )
    return set(found.values_list("pk", flat=True))


def seen(presence_ids, *, at):
    """These seats' sockets are alive. Being in the room counts as using the visit."""
    Presence.objects.filter(pk__in=presence_ids, left_at=None).update(seen_at=at)
    Visit.objects.filter(presences__in=presence_ids, ended_at=None).update(last_seen_at=at)


def _stand_up(presence, why, at):
    presence.left_at, presence.left_why = at, why
    presence.save(update_fields=["left_at", "left_why"])
    ledger.record(
        "room.left",
        by=presence.user or presence.visit,
        about=presence.appointment,
        at=at,
        side=presence.side,
        why=why,
    )


def _lock(appointment_id):
    return (
        Appointment.objects.select_for_update(of=("self",), no_key=True)
        .select_related("incident__force", "contact", "officer")
        .get(pk=appointment_id)
    )


# Hints to the pages


def group(appointment_id):
    """The channel layer's group of a room's two sockets."""
    return f"room.{str(appointment_id).replace('-', '')}"


def notify(appointment, what):
    """After commit, hint to the open pages that ``what`` changed: they fetch it themselves.

    ``what`` is protocol.STATE, STATEMENT or EXHIBITS. Never raises and never holds a request up
    for long: without the hint the pages find out a little later.
    """
    transaction.on_commit(partial(_hint, appointment.pk, what), robust=True)


@receiver([appointment_cancelled, appointment_missed])
def _over(sender, appointment, **kwargs):
    notify(appointment, protocol.STATE)


def _hint(appointment_id, what):
    started = time.monotonic()
    try:
        async_to_sync(_send)(group(appointment_id), {"type": "room.changed", "what": what})
    except Exception as error:  # whatever the broker's client raises: the change is committed
        log.warning(
            "Room hint lost after %.1f s: %s", time.monotonic() - started, type(error).__name__
        )


async def _send(name, message):
    await asyncio.wait_for(get_channel_layer().group_send(name, message), HINT_SECONDS)
