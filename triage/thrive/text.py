"""A caller's words, made comparable: one plain word per token, each with its place in the original.

Nothing is thrown away. Every plain word keeps the offsets of the characters it came from, so that
whatever a rule finds can be shown in the caller's own words.
"""

import os
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b

_SECRET = os.urandom(32)
SENTENCE_ENDS = frozenset({".", "?"})
CLAUSE_ENDS = frozenset({".", "?", ",", "but", "however", "although"})

_PIECES = re.compile(
    r"(?P<word>£?[^\W_]+(?:['’`´][^\W_]+)*)|(?P<question>\?[?!]*)"
    r"|(?P<end>[.!…]+|\n+)|(?P<pause>[,;:()\[\]\"“”*]|\s[-–—]+\s|—|–|\s-|-\s)|(?P<emoji>[^\w\s])"
)
_QUOTES = str.maketrans({"’": "'", "`": "'", "´": "'"})

# What an apostrophe shortens. After a name or a noun, 's stays a word of its own ("s"), since it
# may be "is", "has" or a possession; the patterns say which they accept.
_PRONOUNS = frozenset(
    "he she it that there who what where when how here this someone somebody everyone nobody"
    " everything something one".split()
)
_ENDINGS = {
    "n't": "not",
    "'re": "are",
    "'ve": "have",
    "'ll": "will",
    "'d": "would",
    "'m": "am",
}
_IRREGULAR = {"can't": "can not", "won't": "will not", "shan't": "shall not", "ain't": "is not"}


@dataclass(frozen=True, slots=True)
class Token:
    """One plain word and where it stands in the narrative; ``end`` is exclusive."""

    word: str
    start: int
    end: int


@dataclass(frozen=True)
class Text:
    """A narrative as plain words. ``plain`` is the words joined by single spaces."""

    narrative: str
    tokens: tuple[Token, ...]
    plain: str = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "plain", " " + "".join(t.word + " " for t in self.tokens))

    @cached_property
    def places(self):
        """The token numbers of each word of the text, and of "abc*" for each beginning."""
        places = {}
        for number, token in enumerate(self.tokens):
            places.setdefault(token.word, []).append(number)
        for word, numbers in list(places.items()):
            for n in range(1, len(word) + 1):
                beginning = word[:n] + "*"
                if beginning in places:
                    places[beginning] += numbers
                else:
                    places[beginning] = numbers.copy()
        return places

    @cached_property
    def keys(self):
        """The words of the text, and "abc*" for each beginning, for looking patterns up."""
        return frozenset(self.places)

    @cached_property
    def starts(self):
        """Where each token begins in ``plain``."""
        starts, at = [], 1
        for token in self.tokens:
            starts.append(at)
            at += len(token.word) + 1
        return starts

    def token_at(self, place):
        """The number of the token at a place in ``plain``."""
        return bisect_right(self.starts, place) - 1

    def quote(self, first, last):
        """The caller's own words from token ``first`` to token ``last``, both included."""
        return self.narrative[self.tokens[first].start : self.tokens[last].end]

    @cached_property
    def sentences(self):
        """The number of the sentence that each token belongs to."""
        numbers, number = [], 0
        for token in self.tokens:
            numbers.append(number)
            if token.word in SENTENCE_ENDS:
                number += 1
        return numbers

    @cached_property
    def parts(self):
        """The sentences, each as (number of its first token, a Text of its own)."""
        parts, first = [], 0
        for number, token in enumerate(self.tokens, 1):
            if token.word in SENTENCE_ENDS:
                parts.append((first, Text(self.narrative, self.tokens[first:number])))
                first = number
        if first < len(self.tokens):
            parts.append((first, Text(self.narrative, self.tokens[first:])))
        return parts

    @cached_property
    def print(self):
        """The same for the same words, within this process; the words cannot be read from it."""
        return blake2b(self.plain.encode(), key=_SECRET, digest_size=16).digest()

    @cached_property
    def clauses(self):
        """The number of the clause that each token belongs to."""
        numbers, number = [], 0
        for token in self.tokens:
            if token.word in CLAUSE_ENDS:
                number += 1
            numbers.append(number)
        return numbers

    def without(self, spans):
        """The same text with the tokens of these (first, last) pairs blanked out."""
        blank = {i for first, last in spans for i in range(first, last + 1)}
        if not blank:
            return self
        return Text(
            self.narrative,
            tuple(
                Token("#", token.start, token.end) if i in blank else token
                for i, token in enumerate(self.tokens)
            ),
        )


def read(narrative, shorthand, spelling):
    """Read a narrative into a Text.

    ``shorthand`` maps a word as written to the plain words it stands for ("hes" to "he is");
    ``spelling`` is asked for the intended word and gives the word back when it knows none.
    """
    tokens = []
    for piece in _PIECES.finditer(narrative):
        start, end = piece.span()
        if piece.lastgroup == "word":
            for word in _plain_words(piece.group().lower().translate(_QUOTES), shorthand, spelling):
                tokens.append(Token(word, start, end))
        elif piece.lastgroup == "question":
            tokens.append(Token("?", start, end))
        elif piece.lastgroup == "end":
            tokens.append(Token(".", start, end))
        elif piece.lastgroup == "pause":
            tokens.append(Token(",", start, end))
        elif piece.group() in shorthand:
            for word in shorthand[piece.group()].split():
                tokens.append(Token(word, start, end))
    return Text(narrative, tuple(tokens))


def _plain_words(word, shorthand, spelling):
    if word in shorthand:
        return shorthand[word].split()
    if "'" not in word:
        return spelling(word).split()
    if word in _IRREGULAR:
        return _IRREGULAR[word].split()
    for ending, meaning in _ENDINGS.items():
        if word.endswith(ending):
            return [*_plain_words(word[: -len(ending)], shorthand, spelling), meaning]
    stem, _, rest = word.partition("'")
    if rest == "s":
        if stem in _PRONOUNS:
            return [stem, "is"]
        return [*_plain_words(stem, shorthand, spelling), "s"]
    return _plain_words(word.replace("'", ""), shorthand, spelling)
