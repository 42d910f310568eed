"""What a text costs, and what it may not say: every template with its longest values."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging import wording

NEEDED = {
    "appointment_booked",
    "appointment_moved",
    "appointment_cancelled",
    "appointment_reminder",
    "appointment_missed",
    "link_again",
    "portal_invitation",
    "portal_message",
}
LANGUAGES = ("en-gb", "cy")


@pytest.fixture(autouse=True)
def neutral_host(settings):
    settings.PUBLIC_URL = "https://appointments.example.org"


def test_every_notice_has_words_for_both_channels():
    assert set(wording.names()) >= {(n, channel) for n in NEEDED for channel in ("sms", "email")}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", [name for name, channel in wording.names() if channel == "sms"])
def test_every_text_is_neutral_and_takes_one_part(name, language):
    text = wording.default(name, "sms", language)

    assert wording.problems(text, language=language) == []
    cost = wording.count(wording.longest(text, language))
    assert (cost.alphabet, cost.parts) == ("GSM-7", 1), wording.longest(text, language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", [name for name, channel in wording.names() if channel == "email"])
def test_every_email_is_neutral_in_subject_and_body(name, language):
    subject, body = wording.subject_and_body(wording.default(name, "email", language))

    assert 0 < len(subject) <= 40
    assert wording.telling_words(subject + " " + body) == []
    assert set(wording.placeholders(body)) <= set(wording.PLACEHOLDERS)


def test_welsh_words_differ_from_english_ones():
    for name, channel in wording.names():
        assert wording.default(name, channel, "cy") != wording.default(name, channel, "en-gb")


@pytest.mark.parametrize(
    ("text", "alphabet", "units", "parts"),
    [
        ("", "GSM-7", 0, 1),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("€" * 80, "GSM-7", 160, 1),
        ("€" * 81, "GSM-7", 162, 2),
        ("é" * 160, "GSM-7", 160, 1),
        ("ŵ" * 70, "UCS-2", 70, 1),
        ("ŵ" * 71, "UCS-2", 71, 2),
        ("á" + "a" * 69, "UCS-2", 70, 1),
        ("😀" * 35, "UCS-2", 70, 1),
        ("😀" * 36, "UCS-2", 72, 2),
        ("😀" * 68, "UCS-2", 136, 3),
    ],
)
def test_parts_are_counted_as_the_networks_do(text, alphabet, units, parts):
    assert wording.count(text) == wording.Count(alphabet, units, parts)


@given(st.text())
def test_counting_never_fails_and_more_words_never_cost_less(text):
    assert wording.count(text + "a").parts >= wording.count(text).parts


def test_letters_are_never_changed_to_save_money():
    assert wording.plain("Siân’s “tŷ” – yma…") == 'Siân\'s "tŷ" - yma...'


def test_filling_writes_a_time_as_people_say_it():
    when = datetime(2027, 5, 4, 13, 30, tzinfo=UTC)

    assert wording.fill("On {when}.", {"when": when}) == "On Tue 4 May at 2:30pm."
    assert wording.fill("{when}.", {"when": when}, "cy") == "Dydd Mawrth 4 Mai am 2:30pm."


def test_filling_looks_nothing_up_in_a_value():
    assert wording.fill("Use {link} now", {"link": "{when}", "when": "x"}) == "Use {when} now"


def test_a_placeholder_without_a_value_is_refused():
    with pytest.raises(wording.Unfilled, match="link"):
        wording.fill("Use {link} now", {})


def test_a_name_that_has_no_words_is_refused():
    with pytest.raises(wording.UnknownTemplate):
        wording.default("no_such_notice", "sms")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (" ", "Enter the words"),
        ("Use {link} and {name} now", "Remove {name}. You can use {when} and {link}"),
        ("Use {link now", "Use { and } only around when or link"),
        ("Your Police appointment", "give away what this is about: police"),
        ("News of your cases", "give away what this is about: cases"),
        ("Neges gan yr heddlu", "give away what this is about: heddlu"),
        ("See https://example.org for more", "Use {link}, not a web address of your own"),
        ("Use {link} or {link} now", "Use {link} once"),
        ("Use {link}", "Put {link} inside the text"),
        ("{link} is yours", "Put {link} inside the text"),
        ("a" * 307, "it takes 3 parts in GSM-7"),
        ("ŵ" * 135, "it takes 3 parts in UCS-2"),
    ],
)
def test_words_that_may_not_be_sent_are_explained(text, problem):
    assert any(problem in found for found in wording.problems(text)), wording.problems(text)


def test_a_placeholder_that_the_notice_needs_must_stand_in_it():
    assert wording.problems("Use {link} now", needs=["link", "when"]) == ["Add {when}"]


@pytest.mark.parametrize("text", ["Have a courteous chat", "A showcase of reporters", "In 1019"])
def test_harmless_words_that_hold_a_telling_one_are_left_alone(text):
    assert wording.problems(text) == []
