"""Words that are sent: find them, fill them, count what they cost, and refuse what gives away.

Source of the counts: 3GPP TS 23.038. A text in the GSM alphabet holds 160 characters, or 153 in
each of several parts; any other character makes it UCS-2, with 70, or 67.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from math import ceil
from pathlib import Path

from django.conf import settings
from django.utils import translation

from victimcontact.lib import local_time

GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENDED = frozenset("^{}\\[~]|€\f")  # each costs two
# What word processors put in, and what it is without them. Letters are never changed.
PLAIN = str.maketrans(
    {
        "‘": "'",
        "’": "'",
        "“": '"',
        "”": '"',
        "–": "-",
        "—": "-",
        "…": "...",
        "\N{NO-BREAK SPACE}": " ",
        "\N{NARROW NO-BREAK SPACE}": " ",
        "\t": " ",
    }
)
MOST_PARTS = 2
HARDEST_GRADE = 7  # of reading; what the house ships stays below 5
LONGEST_SENTENCE = 25  # words

TOKEN_LENGTH = 22  # characters of a 128-bit token in a link
PLACEHOLDERS = ("when", "link")
# Among these are the longest times in every language: a week of each month, and a half hour
# that comes twice.
LONG_TIMES = [
    datetime(2027, month, day, 11, 30, tzinfo=UTC)
    for month in range(1, 13)
    for day in range(20, 27)
]
LONG_TIMES += [datetime(2027, 10, 31, 1, 30, tzinfo=UTC)]

# Words that tell whoever holds the phone what this is about, in English and Welsh.
_TELLING_WORDS = """
    police policing officer constable sergeant inspector detective pc dc force 101 999
    victim witness suspect offender perpetrator crime criminal offence incident report statement
    evidence investigation investigator case reference court charge arrest bail safeguarding
    abuse abuser abusive violence violent assault attack rape sexual stalking stalker harassment
    domestic hate burglary theft robbery threat weapon
    heddlu heddwas swyddog cwnstabl rhingyll dioddefwr dioddefwyr tyst tystion trosedd troseddau
    troseddwr digwyddiad datganiad tystiolaeth ymchwiliad achos llys arestio trais treisgar
    cam-drin ymosodiad stelcian aflonyddu casineb lladrad bygythiad
"""
_TELLING = re.compile(
    r"(?<![\w-])(" + "|".join(map(re.escape, _TELLING_WORDS.split())) + r")(?:'?s|es)?(?![\w-])",
    re.I,
)
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


class UnknownTemplate(LookupError):
    """No words exist by this name for this channel."""


class Unfilled(ValueError):
    """The words hold a placeholder for which no value was given."""


@dataclass(frozen=True, slots=True)
class Count:
    """What a text costs: ``units`` of its alphabet, in ``parts`` messages."""

    alphabet: str  # "GSM-7" or "UCS-2"
    units: int
    parts: int


def plain(text: str) -> str:
    """``text`` with typographers' quotes, dashes and spaces made plain; letters are untouched."""
    return text.translate(PLAIN)


def count(text: str) -> Count:
    """Count the parts of a text message exactly as it stands."""
    if all(char in GSM_BASIC or char in GSM_EXTENDED for char in text):
        alphabet, whole, each = "GSM-7", 160, 153
        units = sum(2 if char in GSM_EXTENDED else 1 for char in text)
    else:
        alphabet, whole, each = "UCS-2", 70, 67
        units = len(text.encode("utf-16-be")) // 2
    return Count(alphabet, units, 1 if units <= whole else ceil(units / each))


def reading_grade(text: str, language: str = "en-gb") -> float | None:
    """The school grade that English words ask for; None for other languages, where nobody counts.

    Source: Flesch and Kincaid's formula of 1975. A time counts as it is said, a link as one word.
    """
    if not language.startswith("en"):
        return None
    sentences = _sentences(text)
    words = [word for sentence in sentences for word in sentence]
    if not words:
        return 0.0
    syllables = sum(map(_syllables, words))
    return round(0.39 * len(words) / len(sentences) + 11.8 * syllables / len(words) - 15.59, 1)


def _sentences(text):
    """The words of each sentence, in order; a line's end ends one as well."""
    text = text.replace("{when}", "Tuesday at half past two").replace("{link}", "this")
    parts = re.split(r"(?<=[.!?:])\s+|\n+", text)
    found = [re.findall(r"[^\W\d_][\w'-]*|\d+", part) for part in parts]
    return [words for words in found if words]


def _syllables(word):
    letters = re.sub(r"[^a-z]", "", word.lower())
    if len(letters) > 2:
        letters = re.sub(r"(?<=[^laeiouy])e[sd]?$", "", letters)
    return max(1, len(re.findall(r"[aeiouy]+", letters)))


