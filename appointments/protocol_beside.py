"""What the pages of a call with companions say to each other, page to page.

Pure, as `protocol` is, and separate from it: a call between an officer and one person needs none of
this. Each pair with a companion in it has a peer connection of its own, so every message names the
page it is meant for; `static/js/room/beside.js` speaks the same words.
"""

from appointments import protocol
from appointments.protocol import BadMessage, Message

HELLO, PONG, TO = protocol.HELLO, protocol.PONG, "to"
PERSON, GONE, FROM, PING = "person", "gone", "from", protocol.PING
# Six people at most, each with a page; a call takes some 40 messages a pair to set up.
MESSAGES_PER_WINDOW = 600
WINDOW_SECONDS = protocol.WINDOW_SECONDS

_is_token = protocol.CHECKS[protocol.HELLO]["page"]
_is_description = protocol.CHECKS[protocol.DESCRIPTION]["description"]
_is_candidate = protocol.CHECKS[protocol.CANDIDATE]["candidate"]


def _is_said(value):
    """Exactly one of {"description": …} and {"candidate": …}."""
    return isinstance(value, dict) and (
        (set(value) == {"description"} and _is_description(value["description"]))
        or (set(value) == {"candidate"} and _is_candidate(value["candidate"]))
    )


CHECKS = {
    HELLO: {"page": _is_token},
    PONG: {},
    TO: {"page": _is_token, "call": _is_token, "said": _is_said},
}


def parse(text) -> Message:
    """The Message in a text frame from a page. Raises BadMessage."""
    return protocol.parse(text, CHECKS)


__all__ = ["BadMessage", "Message", "parse"]
