"""The room's sockets: one seat each, the handshake passed on between them, hints passed down.

A socket touches the database when it sits down, stands up, or must know whether the call is open.
One watch for the whole process asks every second who may no longer sit.
"""

import asyncio
import contextlib
import json
import logging
import time
import weakref

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.utils.timezone import now

from appointments import protocol, rooms
from appointments.models import Appointment, Presence
from victimcontact.accounts.sockets import signed_out_since, verified_user
from victimcontact.people import visits
from victimcontact.people.models import Link

log = logging.getLogger(__name__)

OFFICER = Presence.Side.OFFICER
HELLO_SECONDS = 10
PROBE_SECONDS = 1.5
WATCH_SECONDS = 1.0
PING_SECONDS = 10.0
# Three pings without a word: the line is dead, whatever the operating system thinks.
SILENT_SECONDS = 28.0
# A page that is told "not yet" over and over does not get a query each time.
LOOK_AGAIN_SECONDS = 1.0


class RoomConsumer(AsyncWebsocketConsumer):
    """What both sides have in common. A subclass says whose side it is and who comes in."""

    side = None

    async def connect(self):
        self.presence_id = self.page = self.answer = self.task = None
        self.is_open, self.looked_at = None, 0.0
        self.heard_at = time.monotonic()
        self.waiting_probes = []
        self.window_started, self.messages = self.heard_at, 0
        found = await database_sync_to_async(self.identify)(now())
        if found is None:
            await self.close()  # before it was accepted: an answer of 403, and nothing else
            return
        self.appointment, self.by = found
        self.group = rooms.group(self.appointment.pk)
        await self.accept()
        self.task = asyncio.create_task(self.expect_hello())

    def identify(self, at):
        """(Appointment, who) for whoever knocks, or None. Runs in a thread of its own."""
        raise NotImplementedError

    async def expect_hello(self):
        await asyncio.sleep(HELLO_SECONDS)
        await self.close(protocol.BAD_MESSAGE)

    # From the page

    async def receive(self, text_data=None, bytes_data=None):
        moment = self.heard_at = time.monotonic()
        if moment - self.window_started > protocol.WINDOW_SECONDS:
            self.window_started, self.messages = moment, 0
        self.messages += 1
        try:
            if self.messages > protocol.MESSAGES_PER_WINDOW:
                raise protocol.BadMessage("too many")
            message = protocol.parse(text_data)
            if (message.type == protocol.HELLO) == (self.page is not None):
                raise protocol.BadMessage("order")
        except protocol.BadMessage as error:
            # The reason is one of our own words, never what was sent.
            log.info("room: refused message (%s)", error)
            await self.close(protocol.BAD_MESSAGE)
            return
        if message.type == protocol.HELLO:
            self.page = message.fields["page"]
            self.task.cancel()
            # Not awaited here: sitting down waits for answers that arrive as messages.
            self.task = asyncio.create_task(self.sit_down())
        elif message.type == protocol.PONG:
            await self.answer_probes()
        elif self.presence_id is None:
            return  # not sitting yet: there is nobody to tell
        elif message.type == protocol.LEAVE:
            await self.stand_up(message.fields["reason"])
            await self.close(1000)
        elif message.type in protocol.RELAYED and await self.may_talk():
            await self.tell_room("room.relay", message=message.as_dict())

    async def disconnect(self, code):
        if self.task is not None:
            self.task.cancel()
        await self.stand_up("closed")

    async def stand_up(self, why):
        """Leave the seat at once: a dead line can take long to close. Twice does nothing more."""
        presence_id, self.presence_id = self.presence_id, None
        if presence_id is None:
            return
        Watch.here().forget(presence_id)
        await self.channel_layer.group_discard(self.group, self.channel_name)
        await database_sync_to_async(rooms.leave_seat)(presence_id=presence_id, why=why, at=now())
        reason = why if why in (protocol.LEFT, protocol.EXIT) else None
        await self.tell_room("room.peer", here=False, page=self.page, reason=reason, asks=False)

    # Sitting down

    async def sit_down(self):
        try:
            presence = await self.take_seat()
        except rooms.SeatTaken:
            await database_sync_to_async(rooms.refused)(
                appointment=self.appointment, side=self.side, by=self.by, at=now()
            )
            await self.tell_room("room.intruder")
            await self.close(protocol.OCCUPIED)
            return
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("room: could not sit down")
            await self.close(1011)
            return
        self.presence_id = presence.pk
        await self.channel_layer.group_add(self.group, self.channel_name)
        Watch.here().add(presence.pk, self)
        stage = await database_sync_to_async(self.stage)()
        await self.say(protocol.WELCOME, stage=stage)
        await self.tell_room("room.peer", here=True, page=self.page, reason=None, asks=True)
        # Who waits may have changed with whoever sat down.
        await self.tell_room("room.changed", what=protocol.STATE)

    async def take_seat(self):
        """The Presence. Asks a holder whether they are still there. Raises rooms.SeatTaken."""
        take = database_sync_to_async(rooms.take_seat)
        wish = {
            "appointment": self.appointment,
            "side": self.side,
            "by": self.by,
            "channel": self.channel_name,
        }
        try:
            return await take(**wish, at=now())
        except rooms.SeatTaken as taken:
            holder = taken.presence
            if await self.holder_stays(holder.channel):
                raise
        presence = await take(**wish, at=now(), instead_of=holder.pk)
        await self.channel_layer.send(holder.channel, {"type": "seat.lost"})
        return presence

    async def holder_stays(self, channel):
        self.answer = asyncio.get_running_loop().create_future()
        await self.channel_layer.send(
            channel, {"type": "seat.probe", "reply_to": self.channel_name, "page": self.page}
        )
        try:
            return await asyncio.wait_for(self.answer, PROBE_SECONDS)
        except TimeoutError:
            return False

    async def seat_probe(self, event):
        if event["page"] == self.page:  # the same page, back by a new socket
            await self.answer_to(event["reply_to"], stays=False)
            return
        self.waiting_probes.append(event["reply_to"])
        await self.say(protocol.PING)

    async def answer_probes(self):
        probes, self.waiting_probes = self.waiting_probes, []
        for reply_to in probes:
            await self.answer_to(reply_to, stays=True)

    async def answer_to(self, channel, *, stays):
        await self.channel_layer.send(channel, {"type": "seat.answer", "stays": stays})

    async def seat_answer(self, event):
        if self.answer is not None and not self.answer.done():
            self.answer.set_result(event["stays"])

    async def seat_lost(self, event):
        await self.close(protocol.OCCUPIED)
        await self.stand_up("replaced")

    # In the room

    def stage(self):
        """The room's stage for this side. Reads the database."""
        raise NotImplementedError

    def look(self):
        """Whether the call is open to this side. Reads the database."""
        raise NotImplementedError

    async def may_talk(self):
        if self.is_open is None or (
            not self.is_open and time.monotonic() - self.looked_at > LOOK_AGAIN_SECONDS
        ):
            self.looked_at = time.monotonic()
            self.is_open = await database_sync_to_async(self.look)()
        return self.is_open

    async def tell_room(self, kind, **fields):
        await self.channel_layer.group_send(
            self.group, {"type": kind, "side": self.side, "from": self.channel_name, **fields}
        )

    async def room_relay(self, event):
        if event["side"] != self.side and await self.may_talk():
            await self.send(text_data=_encode(event["message"]))

    async def room_peer(self, event):
        if event["side"] == self.side:
            return
        await self.say(
            protocol.PEER, here=event["here"], page=event["page"], reason=event["reason"]
        )
        if event["asks"]:
            await self.tell_room("room.peer", here=True, page=self.page, reason=None, asks=False)

    async def room_changed(self, event):
        if event["what"] == protocol.STATE:
            self.is_open = None
        await self.say(protocol.CHANGED, what=event["what"])

    async def room_intruder(self, event):
        """Only the officer is told: see there."""

    async def dismiss(self):
        """Called by the watch: whoever sits here may not any more."""
        await self.close(protocol.GONE)
        await self.stand_up("refused")

    async def say(self, kind, **fields):
        await self.send(text_data=_encode({"type": kind, **fields}))


