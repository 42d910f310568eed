"""Keeps the provider busy: many texts on their way at once, one thread at the database.

A provider answers in a tenth of a second or more, and a worker does nothing but wait for it.
``run`` claims batches, hands each text to a thread, and settles the answers together as they come.
The threads ask the database nothing, so 32 texts on their way cost one connection.
"""

import logging
import queue
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from messaging import sending

logger = logging.getLogger(__name__)
LONGEST_RUN_SECONDS = 60
LONGEST_PAUSE_SECONDS = 3  # a pace that is used up holds no e-mail back for longer
# A database that restarts is waited for: what was accepted must be written, or be looked up later.
SETTLE_TRIES = 6
FIRST_PAUSE_SECONDS = 0.25

_one_at_a_time = threading.Lock()
_asked_again = threading.Event()


def run(longest: float = LONGEST_RUN_SECONDS) -> bool:
    """Send all that is due. False when it stopped because ``longest`` seconds were over.

    One run at a time in a process: called beside another, it tells that one to look again and
    returns at once.
    """
    _asked_again.set()
    while _asked_again.is_set():
        if not _one_at_a_time.acquire(blocking=False):
            return True
        try:
            _asked_again.clear()
            if not _Pump().run(time.monotonic() + longest):
                return False
        finally:
            _one_at_a_time.release()
    return True


class _Pump:
    def __init__(self):
        self.width = settings.SENDING_THREADS
        self.answers = queue.SimpleQueue()
        self.on_their_way = 0

    def run(self, deadline):
        with ThreadPoolExecutor(self.width, thread_name_prefix="send") as threads:
            try:
                return self._work(threads, deadline)
            finally:
                # What is on its way is written, whatever happened: nobody else knows of it.
                while self.on_their_way:
                    self._settle(self._answered())

    def _work(self, threads, deadline):
        paced_until = 0.0
        while True:
            # Half as many wait behind what is on its way: no thread is idle while rows are read.
            room = self.width + self.width // 2 - self.on_their_way
            may_claim = time.monotonic() >= paced_until
            is_empty = False
            if may_claim and room >= min(self.width // 2, 16) and time.monotonic() < deadline:
                batch = sending.claim(room)
                is_empty = not batch.found
                if batch.paced_for:
                    paced_until = time.monotonic() + min(batch.paced_for, LONGEST_PAUSE_SECONDS)
                for claimed in batch.claimed:
                    self.on_their_way += 1
                    threads.submit(self._call, claimed)
            if self.on_their_way:
                self._settle(self._answered())
            elif time.monotonic() >= deadline:
                return False
            elif is_empty:
                return True
            elif not may_claim:
                time.sleep(max(0, min(paced_until, deadline) - time.monotonic()) + 0.001)

    def _call(self, claimed):
        self.answers.put(sending.call(claimed))

    def _answered(self):
        """Wait for one answer; gives it and all others that have come by then."""
        answered = [self.answers.get()]
        while not self.answers.empty():
            answered.append(self.answers.get())
        self.on_their_way -= len(answered)
        return answered

    @staticmethod
    def _settle(outcomes):
        for number in range(SETTLE_TRIES):
            try:
                return sending.settle(outcomes)
            except (OperationalError, InterfaceError) as error:
                logger.warning("The database did not take answers: %s", type(error).__name__)
                if connection.in_atomic_block or number == SETTLE_TRIES - 1:
                    raise
                connection.close()
                time.sleep(FIRST_PAUSE_SECONDS * 2**number)
        return None
