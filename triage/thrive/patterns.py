"""The small language in which the policy says what to listen for.

A pattern is terms with spaces between them:

    kill            the word itself
    kill+           the word and its plain endings: kills, killed, killing
    strang*         every word that begins so
    @partner        any entry of the family "partner" of the policy
    going_to        several words in a row
    knife|gun       one or the other
    my?             may be missing
    ..              up to three words of the same clause between
    ...             up to seven words of the same sentence between
    throat & hands  both in one sentence, in any order, not far from each other

Patterns are compared with plain words (see ``text``), never with punctuation.
"""

import re
from dataclasses import dataclass
from functools import cached_property

from .text import SENTENCE_ENDS

NEGATORS = frozenset("not no never nobody none nothing without neither nor cannot".split())

_GAPS = {"..": r"(?:[^ .,?]+ ){0,3}?", "...": r"(?:[^ .?]+ ){0,7}?"}
_VOWELS = "aeiou"
_AFTER_STEM = ("", "e", "ed", "es", "er", "ing")  # how the words that a stem stands for may end


class PatternError(ValueError):
    """The pattern, or a family it names, cannot be read. The text says which."""


def compile_pattern(source, families):
    """The pattern that ``source`` describes. Raises PatternError."""
    parts = source.split(" & ")
    if len(parts) == 1:
        return Pattern(source, families)
    return Together(source, [Pattern(part, families) for part in parts])


class Pattern:
    """Words in a row, ready to search a Text."""

    def __init__(self, source, families):
        self.source = source
        self.required = []  # for each term that must be there, the words it can begin with
        self._begins = None  # those of the first term, if that must be there
        parts = []
        terms = source.split()
        if not terms:
            raise PatternError("A pattern is empty")
        for term in terms:
            if term in _GAPS:
                parts.append(_GAPS[term])
                continue
            optional = term.endswith("?")
            choices = _choices(term.rstrip("?"), families, source)
            if not optional:
                self.required.append(frozenset(_first_word(choice) for choice in choices))
                if not parts:
                    self._begins = self.required[0]
            parts.append(f"(?:{'|'.join(map(_regex, choices))}){'?' if optional else ''}")
        if not self.required:
            raise PatternError(f"“{source}” has no word that must be there")
        self._expression = "(?<= )" + "".join(parts)
        self.negates = any(
            word in NEGATORS
            for term in terms
            if not term.startswith(("..", "@"))
            for word in re.split(r"[|_?]", term)
        )

    @cached_property
    def reaches_over(self):
        """Whether it may stand in more than one sentence."""
        return _reaches_over(self.source)

    @cached_property
    def _compiled(self):
        return re.compile(self._expression)

    def may_match(self, keys):
        return _may_match(self.required, keys)

    def find(self, text):
        """Yield (first, last) token numbers of each place where the pattern stands."""
        if self._begins is None or self.reaches_over:
            # Also over sentences: the keys of a whole text take longer than the search.
            for match in self._compiled.finditer(text.plain):
                yield text.token_at(match.start()), text.token_at(match.end() - 2)
            return
        # The same places, but tried only where the first word stands.
        numbers = [n for word in self._begins & text.keys for n in text.places[word]]
        match_at, plain, starts, free = self._compiled.match, text.plain, text.starts, 0
        for number in sorted(numbers):
            start = starts[number]
            match = match_at(plain, start) if start >= free else None
            if match:
                free = match.end()
                yield number, text.token_at(free - 2)

    def places(self, text):
        """Yield (first, last, parts): ``parts`` are the stretches that were asked for."""
        for first, last in self.find(text):
            yield first, last, ((first, last),)


class Together:
    """Several patterns that must stand in one sentence within ``WITHIN`` words, in any order."""

    WITHIN = 16

    def __init__(self, source, patterns):
        self.source = source
        self.reaches_over = False
        self.negates = any(pattern.negates for pattern in patterns)
        self.required = [words for pattern in patterns for words in pattern.required]
        self._patterns = patterns

    def may_match(self, keys):
        return _may_match(self.required, keys)

    def find(self, text):
        for first, last, _ in self.places(text):
            yield first, last

    def places(self, text):
        if not self.may_match(text.keys):
            return
        found = []
        for pattern in self._patterns:
            spans = list(pattern.find(text))
            if not spans:
                return
            found.append(spans)
        sentences = text.sentences
        for start in found[0]:
            parts = [start]
            for spans in found[1:]:
                near = [
                    span
                    for span in spans
                    if sentences[span[0]] == sentences[start[0]]
                    and abs(span[0] - start[0]) <= self.WITHIN
                    and not any(a <= span[1] and span[0] <= b for a, b in parts)
                ]
                if not near:
                    break
                parts.append(min(near, key=lambda span: abs(span[0] - start[0])))
            else:
                yield min(a for a, _ in parts), max(b for _, b in parts), tuple(parts)


def _reaches_over(source):
    return not SENTENCE_ENDS.isdisjoint(re.split(r"[ |_]", source))


def _may_match(required, keys):
    for words in required:  # noqa: SIM110 asked hundreds of times a report: a generator is slow
        if words.isdisjoint(keys):
            return False
    return True


