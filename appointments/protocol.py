"""What the two pages of a video room and the server may say to each other.

Pure: no database, no clock, no socket. `static/js/room/protocol.js` holds the same names and a
test compares the two. A message is one JSON object with a `type` and exactly the fields that its
type lists below; whatever else arrives is refused, never guessed at.

A page asks for changes (admit, end, ask for another time) by HTTP. The socket only carries the
handshake between the two browsers and hints that something changed, so that losing it loses
nothing but speed.
"""

import json
import re
from dataclasses import dataclass

OFFICER = "officer"
VICTIM = "victim"
ROLES = (OFFICER, VICTIM)

# Stages of a room, as both pages know them. `rooms.stage` works one out from the appointment.
BOOKED = "booked"  # nobody has come yet
WAITING = "waiting"  # the victim is in the waiting room
ADMITTED = "admitted"  # the officer let them in; either side may drop and come back
ENDED = "ended"
MISSED = "missed"
CANCELLED = "cancelled"

# Where a room can go from where it is. ADMITTED to WAITING: the victim opened the link anew,
# perhaps on another phone, and waits to be admitted again.
TRANSITIONS = {
    BOOKED: {WAITING, MISSED, CANCELLED},
    WAITING: {BOOKED, ADMITTED, MISSED, CANCELLED},
    ADMITTED: {WAITING, ENDED},
    MISSED: set(),
    ENDED: set(),
    CANCELLED: set(),
}

# From a page to the server
HELLO = "hello"
PONG = "pong"
DESCRIPTION = "description"
CANDIDATE = "candidate"
MEDIA = "media"
QUALITY = "quality"
LEAVE = "leave"
# From the server to a page (besides those of the other page that it passes on)
WELCOME = "welcome"
PING = "ping"
PEER = "peer"
CHANGED = "changed"
INTRUDER = "intruder"

FROM_PAGE = (HELLO, PONG, DESCRIPTION, CANDIDATE, MEDIA, QUALITY, LEAVE)
FROM_SERVER = (WELCOME, PING, PEER, DESCRIPTION, CANDIDATE, MEDIA, QUALITY, CHANGED, INTRUDER)
# Passed on to the other page, and only while both are admitted.
RELAYED = (DESCRIPTION, CANDIDATE, MEDIA, QUALITY)

# Why a page left, and what a hint is about
LEFT, EXIT = "left", "exit"
STATE, STATEMENT, EXHIBITS = "state", "statement", "exhibits"
GOOD, FAIR, POOR = "good", "fair", "poor"

# Close codes. A page tries again by itself after any other code.
BAD_MESSAGE = 4400
NOT_ALLOWED = 4403
OCCUPIED = 4409  # the seat is taken by a page that answers: a third joiner
GONE = 4410  # revoked, signed out, switched off or over
CLOSE_CODES = {
    "BAD_MESSAGE": BAD_MESSAGE,
    "NOT_ALLOWED": NOT_ALLOWED,
    "OCCUPIED": OCCUPIED,
    "GONE": GONE,
}

# An offer with two media lines is 4 to 8 kB; the rest is room for odd browsers.
FRAME_BYTES = 65_536
SDP_CHARACTERS = 48_000
CANDIDATE_CHARACTERS = 1_000
# A call takes some 40 messages to set up, then one every few seconds.
MESSAGES_PER_WINDOW = 300
WINDOW_SECONDS = 10

# A lone surrogate cannot be encoded again to be passed on.
_UNSENDABLE = re.compile("[\0\ud800-\udfff]")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{8,64}\Z")


class BadMessage(Exception):
    """The frame is not a message of this protocol."""


@dataclass(frozen=True)
class Message:
    """One message from a page: its type and its checked fields, ready to pass on."""

    type: str
    fields: dict

    def as_dict(self):
        return {"type": self.type, **self.fields}


def can_go(stage, to):
    return to in TRANSITIONS[stage]


def parse(text, checks=None):
    """Return the Message in a text frame from a page, by ``checks`` (CHECKS). Raises BadMessage."""
    # Characters can take four bytes each: count bytes, which is what the limit is for.
    if not isinstance(text, str) or len(text.encode("utf-8", "replace")) > FRAME_BYTES:
        raise BadMessage("frame")
    try:
        data = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BadMessage("json") from error
    if not isinstance(data, dict):
        raise BadMessage("object")
    kind = data.pop("type", None)
    check = (checks or CHECKS).get(kind) if isinstance(kind, str) else None
    if check is None:
        raise BadMessage("type")
    if set(data) != set(check):
        raise BadMessage("fields")
    for name, is_valid in check.items():
        if not is_valid(data[name]):
            raise BadMessage(name)
    return Message(kind, data)


def _no_constant(name):
    raise ValueError(name)


def _is_token(value):
    return isinstance(value, str) and bool(_TOKEN.match(value))


def _is_flag(value):
    return isinstance(value, bool)


def _is_one_of(*values):
    return lambda value: isinstance(value, str) and value in values


def _is_text(value, characters):
    return isinstance(value, str) and len(value) <= characters and not _UNSENDABLE.search(value)


def _is_description(value):
    return (
        isinstance(value, dict)
        and set(value) == {"type", "sdp"}
        and value["type"] in ("offer", "answer")
        and _is_text(value["sdp"], SDP_CHARACTERS)
    )


def _is_candidate(value):
    if value is None:  # the browser has no more
        return True
    if not isinstance(value, dict) or not set(value) <= {
        "candidate",
        "sdpMid",
        "sdpMLineIndex",
        "usernameFragment",
    }:
        return False
    line = value.get("sdpMLineIndex")
    return (
        _is_text(value.get("candidate"), CANDIDATE_CHARACTERS)
        and (value.get("sdpMid") is None or _is_text(value["sdpMid"], 64))
        and (line is None or (isinstance(line, int) and not _is_flag(line) and 0 <= line < 64))
        and (value.get("usernameFragment") is None or _is_text(value["usernameFragment"], 256))
    )


CHECKS = {
    # `page` names one load of a page, so that the other side knows a reload from a lost socket.
    HELLO: {"page": _is_token},
    PONG: {},
    # `call` names one peer connection: what belongs to an earlier one is ignored.
    DESCRIPTION: {"call": _is_token, "description": _is_description},
    CANDIDATE: {"call": _is_token, "candidate": _is_candidate},
    MEDIA: {"ready": _is_flag, "microphone": _is_flag, "camera": _is_flag},
    QUALITY: {"level": _is_one_of(GOOD, FAIR, POOR)},
    LEAVE: {"reason": _is_one_of(LEFT, EXIT)},
}
