import re
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from appointments import declaration, documents

SIGNED_AT = datetime(2026, 5, 6, 13, 32, tzinfo=UTC)  # 14:32 in London

SIGNATURE = documents.Signature(
    name="Arthur Bell",
    signed_at=SIGNED_AT,
    witness="PC Priya Shah 4417, by live video",
)

PAPER = documents.StatementPaper(
    name="Arthur BELL",
    age=documents.OVER_18,
    occupation="Retired",
    urn="",
    body="On Tuesday 5 May 2026 I was walking home.\n\nA man pushed me.",
    declaration=declaration.in_use(SIGNED_AT.date()),
    version=2,
    made_at=SIGNED_AT,
)


def pages_of(pdf):
    return [re.sub(r"\s+", " ", page.extract_text()) for page in PdfReader(BytesIO(pdf)).pages]


def long_body(length):
    sentence = "I saw the man again near the station and he shouted at me. "
    return (sentence * (length // len(sentence) + 1))[:length]


def test_render_carries_what_the_rule_asks_for():
    [text] = pages_of(documents.render(PAPER).pdf)

    assert "WITNESS STATEMENT" in text
    assert "(Criminal Procedure Rules, r.16.2; Criminal Justice Act 1967, s.9)" in text
    assert "Statement of: Arthur BELL Age if under 18: Over 18" in text
    assert (
        "This statement (consisting of 1 page(s) each signed by me) is true to the best of my "
        "knowledge and belief and I make it knowing that, if it is tendered in evidence, I "
        "shall be liable to prosecution if I have wilfully stated in it, anything which I know "
        "to be false, or do not believe to be true."
    ) in text
    assert "A man pushed me." in text


def test_render_unsigned_says_so_everywhere():
    [text] = pages_of(documents.render(PAPER).pdf)

    assert text.count("Signature: Not signed") == 3  # declaration, after the last word, foot
    assert text.count("Signature witnessed by: Not signed") == 3


def test_render_signs_every_page_and_after_the_last_word():
    printed = documents.render(replace(PAPER, body=long_body(9000), signature=SIGNATURE))

    pages = pages_of(printed.pdf)

    assert printed.pages == len(pages) > 2
    for number, text in enumerate(pages, 1):
        assert "Signature: Arthur Bell" in text
        assert "Signature witnessed by: PC Priya Shah 4417, by live video" in text
        assert f"Page {number} of {len(pages)}" in text
    assert f"(consisting of {len(pages)} page(s) each signed by me)" in pages[0]
    everything = " ".join(pages)
    assert everything.count("Signature: Arthur Bell") == len(pages) + 2
    assert everything.count("Date: 6 May 2026 at 14:32") == 2


def test_render_twenty_thousand_characters_loses_none():
    body = long_body(19_990) + " THE END."

    printed = documents.render(replace(PAPER, body=body))

    text = " ".join(pages_of(printed.pdf))
    assert text.count("shouted") == body.count("shouted")
    assert "THE END." in text


def test_signing_never_changes_the_page_count():
    longest = replace(
        SIGNATURE,
        name="W" * documents.NAME_LENGTH,
        witness="Detective Chief Superintendent " + "Wilhelmina " * 8 + "1234, by live video",
    )

    for length in range(200, 6000, 290):
        paper = replace(PAPER, body=long_body(length))
        unsigned = documents.render(paper)
        assert documents.render(replace(paper, signature=longest)).pages == unsigned.pages


def test_render_gives_the_same_bytes_for_the_same_values():
    assert documents.render(PAPER).pdf == documents.render(replace(PAPER)).pdf
    assert documents.render(PAPER).pdf != documents.render(replace(PAPER, version=3)).pdf


def test_render_is_tagged_and_names_nobody_outside_the_page():
    reader = PdfReader(BytesIO(documents.render(replace(PAPER, signature=SIGNATURE)).pdf))

    xmp = reader.xmp_metadata.stream.get_data().decode()
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert reader.metadata.title == "Witness statement"
    assert "<pdfuaid:part>1</pdfuaid:part>" in xmp
    assert "<pdfaid:part>2</pdfaid:part>" in xmp
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in xmp
    assert "bell" not in (xmp + str(reader.metadata)).lower()


@pytest.mark.parametrize(
    "words",
    [
        "#let x = 1; #panic()",
        "*bold* _under_ = heading",
        "$ x^2 $ `code` // comment /* c */",
        "@label <label> \\ \\u{41} [content] {code}",
        "https://example.invalid/ - + 1. / term: x",
    ],
)
def test_render_takes_words_as_words_never_as_markup(words):
    [text] = pages_of(documents.render(replace(PAPER, name=words, body=words)).pdf)

    assert text.count(words) == 2


def test_render_puts_an_exhibit_in_strong_at_its_first_mention():
    exhibits = (("AB/1", "Photograph of my arm"), ("AB/12", "Photograph of the door"))
    body = "I produce it as AB/12. Then AB/1, and AB/12 again."

    runs = documents._paragraphs(body, [reference for reference, _ in exhibits])[0]
    [text] = pages_of(documents.render(replace(PAPER, body=body, exhibits=exhibits)).pdf)

    assert [run["text"] for run in runs if run["strong"]] == ["AB/12", "AB/1"]
    assert "AB/1: Photograph of my arm" in text
    assert "AB/12: Photograph of the door" in text


def test_mentioned_knows_whole_references_in_the_order_of_the_text():
    text = "See AB/12, then CD/1. XAB/2 and AB/3A are others."

    assert documents.mentioned(text, ["AB/1", "AB/2", "AB/3", "CD/1", "AB/12"]) == [
        "AB/12",
        "CD/1",
    ]


def test_render_adds_the_declaration_of_who_read_it_over():
    reader = documents.Reader(name="PC 4417 Priya Shah", read_at=SIGNED_AT)

    [text] = pages_of(documents.render(replace(PAPER, reader=reader)).pdf)

    assert "they cannot read it. Before they signed it I, PC 4417 Priya Shah, read" in text
    assert "Signature: PC 4417 Priya Shah Date: 6 May 2026 at 14:32" in text


def test_render_leaves_the_reader_unsigned_until_they_have_read():
    reader = documents.Reader(name="PC 4417 Priya Shah")

    [text] = pages_of(documents.render(replace(PAPER, reader=reader)).pdf)

    assert "Signature: Not signed Date: Not signed Signature" in text


def test_render_says_when_nobody_saw_the_signature():
    [text] = pages_of(
        documents.render(replace(PAPER, signature=replace(SIGNATURE, witness=""))).pdf
    )

    assert text.count("Signature witnessed by: nobody saw it signed") == 3


@pytest.mark.parametrize(
    "words",
    [
        "Ŵyn a’r tŷ, âêîôû ŵŷ",
        "café, Łódź, Žižek, Siobhán, Ñuñoa, Đặng",
        "£5, €5, ₹5, $5, ½, 20°, №",
        "“He said ‘no’” – and — then… • left",
        "He wrote 😀 🔪 ❤️ 👍🏽 🏴󠁧󠁢󠁷󠁬󠁳󠁿",
        "Ελλάδα Москва اردو বাংলা தமிழ் ਪੰਜਾਬੀ ગુજરાતી हिन्दी עברית ไทย አማርኛ ქართული",
    ],
)
def test_check_characters_takes_what_people_quote(words):
    assert documents.check_characters(words) == []
    documents.render(replace(PAPER, body=words))


def test_check_characters_names_what_cannot_be_printed():
    text = "He wrote 中 and \u202e and \x07 and \ue000 and 中."

    assert documents.check_characters(text) == ["中", "\u202e", "\x07", "\ue000"]
    assert documents.describe_character("中") == "中 (cjk unified ideograph-4e2d)"
    assert documents.describe_character("\u202e") == "right-to-left override"
    assert documents.describe_character("\x07") == "U+0007"


def test_render_refuses_what_cannot_be_printed_by_name():
    with pytest.raises(documents.UnprintableCharacters) as refused:
        documents.render(replace(PAPER, body="He wrote 中文."))

    assert sorted(refused.value.characters) == ["中", "文"]


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=40))
def test_render_succeeds_whenever_the_characters_were_accepted(text):
    if not documents.check_characters(text):
        assert documents.render(replace(PAPER, body=text, name=text)).pages >= 1


def test_tidy_keeps_the_words_and_one_kind_of_line_end():
    assert documents.tidy("\ufeffa\r\nb\rc\u2028d e\u0301 \n") == "a\nb\nc\nd é"


def test_declaration_in_use_refuses_a_day_before_the_first():
    assert declaration.in_use(SIGNED_AT.date()).version == 1
    with pytest.raises(LookupError):
        declaration.in_use(datetime(2025, 12, 31, tzinfo=UTC).date())
