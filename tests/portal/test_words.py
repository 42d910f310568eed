import re
import string
from datetime import date

import pytest

from portal import rights, words
from portal.models import Case

TODAY = date(2026, 5, 5)
# What a person under stress should not have to decode, and what blames or belittles.
BANNED = re.compile(
    r"\b(OIC|IP|NFA|RUI|VPS|MG11|CPS|aggrieved|complainant|alleged|claims|offender|"
    r"perpetrator|minor|routine|withdraw|retract|domestic dispute)\b"
)


def sentences_of_all_texts():
    for name, rows in words._statuses().items():
        yield from ((f"{name}.{key}", text) for key, text in rows.items())
    for right in rights.current().rights.values():
        yield from ((right.id, right.title), (right.id, right.says))
    for service in words._services():
        yield service["name"], service["for"]


def grade(text):
    """Flesch-Kincaid grade, near enough: vowels in a row count as one syllable."""
    text = text.format(officer="the officer", date="Tuesday 5 May")
    parts = re.findall(r"[A-Za-z']+", text)
    sounds = sum(
        max(1, len(re.findall(r"[aeiouy]+", part.lower().removesuffix("e")))) for part in parts
    )
    ends = max(1, len(re.findall(r"[.!?]", text)))
    return 0.39 * len(parts) / ends + 11.8 * sounds / len(parts) - 15.59


@pytest.mark.parametrize("status", Case.Status.values)
def test_every_status_answers_what_next_by_when_and_who(status):
    rows = words._statuses()[status]

    assert sorted(rows) == sorted(words.QUESTIONS)
    for text in rows.values():
        names = {name for _, name, _, _ in string.Formatter().parse(text) if name}
        assert names <= {"officer", "date"}


def test_no_status_is_worded_that_does_not_exist():
    assert set(words._statuses()) == set(Case.Status.values)


def test_a_child_of_nine_can_read_it():
    """Reading age 9 is about grade 5; a single line may reach 8, the whole stays below 5."""
    grades = {where: grade(text) for where, text in sentences_of_all_texts() if len(text) > 40}

    assert {where: value for where, value in grades.items() if value > 8} == {}
    assert sum(grades.values()) / len(grades) < 5


def test_no_word_of_the_trade():
    assert [(where, text) for where, text in sentences_of_all_texts() if BANNED.search(text)] == []


@pytest.mark.parametrize(
    ("next_update_on", "when", "is_late"),
    [
        (
            date(2026, 5, 6),
            "We will tell you more by Wednesday 6 May, even if there is no news.",
            0,
        ),
        (date(2026, 5, 5), "We will tell you more by Tuesday 5 May, even if there is no news.", 0),
        (
            date(2026, 5, 4),
            "We said we would tell you more by Monday 4 May, and we have not. We are sorry. "
            "Write to us below, or ring us.",
            1,
        ),
        (None, "We will tell you as soon as there is news.", 0),
    ],
)
def test_a_promise_missed_is_an_apology_not_silence(next_update_on, when, is_late):
    said = words.status("investigating", officer="", next_update_on=next_update_on, today=TODAY)

    assert (said.when, said.is_late) == (when, bool(is_late))


@pytest.mark.parametrize(
    ("officer", "said"),
    [
        ("PC Amara Osei 4417", "PC Amara Osei 4417 will look at it and decide what to do first."),
        ("", "The officer in charge will look at it and decide what to do first."),
    ],
)
def test_officer_is_named_only_where_safe(officer, said):
    status = words.status("recorded", officer=officer, next_update_on=TODAY, today=TODAY)

    assert status.next == said


def test_every_service_says_when_its_number_was_checked():
    for service in words.services():
        assert re.fullmatch(r"[\d ]{7,13}", service.phone)
        assert service.checked_on <= date(2026, 11, 21)
