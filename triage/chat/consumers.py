"""Sockets of the chat: they only say that something changed. Words go by HTTP and are kept first.

So there is nothing to hear for whoever may not be there. Still nobody stays: every few seconds
each socket asks whether its visitor or its operator may still have it.
"""

import asyncio
import json
import logging

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.utils.timezone import now

from triage.chat import chats, hints
from triage.chat.models import Chat
from victimcontact.accounts.hearing import SIGNED_OUT, TRY_AGAIN, why_closed
from victimcontact.accounts.permissions import can
from victimcontact.accounts.sockets import verified_user
from victimcontact.lib import cookies

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
# A frame now and then tells the page that the line is alive.
BEAT_EVERY = 5  # looks
GONE = SIGNED_OUT  # signed out, left, or over


class HintConsumer(AsyncWebsocketConsumer):
    """Joins the groups that ``identify`` names; hears nothing from the page."""

    task = None
    groups_joined = ()

    async def connect(self):
        names = await database_sync_to_async(self.identify)()
        if names is None:
            await self.close()  # before it was accepted: an answer of 403, and nothing else
            return
        self.groups_joined = names
        for name in names:
            await self.channel_layer.group_add(name, self.channel_name)
        await self.accept()
        await self.note()
        self.task = asyncio.create_task(self.keep())

    def identify(self):
        """The groups for whoever knocks, or None. Runs in a thread of its own."""
        raise NotImplementedError

    def look(self):
        """With which code the socket is closed, or None. Runs in a thread of its own."""
        return None if self.identify() == self.groups_joined else GONE

    def is_here(self):
        """Somebody's page is open. Runs in a thread of its own."""
        raise NotImplementedError

    async def note(self):
        try:
            await database_sync_to_async(self.is_here)()
        except Exception as error:  # the next beat says it again
            log.warning("Chat presence lost: %s", type(error).__name__)

    async def keep(self):
        looks = 0
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                found = await database_sync_to_async(self.look)()
            except Exception as error:
                # Nobody stays unasked: the page tries again, and asks by HTTP until then.
                log.warning("Chat socket let go: %s", type(error).__name__)
                await self.close(TRY_AGAIN)
                return
            if found is not None:
                await self.close(found)
                return
            looks += 1
            if looks % BEAT_EVERY == 0:
                await self.say("beat")
                await self.note()

    async def receive(self, text_data=None, bytes_data=None):
        await self.close(4400)  # nothing is said this way

    async def disconnect(self, code):
        if self.task is not None:
            self.task.cancel()
        for name in self.groups_joined:
            await self.channel_layer.group_discard(name, self.channel_name)

    async def chat_changed(self, event):
        await self.say("changed")

    async def say(self, kind, **more):
        await self.send(text_data=json.dumps({"type": kind, **more}))


class VisitorConsumer(HintConsumer):
    def identify(self):
        chat = chats.find(self.scope["cookies"].get(cookies.name(chats.COOKIE), ""), now())
        if chat is None or chat.status == Chat.Status.ENDED:
            return None
        self.chat = chat
        return (hints.of_chat(chat.pk),)

    def is_here(self):
        chats.seen(self.chat, now())


class DeskConsumer(HintConsumer):
    """Everybody at the desk hears of every chat of their forces."""

    def identify(self):
        return self.of_forces(verified_user(self.scope))

    @staticmethod
    def of_forces(user):
        if user is None or not can(user, "desk.work"):
            return None
        return tuple(hints.of_desk(pk) for pk in user.forces.values_list("pk", flat=True))

    def look(self):
        return why_closed(self.scope, joined=self.groups_joined, groups_of=self.of_forces)

    def is_here(self):
        chats.here(self.scope["user"], now())

    async def chat_changed(self, event):
        await self.say("changed", chat=event["chat"])
