import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.marking import marked


def flag(label, *spans):
    return {"label": label, "spans": [{"start": start, "end": end} for start, end in spans]}


def said(narrative, *flags):
    return [(piece.text, piece.labels) for piece in marked(narrative, flags)]


def test_words_are_marked_where_they_stand():
    assert said("he has a knife", flag("Weapon", (9, 14))) == [
        ("he has a ", ()),
        ("knife", ("Weapon",)),
    ]


def test_overlapping_words_carry_both_names():
    assert said("abcdef", flag("A", (0, 4)), flag("B", (2, 6))) == [
        ("ab", ("A",)),
        ("cd", ("A", "B")),
        ("ef", ("B",)),
    ]


@pytest.mark.parametrize("span", [(3, 3), (5, 2), (90, 99), (-4, 2)])
def test_spans_that_make_no_sense_mark_nothing(span):
    assert said("abcdef", flag("A", span)) == [("abcdef", ())]


@given(
    st.text(max_size=60),
    st.lists(st.tuples(st.integers(-5, 70), st.integers(-5, 70)), max_size=6),
)
def test_no_word_is_ever_lost_or_doubled(narrative, spans):
    assert "".join(text for text, _ in said(narrative, flag("A", *spans))) == narrative
