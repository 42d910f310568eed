"""A witness statement as PDF: plain values in, the same bytes out for the same values.

The file is PDF/UA-1 and PDF/A-2a as checked by the exporter. Layout follows form MG11.
Source: Criminal Procedure Rules 2020, r.16.2; Criminal Justice Act 1967, s.9.
"""

import json
import re
import threading
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import manimgx_fonts
import typst

from appointments.declaration import Declaration

TEMPLATES = Path(__file__).parent / "typst"
FONT_FILES = Path(manimgx_fonts.__file__).parent
STANDARDS = ["ua-1", "a-2a"]
LONDON = ZoneInfo("Europe/London")
OVER_18 = "Over 18"
NAME_LENGTH = 100  # the foot of the page has room for this much, signed or not

# Shown backwards or hidden, text on paper would not be the text that was agreed to.
DIRECTION_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
LOST_CHARACTER = "\ufffd"

# Typst is called from many threads; it keeps its layout cache in the process, so one at a time
# costs nothing: a statement takes some 20 milliseconds.
_one_at_a_time = threading.Lock()


class PaperError(Exception):
    """The statement could not be laid out."""


class UnprintableCharacters(PaperError):
    """The text holds characters for which there is no glyph; ``characters`` lists them."""

    def __init__(self, characters):
        super().__init__(f"{len(characters)} characters cannot be printed")
        self.characters = characters


@dataclass(frozen=True)
class Reader:
    """Who reads the statement over to a witness who cannot read; ``read_at`` once they have."""

    name: str
    read_at: datetime | None = None


@dataclass(frozen=True)
class Signature:
    """What the witness did: the name as typed, and when (aware datetime).

    ``witness`` is who saw it and how; empty when nobody did.
    """

    name: str
    signed_at: datetime
    witness: str


@dataclass(frozen=True)
class StatementPaper:
    """Everything that is printed. No address, telephone number or date of birth belongs here.

    ``age`` is the number of years for a person under 18, else OVER_18. ``body`` is text with
    blank lines between paragraphs. ``exhibits`` are (reference, description) in the order in
    which they are first mentioned. ``made_at`` dates the file; it must not change between two
    renderings that should give the same bytes.
    """

    name: str
    age: str
    occupation: str
    urn: str
    body: str
    declaration: Declaration
    version: int
    made_at: datetime
    exhibits: tuple[tuple[str, str], ...] = ()
    # Who else was there while it was taken: (name, part, from when to when), as printed.
    present: tuple[tuple[str, str, str], ...] = ()
    visually_recorded: bool = False
    reader: Reader | None = None
    signature: Signature | None = None
    language: str = "en"


@dataclass(frozen=True)
class Printed:
    """A finished PDF and its number of pages."""

    pdf: bytes = field(repr=False)
    pages: int


