"""The board's socket: it says "look again" and nothing else. The page fetches what there is."""

import asyncio
import json
import logging

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from triage.shifts import hints
from victimcontact.accounts.hearing import TRY_AGAIN, why_closed
from victimcontact.accounts.permissions import can
from victimcontact.accounts.sockets import verified_user

log = logging.getLogger(__name__)

# The page takes silence for longer than two of these for a dead line.
PING_SECONDS = 20.0


class BoardConsumer(AsyncWebsocketConsumer):
    """Joins the groups of the forces that the leader serves; asks at each ping who they are."""

    async def connect(self):
        self.groups_joined, self.task = [], None
        names = await database_sync_to_async(self.identify)()
        if names is None:
            await self.close()  # before it was accepted: an answer of 403, and nothing else
            return
        for name in names:
            await self.channel_layer.group_add(name, self.channel_name)
            self.groups_joined.append(name)
        await self.accept()
        self.task = asyncio.create_task(self.keep())

    def identify(self):
        return self.of_forces(verified_user(self.scope))

    @staticmethod
    def of_forces(user):
        """The groups of the forces of ``user``; None: they may not look."""
        if user is None or not can(user, "board.view"):
            return None
        return [hints.group(pk) for pk in user.forces.values_list("pk", flat=True)]

    async def keep(self):
        while True:
            await asyncio.sleep(PING_SECONDS)
            await self.say("ping")
            try:
                found = await database_sync_to_async(self.look)()
            except Exception as error:
                # Nobody stays unasked: the page tries again, and asks by HTTP until then.
                log.warning("Board socket let go: %s", type(error).__name__)
                await self.close(TRY_AGAIN)
                return
            if found is not None:
                await self.close(found)
                return

    def look(self):
        return why_closed(self.scope, joined=self.groups_joined, groups_of=self.of_forces)

    async def receive(self, text_data=None, bytes_data=None):
        """A page has nothing to say here."""

    async def board_changed(self, event):
        await self.say("changed")

    async def say(self, kind):
        await self.send(text_data=json.dumps({"type": kind}))

    async def disconnect(self, code):
        if self.task is not None:
            self.task.cancel()
        for name in self.groups_joined:
            await self.channel_layer.group_discard(name, self.channel_name)
