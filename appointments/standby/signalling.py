"""Whether two people could be brought together by video now: asked the way a call asks it.

A socket is opened at the server for calls, which sends itself a word through the channel layer and
says when it came back. So one question tries the server, the layer and what the layer stands on.
"""

from django.conf import settings
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from appointments.standby.models import Outage

SECONDS = 3.0  # a call that waits longer than this for its server has lost its people
WELL = "well"


def trouble() -> str:
    """An Outage.Why, or "" when all is well. Takes no longer than twice ``SECONDS``."""
    address = f"{settings.SIGNALLING_URL}/ws/standby/"
    try:
        with connect(
            address, origin=settings.STAFF_URL, open_timeout=SECONDS, close_timeout=0.5, proxy=None
        ) as socket:
            answer = socket.recv(timeout=SECONDS)
    except TimeoutError:
        return Outage.Why.MESSAGES
    except WebSocketException:
        return Outage.Why.MESSAGES
    except OSError:
        return Outage.Why.SOCKETS
    return "" if answer == WELL else Outage.Why.MESSAGES
