"""The socket that says whether messages arrive. It tells nothing else and takes nothing in."""

import asyncio
from uuid import uuid4

from channels.generic.websocket import AsyncWebsocketConsumer

from appointments.standby.signalling import SECONDS, WELL


class StandbyConsumer(AsyncWebsocketConsumer):
    """Sends itself a word by a group of its own, says "well" when it came, and closes."""

    async def connect(self):
        self.group = f"standby.{uuid4().hex}"
        await self.accept()
        try:
            async with asyncio.timeout(SECONDS):
                await self.channel_layer.group_add(self.group, self.channel_name)
                await self.channel_layer.group_send(self.group, {"type": "standby.word"})
        except Exception:  # whatever the broker's client raises: no word is the answer
            await self.close()

    async def standby_word(self, event):
        await self.send(text_data=WELL)
        await self.close()

    async def disconnect(self, code):
        await self.channel_layer.group_discard(self.group, self.channel_name)
