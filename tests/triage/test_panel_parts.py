"""The panel beside the words is not drawn again where it would say the same."""

import json
import re
import uuid
from pathlib import Path

import pytest
from django.urls import reverse

from tests import factories
from tests.triage.conftest import AT_THE_DOOR, YESTERDAY

PARTS = {"grade", "ask", "demand", "flags", "elements", "video"}
PART = re.compile(
    r'<section[^>]* id="part-(\w+)" data-digest="(\w+)"[^>]*>(.*?)</section>', re.DOTALL
)
CASES = Path(__file__).parent / "cases" / "reports.jsonl"


@pytest.fixture
def as_handler(client, handler):
    factories.sign_in(client, handler)
    return client


def asked(client, shown=None, **typed):
    """The answer while that is typed, to a page that shows these parts: {part: digest}."""
    answer = client.post(
        reverse("triage:score", args=[uuid.uuid4()]),
        {"channel": "101", "about": "self", "version": "0", **typed},
        headers={"X-Panel": " ".join(f"{part}={is_}" for part, is_ in (shown or {}).items())},
    )
    return answer.content.decode()


def drawn(page):
    """{part: (digest, what it shows)}"""
    return {part: (digest, shows) for part, digest, shows in PART.findall(page)}


def named(page):
    return set(re.findall(r'<section id="part-(\w+)" data-stands></section>', page))


def test_what_the_page_shows_already_is_only_named(as_handler):
    first = drawn(asked(as_handler, narrative=AT_THE_DOOR))
    shown = {part: digest for part, (digest, _) in first.items()}

    same = asked(as_handler, shown, narrative=f"{AT_THE_DOOR} And so on.")
    other = asked(as_handler, shown, narrative=YESTERDAY)

    assert set(first) == PARTS
    assert (named(same), drawn(same)) == (PARTS, {})
    assert 'data-grade="1"' in same
    assert {"grade", "flags", "elements", "video"} <= set(drawn(other))
    assert drawn(other).keys() | named(other) == PARTS
    assert drawn(other).keys() & named(other) == set()


def test_a_page_that_shows_nothing_is_told_all(as_handler):
    address = reverse("triage:new_report")
    page = as_handler.post(
        address, {"channel": "101", "narrative": AT_THE_DOOR, "draft": str(uuid.uuid4())}
    ).content.decode()

    assert set(drawn(page)) == PARTS
    assert drawn(page) == drawn(asked(as_handler, narrative=AT_THE_DOOR))


FIRST_FLAG = re.compile(r'name="dismiss_why_(\w+)"')


def ways_to_type(narrative, page):
    """The same words with all that a panel has fields for, one thing more each time."""
    yield {}
    yield {"weapon": "yes", "victim_age": "9"}
    if flag := FIRST_FLAG.search(page):
        yield {f"dismiss_{flag[1]}": "on"}
        yield {f"dismiss_{flag[1]}": "on", f"dismiss_why_{flag[1]}": "A word of a song"}
        yield {f"dismiss_why_{flag[1]}": "x" * 300}
    for step in re.findall(r'name="(step-[\w-]+)"', page)[:1]:
        yield {step: "done"}
        yield {step: "not", step.replace("step-", "why-"): "Not asked yet"}
    for card in re.findall(r'name="(card-[\w-]+)"', page)[:1]:
        yield {card: "on"}


def test_whatever_a_part_shows_is_in_its_digest(as_handler):
    reports = [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]
    seen = {}

    for report in reports[::60]:
        narrative = report["narrative"]
        page = asked(as_handler, narrative=narrative)
        for more in ways_to_type(narrative, page):
            for part, (digest, shows) in drawn(
                asked(as_handler, narrative=narrative, **more)
            ).items():
                assert seen.setdefault((part, digest), shows) == shows

    assert {part for part, _ in seen} == PARTS
    assert len(seen) > 60
