from types import SimpleNamespace

import pytest

from victimcontact.people import words


@pytest.mark.parametrize(
    "typed",
    ["Café au lait", "cafe AU lait", " cafe-au-lait! ", "CAFÉ\u00a0AU LAIT", "cafe\u0301aulait"],
)
def test_a_word_agreed_by_voice_is_right_however_it_is_spelled(typed):
    stored = words.hash_word("Café au lait")

    assert words.is_right(typed, stored) is True


@pytest.mark.parametrize("typed", ["", "cafe", "cafe au lai", "cafe au lait x", "🙂🙂🙂🙂"])
def test_another_word_is_wrong(typed):
    assert words.is_right(typed, words.hash_word("Café au lait")) is False


def test_no_word_is_right_where_none_was_set():
    assert words.is_right("", "") is False
    assert words.is_right("anything", "") is False


def test_words_of_other_scripts_count():
    stored = words.hash_word("স্বাধীনতা")

    assert words.is_right("স্বাধীনতা", stored) is True
    assert words.is_right("বাংলাদেশ", stored) is False


def test_one_word_is_never_hashed_alike_twice():
    first, second = words.hash_word("robin"), words.hash_word("robin")

    assert first != second
    assert "robin" not in first


def test_the_hash_needs_the_key_that_is_not_in_the_database(settings):
    stored = words.hash_word("robin redbreast")
    settings.INDEX_KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

    assert words.is_right("robin redbreast", stored) is False


def test_words_are_compared_in_constant_time(monkeypatch):
    compared = []
    monkeypatch.setattr(words, "constant_time_compare", lambda a, b: compared.append(1) or a == b)

    words.is_right("robin", words.hash_word("robin"))
    words.is_right("robin", "")

    assert len(compared) == 2


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("abc", "Choose a word of 4 letters or more"),
        ("🙂🙂🙂🙂🙂", "Choose a word of 4 letters or more"),
        ("x" * 61, "Choose a word of 60 letters or fewer"),
        (
            "Umbrella-Stand",
            "The word that opens the link and the word for help must be different",
        ),
        ("marlow", "Choose a word that someone at home would not guess"),
        ("1941 05 02", "Choose a word that someone at home would not guess"),
    ],
)
def test_an_unfit_word_is_refused_with_its_reason(word, says):
    contact = SimpleNamespace(name="Edith Marlow", date_of_birth="1941-05-02", phone="")
    plan = SimpleNamespace(contact=contact, help_word="umbrella stand")

    with pytest.raises(words.WordUnfit) as refused:
        words.set_opening_word(plan, word)

    assert str(refused.value) == says


def test_a_word_of_20000_letters_is_refused_quickly():
    with pytest.raises(words.WordUnfit):
        words.check_opening_word("a" * 20_000)

    assert words.is_right("a" * 20_000, words.hash_word("robin")) is False