def check_characters(text):
    """Return the characters of ``text`` that cannot be printed, each once, in order.

    Answers from the very fonts that print the statement, so it agrees with ``render``.
    """
    refused = {
        character
        for character in text
        if character in DIRECTION_CONTROLS
        or character == LOST_CHARACTER
        or (unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\r\t")
    }
    rest = "".join(character for character in text if character not in refused)
    refused |= _without_glyph(rest)
    return [character for character in dict.fromkeys(text) if character in refused]


def describe_character(character):
    """Return a character as a person can find it: itself and its name, or its number."""
    number = f"U+{ord(character):04X}"
    name = unicodedata.name(character, "").lower()
    if not character.isprintable():
        return name or number
    return f"{character} ({name or number})"


def tidy(text):
    """Return ``text`` as it is kept and printed: one kind of line end, composed accents."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\ufeff", "")
    text = re.sub("[\u2028\x85\x0b\x0c]", "\n", text).replace("\u2029", "\n\n")
    return unicodedata.normalize("NFC", text).strip()


def render(paper):
    """Return the StatementPaper as Printed, with its own page count in the declaration.

    Raises UnprintableCharacters when a character has no glyph, PaperError when the page count
    finds no rest or the layout fails.
    """
    pages = 1
    for _ in range(6):
        printed = _compile(paper, pages)
        if printed.pages == pages:
            return printed
        pages = printed.pages
    raise PaperError("The number of pages in the declaration does not settle")


def mentioned(text, references):
    """Return those ``references`` that ``text`` names as whole words, by first mention."""
    places = {}
    for reference in references:
        found = re.search(_whole(reference), text)
        if found:
            places[reference] = found.start()
    return sorted(places, key=places.get)


def _compile(paper, pages):
    data = {
        "name": paper.name,
        "age": paper.age,
        "occupation": paper.occupation or "Not given",
        "urn": paper.urn,
        "declaration": paper.declaration.for_witness(pages),
        "version": str(paper.version),
        "visually_recorded": paper.visually_recorded,
        "body": _paragraphs(paper.body, [reference for reference, _ in paper.exhibits]),
        "exhibits": [
            {"reference": reference, "description": description}
            for reference, description in paper.exhibits
        ],
        "present": [
            {"name": name, "part": part, "times": times} for name, part, times in paper.present
        ],
        "language": paper.language,
        "signature": paper.signature
        and {
            "name": paper.signature.name,
            "when": _when(paper.signature.signed_at),
            "witness": paper.signature.witness,
        },
        "reader": paper.reader
        and {
            "name": paper.reader.name,
            "when": paper.reader.read_at and _when(paper.reader.read_at),
            "declaration": paper.declaration.for_reader(paper.reader.name),
        },
    }
    try:
        with _one_at_a_time:
            compiler = typst.Compiler(
                TEMPLATES / "statement.typ",
                root=TEMPLATES,
                font_paths=_fonts(),
                sys_inputs={"paper": json.dumps(data), "fonts": json.dumps(_families())},
            )
            pdf = compiler.compile(
                format="pdf", pdf_standards=STANDARDS, timestamp=int(paper.made_at.timestamp())
            )
            counted = int(compiler.query("<pages>", field="value", one=True))
    except typst.TypstError as error:
        characters = _named_in(error)
        if characters:
            raise UnprintableCharacters(sorted(characters)) from None
        raise PaperError(error.message) from None
    return Printed(pdf=pdf, pages=counted)


def _paragraphs(body, references):
    """Return paragraphs as lists of runs; the first mention of an exhibit is a strong run."""
    waiting = set(references)
    pattern = "|".join(_whole(each) for each in sorted(references, key=len, reverse=True))
    paragraphs = []
    for block in re.split(r"\n[ \t]*\n\s*", tidy(body)):
        runs = []
        for number, line in enumerate(block.split("\n")):
            pieces = re.split(f"({pattern})", line) if pattern else [line]
            for place, piece in enumerate(pieces):
                first_of_line = place == 0
                if not piece and not first_of_line:
                    continue
                strong = piece in waiting
                waiting.discard(piece)
                runs.append(
                    {
                        "text": piece.replace("\t", "    "),
                        "strong": strong,
                        "break_before": first_of_line and number > 0,
                    }
                )
        paragraphs.append(runs)
    return paragraphs


def _whole(reference):
    return rf"(?<![\w/]){re.escape(reference)}(?![\w/])"


def _when(moment):
    local = moment.astimezone(LONDON)
    return f"{local.day} {local:%B %Y at %H:%M}"


@cache
def _fonts():
    # Never the machine's own fonts: the same statement must give the same bytes everywhere.
    return typst.Fonts(include_system_fonts=False, font_paths=[FONT_FILES])


@cache
def _families():
    found = {font.family for font in _fonts().fonts() if font.path}
    first, last = "Noto Sans", "Noto Emoji"
    return [first, *sorted(found - {first, last}), last]


CHARACTER_TEST = b"""
#set document(title: "Test")
#set text(font: json(bytes(sys.inputs.fonts)), ligatures: false)
#par(json(bytes(sys.inputs.text)))
"""


def _without_glyph(text):
    with _one_at_a_time:
        compiler = typst.Compiler(
            CHARACTER_TEST,
            font_paths=_fonts(),
            sys_inputs={"text": json.dumps(tidy(text)), "fonts": json.dumps(_families())},
        )
        try:
            compiler.compile(format="pdf", pdf_standards=STANDARDS, timestamp=0)
        except typst.TypstError as error:
            characters = _named_in(error)
            if not characters:
                raise PaperError(error.message) from None
            return characters
    return set()


def _named_in(error):
    """Return the characters that Typst's messages quote, as a set."""
    quoted = re.findall(r'(?:the text|codepoint) `"(.*?)"`', error.diagnostic, re.DOTALL)
    plain = (
        re.sub(r"\\u\{([0-9a-f]+)\}", lambda code: chr(int(code[1], 16)), each) for each in quoted
    )
    return set("".join(plain))
