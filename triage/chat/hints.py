"""Tells the open pages of a chat, and the desk, that something changed. They fetch it themselves.

A hint holds no words. It goes out after commit, never raises and never holds a request up for
long: without it a page finds out a few seconds later, by asking.
"""

import asyncio
import logging
from functools import partial

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

log = logging.getLogger(__name__)

HINT_SECONDS = 1.0


def of_chat(chat_id) -> str:
    """The channel layer's group of a chat's visitor."""
    return f"chat.{str(chat_id).replace('-', '')}"


def of_desk(force_id) -> str:
    """The channel layer's group of everybody at the desk of a force."""
    return f"desk.{str(force_id).replace('-', '')}"


def desk_changed(force_id) -> None:
    """Something else on the desk's screen changed than a chat."""
    names = [of_desk(force_id)]
    transaction.on_commit(partial(_ring, names, ""), robust=True)


def changed(chat) -> None:
    names = [of_chat(chat.pk), of_desk(chat.force_id)]
    transaction.on_commit(partial(_ring, names, str(chat.pk)), robust=True)


def _ring(names, chat_id):
    try:
        async_to_sync(_send)(names, chat_id)
    except Exception as error:  # whatever the broker's client raises: the change is committed
        log.warning("Chat hint lost: %s", type(error).__name__)


async def _send(names, chat_id):
    layer = get_channel_layer()
    async with asyncio.timeout(HINT_SECONDS):
        for name in names:
            await layer.group_send(name, {"type": "chat.changed", "chat": chat_id})
