"""Tells the open boards that something changed, after commit: they fetch what it is themselves.

A hint says nothing but "look again". A thread of its own gathers what changes together and speaks
to the broker, so that no request waits for it; a lost hint costs a few seconds, no more.
"""

import asyncio
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

log = logging.getLogger(__name__)

GATHER_SECONDS = 0.2
HINT_SECONDS = 1.0

_bell = ThreadPoolExecutor(max_workers=1, thread_name_prefix="board")
_lock = threading.Lock()
_changed: set[str] = set()


def group(force_id) -> str:
    """The channel layer's group of the boards that show this force."""
    return f"board.{str(force_id).replace('-', '')}"


def changed(force_ids) -> None:
    """After commit, hint to the boards of these forces. Never raises, never waits."""
    names = {group(force_id) for force_id in force_ids}
    transaction.on_commit(lambda: _ring(names), robust=True)


def _ring(names):
    with _lock:
        is_ringing = bool(_changed)
        _changed.update(names)
    if names and not is_ringing:
        _bell.submit(_tell)


def _tell():
    time.sleep(GATHER_SECONDS)
    with _lock:
        names = sorted(_changed)
        _changed.clear()
    try:
        async_to_sync(_send)(names)
    except Exception as error:  # whatever the broker's client raises: the change is committed
        log.warning("Board hint lost: %s", type(error).__name__)


async def _send(names):
    layer = get_channel_layer()
    async with asyncio.timeout(HINT_SECONDS):
        for name in names:
            await layer.group_send(name, {"type": "board.changed"})
