"""The second socket of a call with companions: who is there, and the handshakes page to page.

Open only while the call is, and only to whoever was let in; asked again every second. The line
between officer and victim does not depend on it.
"""

import asyncio
import contextlib
import json
import logging
import time

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.utils.timezone import now

from appointments import companions, protocol, rooms
from appointments import protocol_beside as words
from appointments.models import Appointment, Companion, Presence
from victimcontact.accounts.sockets import verified_user
from victimcontact.people import visits
from victimcontact.people.models import Link

log = logging.getLogger(__name__)
LOOK_SECONDS = 1.0
PING_SECONDS = 10.0
SILENT_SECONDS = 28.0


class BesideConsumer(AsyncWebsocketConsumer):
    """What every page has in common: ``role`` and ``name`` are what the others are shown."""

    companion = presence = None
    role = name = ""

    async def connect(self):
        self.page = self.task = None
        self.heard_at = time.monotonic()
        self.window_started, self.messages = self.heard_at, 0
        if not await database_sync_to_async(self.identify)(now()):
            await self.close()
            return
        self.group = f"beside.{self.appointment.pk.hex}"
        await self.accept()
        self.task = asyncio.create_task(self.keep())

    def identify(self, at) -> bool:
        """Find out who knocks: sets appointment, role, name. Runs in a thread of its own."""
        raise NotImplementedError

    def may_stay(self, at) -> bool:
        """Whether they may still be here. Reads the database."""
        raise NotImplementedError

    async def receive(self, text_data=None, bytes_data=None):
        moment = self.heard_at = time.monotonic()
        if moment - self.window_started > words.WINDOW_SECONDS:
            self.window_started, self.messages = moment, 0
        self.messages += 1
        try:
            if self.messages > words.MESSAGES_PER_WINDOW:
                raise words.BadMessage("too many")
            message = words.parse(text_data)
            if (message.type == words.HELLO) == (self.page is not None):
                raise words.BadMessage("order")
        except words.BadMessage as error:
            log.info("beside: refused message (%s)", error)
            await self.close(protocol.BAD_MESSAGE)
            return
        if message.type == words.HELLO:
            await self.come_in(message.fields["page"])
        elif message.type == words.TO:
            to, call, said = (message.fields[name] for name in ("page", "call", "said"))
            await self.tell("beside.from", to=to, call=call, said=said)

    async def come_in(self, page):
        if not await database_sync_to_async(self.sit)(now()):
            await self.close(protocol.GONE)
            return
        self.page = page
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.tell("beside.person", role=self.role, name=self.name, asks=True)

    def sit(self, at) -> bool:
        return self.may_stay(at)

    async def disconnect(self, code):
        if self.task is not None:
            self.task.cancel()
        if self.page is None:
            return
        await self.tell("beside.gone")
        await self.channel_layer.group_discard(self.group, self.channel_name)
        if self.presence is not None:
            await database_sync_to_async(rooms.leave_seat)(
                presence_id=self.presence.pk, why="closed", at=now()
            )

    async def keep(self):
        pinged_at = time.monotonic()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                if not await database_sync_to_async(self.may_stay)(now()):
                    await self.close(protocol.GONE)
                    return
                if time.monotonic() - pinged_at >= PING_SECONDS:
                    pinged_at = time.monotonic()
                    if pinged_at - self.heard_at > SILENT_SECONDS:
                        await self.close(1001)
                        return
                    await self.say(words.PING)
                    if self.presence is not None:
                        await database_sync_to_async(rooms.seen)([self.presence.pk], at=now())
            except Exception as error:
                # A call goes on while the database is away: who may stay is asked again.
                log.warning("beside: could not look: %s", type(error).__name__)

    async def tell(self, kind, **fields):
        await self.channel_layer.group_send(
            self.group, {"type": kind, "page": self.page, "by": self.channel_name, **fields}
        )

    async def beside_person(self, event):
        if event["by"] == self.channel_name:
            return
        await self.say(words.PERSON, **{key: event[key] for key in ("page", "role", "name")})
        if event["asks"]:
            await self.tell("beside.person", role=self.role, name=self.name, asks=False)

    async def beside_gone(self, event):
        if event["by"] != self.channel_name:
            await self.say(words.GONE, page=event["page"])

    async def beside_from(self, event):
        if event["to"] == self.page:
            await self.say(words.FROM, **{key: event[key] for key in ("page", "call", "said")})

    async def beside_replaced(self, event):
        self.presence = None  # the seat is the other page's by now
        await self.close(protocol.OCCUPIED)

    async def say(self, kind, **fields):
        with contextlib.suppress(Exception):
            await self.send(text_data=json.dumps({"type": kind, **fields}))


class OfficerBesideConsumer(BesideConsumer):
    role = protocol.OFFICER

    def identify(self, at):
        self.user = verified_user(self.scope)
        self.appointment = _in_call(self.scope["url_route"]["kwargs"]["appointment_id"])
        return bool(self.user and self.appointment and rooms.may_enter(self.user, self.appointment))

    def may_stay(self, at):
        seated = Presence.objects.filter(
            appointment=self.appointment, side=Presence.Side.OFFICER, user=self.user, left_at=None
        )
        return seated.exists() and _in_call(self.appointment.pk) is not None


class GuestBesideConsumer(BesideConsumer):
    """The victim or a companion, by the visit that the cookie opens."""

    def identify(self, at):
        self.visit = visits.find(self.scope["cookies"].get(settings.VISIT_COOKIE_NAME, ""), at)
        if self.visit is None:
            return False
        link = self.visit.link
        if link.purpose == Link.Purpose.COMPANION:
            self.companion = (
                Companion.objects.select_related("contact")
                .filter(pk=link.about_id, contact=link.contact_id)
                .first()
            )
            about = self.companion.appointment_id if self.companion else None
            if self.companion:
                self.role, self.name = self.companion.role, self.companion.contact.name
        else:
            self.role, about = protocol.VICTIM, link.about_id
        self.appointment = _in_call(about)
        return self.appointment is not None and self.may_stay(at)

    def may_stay(self, at):
        appointment = _in_call(self.appointment.pk)
        visit = type(self.visit).objects.select_related("link").get(pk=self.visit.pk)
        if appointment is None or not visits.is_live(visit, at):
            return False
        if self.companion is None:
            return (
                visit.link.purpose == Link.Purpose.APPOINTMENT
                and appointment.contact_id == visit.link.contact_id
                and appointment.admitted_visit_id == visit.pk
            )
        self.companion.refresh_from_db(fields=["removed_at", "admitted_visit"])
        return self.companion.removed_at is None and self.companion.admitted_visit_id == visit.pk

    def sit(self, at):
        if not self.may_stay(at):
            return False
        if self.companion is not None:
            self.presence, before = companions.sit(
                companion=self.companion, visit=self.visit, channel=self.channel_name, at=at
            )
            self.replaces = before
        return True

    async def come_in(self, page):
        self.replaces = ""
        await super().come_in(page)
        if self.replaces:
            await self.channel_layer.send(self.replaces, {"type": "beside.replaced"})


def _in_call(appointment_id):
    return (
        Appointment.objects.select_related("incident", "officer")
        .filter(pk=appointment_id, status=Appointment.Status.IN_CALL)
        .first()
    )
