"""Numbers as people say them, and references that survive being said."""

import pytest

from victimcontact.lib import phone, references


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("07700 900 123", "+447700900123"),
        ("+44 (0)7700 900123", "+447700900123"),
        ("020 7946 0018", "+442079460018"),
        ("+33 6 12 34 56 78", "+33612345678"),
        ("+353 85 123 4567", "+353851234567"),
    ],
)
def test_parse_keeps_one_form(said, kept):
    assert phone.parse(said) == kept


@pytest.mark.parametrize("said", ["", "999", "hello", "07700 900", "0" * 20000, "٠٧٧", "🙂"])
def test_parse_refuses_with_an_example(said):
    with pytest.raises(phone.PhoneError, match="like 07700 900 982"):
        phone.parse(said)


def test_parse_refuses_drama_numbers_where_people_are_real(settings):
    settings.PHONE_ALLOW_DRAMA = False

    with pytest.raises(phone.PhoneError):
        phone.parse("07700 900 123")


def test_display_is_as_read_out():
    assert phone.display("+447700900123") == "07700 900123"
    assert phone.display("+33612345678") == "+33 6 12 34 56 78"


def test_new_reference_checks_itself():
    assert all(references.is_valid(references.new("NW")) for _ in range(200))


def test_reference_with_one_wrong_character_is_found():
    reference = references.new("NW")
    prefix, body, check = reference.split("-")

    for position, right in enumerate(body):
        for wrong in references.ALPHABET.replace(right, ""):
            spoilt = body[:position] + wrong + body[position + 1 :]
            assert not references.is_valid(f"{prefix}-{spoilt}-{check}")


def test_reference_ignores_case_and_spaces():
    assert references.is_valid(f" {references.new('NW').lower()} ")