class OfficerConsumer(RoomConsumer):
    side = Presence.Side.OFFICER

    def identify(self, at):
        user = verified_user(self.scope)
        if user is None:
            return None
        appointment = _appointment(self.scope["url_route"]["kwargs"]["appointment_id"])
        if appointment is None or not rooms.may_enter(user, appointment):
            return None
        return appointment, user

    def stage(self):
        return rooms.stage_for_officer(_appointment(self.appointment.pk), now())[0]

    def look(self):
        return _appointment(self.appointment.pk).status == Appointment.Status.IN_CALL

    async def room_intruder(self, event):
        await self.say(protocol.INTRUDER, side=event["side"])


class VictimConsumer(RoomConsumer):
    side = Presence.Side.VICTIM

    def identify(self, at):
        key = self.scope["cookies"].get(settings.VISIT_COOKIE_NAME, "")
        visit = visits.find(key, at)
        if visit is None or visit.link.purpose != Link.Purpose.APPOINTMENT:
            return None
        appointment = _appointment(visit.link.about_id)
        # The link of somebody else to the same appointment is not the victim's.
        if appointment is None or appointment.contact_id != visit.link.contact_id:
            return None
        return appointment, visit

    def stage(self):
        return rooms.stage_for_victim(_appointment(self.appointment.pk), self.by)

    def look(self):
        return self.stage() == protocol.ADMITTED