def fill(text: str, values: Mapping[str, object], language: str = "en-gb") -> str:
    """Put values into ``{placeholders}``. A datetime becomes London time in ``language``.

    Values that the words do not use are left out. Raises Unfilled. Only names stand in braces, so
    nothing in a value is ever looked up.
    """

    def value(match):
        name = match.group(1)
        if name not in values:
            raise Unfilled(f"No value for {{{name}}}.")
        found = values[name]
        if isinstance(found, datetime):
            with translation.override(language):
                return local_time.say_short(found)
        return str(found)

    return _PLACEHOLDER.sub(value, text)


def placeholders(text: str) -> list[str]:
    """The names in braces, sorted."""
    return sorted(set(_PLACEHOLDER.findall(text)))


def telling_words(text: str) -> list[str]:
    """The words in ``text`` that give away what it is about, in lower case, sorted."""
    return sorted({match.group(0).lower() for match in _TELLING.finditer(text)})


def problems(
    text: str,
    *,
    channel: str = "sms",
    neutral: bool = True,
    language: str = "en-gb",
    needs: Iterable[str] = (),
) -> list[str]:
    """What stands against sending these words, as sentences for who wrote them.

    Empty when they may be sent. Neutral words say nothing of the police. ``needs`` are placeholders
    that must be there. A text is counted with the longest values that its placeholders can take,
    and its link stands inside it: a phone previews one that stands at the beginning or the end.
    """
    text = plain(text).strip()
    found = []
    if not text:
        return ["Enter the words"]
    unknown = [name for name in placeholders(text) if name not in PLACEHOLDERS]
    if unknown:
        found.append(f"Remove {{{unknown[0]}}}. You can use {{when}} and {{link}}")
    if re.search(r"[{}]", _PLACEHOLDER.sub("", text)):
        found.append("Use { and } only around when or link")
    found += [f"Add {{{name}}}" for name in needs if f"{{{name}}}" not in text]
    telling = telling_words(text) if neutral else []
    if telling:
        found.append(f"Remove words that give away what this is about: {', '.join(telling)}")
    if re.search(r"https?:|www\.", text, re.I):
        found.append("Use {link}, not a web address of your own")
    if text.count("{link}") > 1:
        found.append("Use {link} once")
    grade = reading_grade(text, language)
    if grade is not None and grade > HARDEST_GRADE:
        found.append(
            f"Use shorter words and sentences: it reads like school grade {grade:g}, "
            f"and {HARDEST_GRADE} is the most"
        )
    if any(len(words) > LONGEST_SENTENCE for words in _sentences(text)):
        found.append(f"Part the long sentence: {LONGEST_SENTENCE} words are the most")
    if channel == "sms":
        if text.startswith("{link}") or text.endswith("{link}"):
            found.append("Put {link} inside the text: a phone shows a preview of one at either end")
        if not unknown and (cost := count(longest(text, language))).parts > MOST_PARTS:
            found.append(
                f"Shorten the text: it takes {cost.parts} parts in {cost.alphabet}, "
                f"and {MOST_PARTS} are the most"
            )
    return found


def longest(text: str, language: str = "en-gb") -> str:
    """``text`` filled with the longest values that its placeholders can take."""
    link = f"{settings.PUBLIC_URL}/a/{'x' * TOKEN_LENGTH}"
    filled = (fill(text, {"when": when, "link": link}, language) for when in LONG_TIMES)
    return max(filled, key=len)


def default(name: str, channel: str, language: str = "en-gb") -> str:
    """The words in the house's files: ``templates/<app>/notifications/<name>.<channel>.txt``.

    A language of its own stands before the channel (``<name>.cy.sms.txt``); where there is none,
    English is used. Raises UnknownTemplate.
    """
    files = _files()
    short = language.split("-")[0]
    path = files.get((name, short, channel)) or files.get((name, "en", channel))
    if path is None:
        raise UnknownTemplate(f"There is no {channel} by the name {name!r}.")
    return plain(path.read_text(encoding="utf-8").strip())


def names() -> list[tuple[str, str]]:
    """Every (name, channel) that has words in the house's files, sorted."""
    return sorted({(name, channel) for name, _, channel in _files()})


def is_said(name: str, channel: str) -> bool:
    """Whether the house has words of this name for that channel."""
    return (name, "en", str(channel)) in _files()


def subject_and_body(text: str) -> tuple[str, str]:
    """Part an e-mail's words: the first line is the subject, the rest the body."""
    subject, _, body = text.partition("\n")
    return subject.removeprefix("Subject:").strip(), body.strip()


@cache
def _files() -> dict[tuple[str, str, str], Path]:
    found = {}
    for folder in settings.TEMPLATES[0]["DIRS"]:
        for path in Path(folder).glob("*/notifications/*.txt"):
            name, *language, channel, _ = path.name.split(".")
            if _NAME.fullmatch(name) and len(language) <= 1:
                found[name, language[0] if language else "en", channel] = path
    return found
