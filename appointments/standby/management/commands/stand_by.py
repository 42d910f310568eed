"""``manage.py stand_by``: watches whether video can be had, in a process of its own.

Neither the worker nor beat could do it: both stand on the broker, and that may be what is down.
While it is, this process also sends what is due.
"""

import logging
import time

from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError, close_old_connections, connections

from appointments.standby import watch

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Watch video, and turn appointments into telephone calls while it is down."

    def add_arguments(self, parser):
        parser.add_argument("--every", type=float, default=5.0, help="seconds between two looks")

    def handle(self, *args, every, **options):
        watcher = watch.Watcher()
        self.stdout.write("standing by")
        self.stdout.flush()
        while True:
            began = time.monotonic()
            try:
                watcher.look()
            except (OperationalError, InterfaceError) as error:
                # The database restarts: the next look finds it, and everything where it was.
                logger.warning("Looking broke with %s", type(error).__name__)
                connections.close_all()
            close_old_connections()
            time.sleep(max(0.1, every - (time.monotonic() - began)))