class Watch:
    """Everyone who sits, in this process. Asks each second who must go; pings each ten."""

    _all = weakref.WeakKeyDictionary()  # one for each event loop: tests have many

    def __init__(self):
        self.seats = {}
        self.task = None

    @classmethod
    def here(cls):
        return cls._all.setdefault(asyncio.get_running_loop(), cls())

    def add(self, presence_id, consumer):
        self.seats[presence_id] = consumer
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self.keep())

    def forget(self, presence_id):
        self.seats.pop(presence_id, None)

    async def keep(self):
        pinged_at = time.monotonic()
        while self.seats:
            await asyncio.sleep(WATCH_SECONDS)
            try:
                await self.dismiss()
                if time.monotonic() - pinged_at >= PING_SECONDS:
                    pinged_at = time.monotonic()
                    await self.ping()
            except Exception as error:
                # A call goes on while the database is away: who may sit is asked again.
                log.warning("room: the watch could not look: %s", type(error).__name__)

    async def dismiss(self):
        ids = list(self.seats)
        if not ids:
            return
        gone = await database_sync_to_async(rooms.must_go)(ids, at=now())
        officers = {pk: seat.by for pk, seat in self.seats.items() if seat.side == OFFICER}
        if officers:
            out = await database_sync_to_async(signed_out_since)(officers.values())
            gone |= {pk for pk, officer in officers.items() if officer.pk in out}
        for presence_id in gone:
            consumer = self.seats.pop(presence_id, None)
            if consumer is not None:
                await _quietly(consumer.dismiss())

    async def ping(self):
        moment = time.monotonic()
        alive = {}
        for presence_id, consumer in list(self.seats.items()):
            if moment - consumer.heard_at > SILENT_SECONDS:
                await _quietly(consumer.stand_up("lost"))
                await _quietly(consumer.close(1001))
            else:
                alive[presence_id] = consumer
                await _quietly(consumer.say(protocol.PING))
        if alive:
            await database_sync_to_async(rooms.seen)(list(alive), at=now())


async def _quietly(sending):
    """Await ``sending``; a socket that went meanwhile is no fault."""
    with contextlib.suppress(Exception):
        await sending


def _appointment(appointment_id):
    return (
        Appointment.objects.select_related("incident", "officer")
        .filter(pk=appointment_id, status__in=rooms.STAGES, kind=Appointment.Kind.VIDEO)
        .first()
    )


def _encode(message):
    return json.dumps(message, separators=(",", ":"))