# Words that stand in almost every report: a pattern is not looked up by them if it can be helped.
_EVERYWHERE = frozenset(
    "i me my we he she it they him her his the a an and or to of in on at is are was were has have"
    " had not no do did be been that this with for from up out said will would can could so but"
    " if when all just got get as there . ,".split()
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pattern stands: tokens ``first`` to ``last``, both included."""

    pattern: object
    owner: object
    first: int
    last: int
    parts: tuple  # the (first, last) of each stretch that was asked for
    otherwise: bool  # whether the sentence also has what gives it another meaning


class Index:
    """Finds the places of thousands of patterns in a text, sentence by sentence.

    A report is read again at each pause in typing, and all but one of its sentences were read
    before: where patterns stand in a sentence is remembered, under a print that does not give its
    words away.
    """

    REMEMBERED = 4000  # sentences

    def __init__(self, entries):
        """``entries``: (pattern, owner, patterns that give its sentence another meaning)."""
        self._entries = list(entries)
        self._by_key, self._over = {}, []
        self.forget()
        for number, (pattern, _, _) in enumerate(self._entries):
            if pattern.reaches_over:
                self._over.append(number)
                continue
            rarest = min(pattern.required, key=_how_common)
            for key in rarest:
                self._by_key.setdefault(key.split(" ")[0], []).append(number)

    def forget(self):
        """Read every sentence afresh from now on."""
        self.remembered = {}  # another thread may still read the old one

    def places(self, text):
        """Every Place in the text, in the order of the entries and then of the text."""
        found = []
        for begin, part in text.parts:
            rows = self.remembered.get(part.print)
            if rows is None:
                if len(self.remembered) >= self.REMEMBERED:
                    self.forget()
                rows = self.remembered[part.print] = self._in_sentence(part)
            found += [(row, begin) for row in rows]
        for number in self._over:
            found += [(row, 0) for row in self._of_entry(number, text)]
        found.sort(key=lambda pair: pair[0][0])
        return [
            Place(
                *self._entries[number][:2],
                begin + first,
                begin + last,
                tuple((begin + a, begin + b) for a, b in parts),
                otherwise,
            )
            for (number, first, last, parts, otherwise), begin in found
        ]

    def _in_sentence(self, part):
        numbers = set()
        for key in self._by_key.keys() & part.keys:
            numbers.update(self._by_key[key])
        return [row for number in sorted(numbers) for row in self._of_entry(number, part)]

    def _of_entry(self, number, text):
        pattern, _, unless = self._entries[number]
        if not pattern.reaches_over and not pattern.may_match(text.keys):
            return []
        places = list(pattern.places(text))
        if not places:
            return []
        elsewhere = {
            text.sentences[first]
            for other in unless
            if other.may_match(text.keys)
            for first, _ in other.find(text)
        }
        return [
            (number, first, last, parts, text.sentences[first] in elsewhere)
            for first, last, parts in places
        ]


def _how_common(words):
    return sum(40 if word in _EVERYWHERE else 1 for word in words)


def literals(source, families):
    """(words, guesses) that the pattern can ask for, for the spelling list.

    ``guesses`` are plain endings on the stems it names; not all of them are words.
    """
    words, guesses = set(), set()
    for term in source.split():
        if term not in _GAPS and term != "&":
            for choice in _choices(term.rstrip("?"), families, source):
                for word in choice.split():
                    if word.endswith("*"):
                        guesses.update(word[:-1] + ending for ending in _AFTER_STEM)
                    else:
                        words.add(word)
    return words, guesses


def inflect(word):
    """The word and its regular endings: "stab" gives stab, stabs, stabbed, stabbing."""
    forms = [word]
    if word.endswith("e"):
        forms += [word + "s", word + "d", word[:-1] + "ing"]
    elif word.endswith("y") and word[-2:-1] not in _VOWELS:
        forms += [word[:-1] + "ies", word[:-1] + "ied", word + "ing"]
    elif word.endswith(("s", "x", "z", "ch", "sh")):
        forms += [word + "es", word + "ed", word + "ing"]
    elif _doubles(word):
        forms += [word + "s", word + word[-1] + "ed", word + word[-1] + "ing"]
        forms += [word + "ed", word + "ing"]
    else:
        forms += [word + "s", word + "ed", word + "ing"]
    return forms


def _doubles(word):
    return (
        len(word) > 2
        and word[-1] in "bdgklmnprt"
        and word[-2] in _VOWELS
        and word[-3] not in _VOWELS
    )


def _choices(term, families, source, depth=0):
    if depth > 4:
        raise PatternError(f"Families name each other in a circle in “{source}”")
    choices = []
    for choice in term.split("|"):
        if not choice:
            raise PatternError(f"“{source}” has an empty choice")
        if choice.startswith("@"):
            name = choice[1:]
            if name not in families:
                raise PatternError(f"“{source}” names the family “{name}”, which is not defined")
            for entry in families[name]:
                choices.extend(_choices(entry.replace(" ", "_"), families, source, depth=depth + 1))
        elif choice.endswith("+"):
            head, _, last = choice[:-1].rpartition("_")
            lead = head.replace("_", " ") + " " if head else ""
            choices.extend(lead + form for form in inflect(last))
        else:
            choices.append(choice.replace("_", " "))
    return choices


def _first_word(choice):
    return choice.split(" ")[0]


def _regex(choice):
    return "".join(
        (re.escape(word[:-1]) + r"[^ ]*" if word.endswith("*") else re.escape(word)) + " "
        for word in choice.split(" ")
    )
