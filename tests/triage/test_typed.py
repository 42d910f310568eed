from datetime import date, time

import pytest

from triage import typed

TODAY = date(2026, 5, 5)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("27/3/1985", date(1985, 3, 27)),
        ("27 March 1985", date(1985, 3, 27)),
        ("27.3.85", date(1985, 3, 27)),
        ("1/1/26", date(2026, 1, 1)),
        ("1 1 27", date(1927, 1, 1)),
        ("1985-03-27", date(1985, 3, 27)),
        (" Today ", TODAY),
        ("yesterday", date(2026, 5, 4)),
        ("29/2/2024", date(2024, 2, 29)),
    ],
)
def test_dates_as_people_type_them(text, expected):
    assert typed.read_date(text, today=TODAY) == expected


@pytest.mark.parametrize("text", ["", "soon", "31/2/2026", "5/13/2026", "1 foo 2020", "29/2/2023"])
def test_what_is_no_date(text):
    with pytest.raises(ValueError):
        typed.read_date(text, today=TODAY)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("14:30", time(14, 30)),
        ("1430", time(14, 30)),
        ("2.30 pm", time(14, 30)),
        ("2pm", time(14)),
        ("12am", time(0)),
        ("12pm", time(12)),
        ("9:05", time(9, 5)),
    ],
)
def test_times_as_people_type_them(text, expected):
    assert typed.read_time(text) == expected


@pytest.mark.parametrize("text", ["", "9", "25:00", "13pm", "12:60", "noon"])
def test_what_is_no_time(text):
    with pytest.raises(ValueError):
        typed.read_time(text)


def test_age_turns_on_the_birthday():
    born = date(2008, 5, 5)
    assert (typed.age_on(born, date(2026, 5, 4)), typed.age_on(born, TODAY)) == (17, 18)
