"""Reads a report whole, as labelled reports were read: its words, words near them, its cues.

Patterns find what was foreseen. People say the rest in their own way, and that is what this adds:
weights, learned from labelled reports (``manage.py train_reader``), by which the words and cues of
a report speak for a flag or an urgency. It is a sum: what each word gave can be told, and is. It
raises; and it bears out, or not, the cues that the policy calls hints. How sure it must be for
each stands in the policy's ``[reading]``.
"""

import math
from collections import Counter
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np

from .conditions import RECENT
from .meaning import DIMENSIONS, word_vectors
from .signals import Hit, Verdict
from .text import SENTENCE_ENDS
from .vocabulary import FLAGS

FOLDER = Path(__file__).resolve().parent.parent / "data"

GRADES = ("grade 1", "grade 2", "grade 3")  # "at least this urgent"
LABELS = (*FLAGS, *GRADES)
MEAN = 3.0  # how much the mean of the words near counts beside the strongest of each kind
SIGNS = 0.3  # how much a cue counts beside a word
LONGEST_QUOTE = 24  # words

# Flags that rules take for a reason to do less. The reader may only raise.
COULD_LOWER = frozenset({"not_police_matter", "update_request"})

# Whether somebody has a telephone, or would rather be visited, says nothing of their danger.
NOT_OF_DANGER = frozenset(
    "smartphone_yes data_yes answered_no_device device_no attendance_not_wanted"
    " prefers_person_answered prefers_person prefers_no_visit victim_age_known"
    " unread may_be_immediate may_be_priority caller_age_said".split()
)


@dataclass(frozen=True)
class Features:
    """What of a report is weighed."""

    terms: Counter  # words and pairs of neighbours, how often each
    signs: dict  # cue and answer signals, with their strength
    places: dict  # term to the numbers of the tokens it came from
    words: list  # (token number, word), in order


def features(heard, signals):
    """The Features of what was Heard, with the Signals that it and the answers give."""
    terms, places, words, before = Counter(), {}, [], None
    for number, token in enumerate(heard.text.tokens):
        word = token.word
        if not word[0].isalnum():
            before = None if word in SENTENCE_ENDS else before
            continue
        words.append((number, word))
        found = [(word, (number,))]
        if before is not None:
            found.append((f"{before[1]} {word}", (before[0], number)))
        for term, numbers in found:
            terms[term] += 1
            places.setdefault(term, []).append(numbers)
        before = number, word
    signs = {}
    for name, signal in signals.items():
        if name not in NOT_OF_DANGER:
            signs[name] = signs[f"{name}:{signal.time}"] = 1.0
            if signal.hits:
                signs[f"{name} again"] = math.log1p(len(signal.hits))
    return Features(terms, signs, places, words)


class Reader:
    """Weights for terms, signs and meaning; one column for each of LABELS."""

    def __init__(self, *, terms, rarity, signs, weights, meaning, bias, unknown):
        self.terms, self.signs = terms, signs
        self._terms = {term: number for number, term in enumerate(terms)}
        self._signs = {sign: len(terms) + number for number, sign in enumerate(signs)}
        self._rarity = rarity.astype(np.float32)  # of each term
        self._weights = weights.astype(np.float32)  # of each term, then of each sign
        self._meaning = meaning.astype(np.float32)
        self._bias = bias.astype(np.float32)
        self._unknown = float(unknown)  # the rarity of a word that no labelled report had

    @classmethod
    def from_file(cls, path):
        with np.load(path) as kept:
            return cls(
                terms=str(kept["terms"]).split("\n"),
                signs=str(kept["signs"]).split("\n"),
                **{
                    name: kept[name] for name in ("rarity", "weights", "meaning", "bias", "unknown")
                },
            )

    def read(self, heard, signals):
        """The Reading of a report."""
        return Reading(self, heard, features(heard, signals))

    def known_terms(self, of):
        """(row, value) of the terms of these Features that were learned; values of length 1."""
        found = [
            (row, (1 + math.log(count)) * float(self._rarity[row]))
            for term, count in of.terms.items()
            if (row := self._terms.get(term)) is not None
        ]
        length = math.sqrt(sum(value * value for _, value in found)) or 1.0
        return [(row, value / length) for row, value in found]

    def known_signs(self, of):
        return [
            (row, SIGNS * value)
            for sign, value in of.signs.items()
            if (row := self._signs.get(sign)) is not None
        ]

    def rarity(self, word):
        row = self._terms.get(word)
        return self._unknown if row is None else float(self._rarity[row])


class Reading:
    """What the reader makes of one report: how sure it is of each label, and by which words."""

    def __init__(self, reader, heard, of):
        self._reader, self._heard, self._of = reader, heard, of

    @property
    def text(self):
        return self._heard.text

    @cached_property
    def sure(self):
        """How sure of each label, 0 to 1."""
        reader = self._reader
        known = (*self._terms, *reader.known_signs(self._of))
        rows = np.array([row for row, _ in known], np.intp)
        values = np.array([value for _, value in known], np.float32)
        gave = values[:, None] * reader._weights[rows]
        total = np.concatenate([reader._bias[None], gave]).sum(axis=0)
        if self._near is not None:
            total += self._near.pooled @ reader._meaning
        sure = dict(zip(LABELS, (1 / (1 + np.exp(-total))).tolist(), strict=True))
        # What is immediate is at least a priority.
        for more, less in pairwise(GRADES):
            sure[less] = max(sure[less], sure[more])
        return sure

    @cached_property
    def _terms(self):
        return self._reader.known_terms(self._of)

    @cached_property
    def _near(self):
        return near(self._of.words, self._reader.rarity)

    @cached_property
    def _ends(self):
        """(number of each word's token, the end of the longest quote that may begin there)."""
        text, ends = self.text, {}
        end, sentence = len(text.tokens), None
        for number in reversed(range(len(text.tokens))):
            if text.tokens[number].word == "." or text.sentences[number] != sentence:
                end = number if text.tokens[number].word == "." else number + 1
                sentence = text.sentences[number]
            ends[number] = min(end, number + LONGEST_QUOTE)
        return [(number, ends[number]) for number, _ in self._of.words]

    def quote(self, label):
        """(first, last) token numbers of the words that spoke most for ``label``."""
        gave = self._gave(label)
        most_yet = np.concatenate([[0.0], np.cumsum(np.maximum(gave, 0))]).tolist()
        gave = gave.tolist()
        best, found = 0.0, None
        for start, end in self._ends:
            # Without this word it would say more; or no quote that begins here says as much.
            if gave[start] < 0 or most_yet[end] - most_yet[start] < best - 1e-9:
                continue
            totals = list(accumulate(gave[start:end]))
            if (most := max(totals)) > best:
                best, found = most, (start, start + totals.index(most))
        return found

    @cached_property
    def _spread(self):
        """Where each term stands: its row, its value there, and the tokens that share it."""
        rows, values, numbers, shares = [], [], [], []
        for row, value in self._terms:
            places = self._of.places[self._reader.terms[row]]
            for place in places:
                for number in place:
                    rows.append(row)
                    values.append(value)
                    numbers.append(number)
                    shares.append((len(places), len(place)))
        return np.array(rows, np.intp), np.array(values), numbers, np.array(shares).reshape(-1, 2)

    def _gave(self, label):
        """What each token added to the sum of ``label``, by its number."""
        column, reader = LABELS.index(label), self._reader
        rows, values, numbers, shares = self._spread
        each = values * reader._weights[rows, column] / shares[:, 0] / shares[:, 1]
        # Of no terms at all it counts whole numbers, which take no shares.
        gave = np.bincount(numbers, each, len(self.text.tokens)).astype(float)
        if self._near is not None:
            gave[self._near.numbers] += self._near.shares(reader._meaning[:, column])
        return gave


@dataclass(frozen=True)
class Near:
    """The vectors of a report's words: their mean, and the most and least of each dimension."""

    numbers: list
    vectors: np.ndarray
    weights: np.ndarray  # how much each word counts in the mean; they add up to MEAN
    pooled: np.ndarray

    @cached_property
    def _extremes(self):
        """For the most and the least of each dimension: (whose it is, how much it is)."""
        every = np.arange(DIMENSIONS)
        tops = self.vectors.argmax(0), self.vectors.argmin(0)
        return [(rows, self.vectors[rows, every]) for rows in tops]

    def shares(self, column):
        """What each word added under the weights of one label."""
        mean, *extremes = np.split(column, 3)
        added = (self.vectors @ mean) * self.weights
        for (rows, values), part in zip(self._extremes, extremes, strict=True):
            np.add.at(added, rows, values * part)
        return added


def near(words, rarity):
    """The Near of (token number, word) pairs, or None where no word has a vector."""
    table = word_vectors()
    found = [(number, word, v) for number, word in words if (v := table.of(word)) is not None]
    if not found:
        return None
    vectors = np.array([vector for _, _, vector in found])
    weights = np.array([rarity(word) for _, word, _ in found], np.float32)
    weights *= MEAN / weights.sum()
    pooled = np.concatenate([weights @ vectors, vectors.max(0), vectors.min(0)])
    return Near([number for number, _, _ in found], vectors, weights, pooled)


@dataclass(frozen=True)
class ReadingRules:
    """The policy's ``[reading]``: whose weights, and how sure they must be of what they raise."""

    weights: str  # the name of the file: triage/data/reader_<weights>.npz
    flag_at: dict  # flag to how sure, 0 to 1, before it is raised
    hint_at: float  # how sure before a hint to that flag counts
    immediate_at: float
    priority_at: float
    scheduled_at: float
    # How sure before rules that ask for it may raise the grade so far.
    may_be_immediate_at: float
    may_be_priority_at: float

    @property
    def path(self):
        return FOLDER / f"reader_{self.weights}.npz"

    def judge(self, heard, signals):
        """The Verdict on what was Heard, with the Signals that patterns and answers give."""
        reading = reader(self.weights).read(heard, signals)
        sure, raises, named = reading.sure, [], []
        heard_of = {hit.raises for hit in heard.hits}  # already told, in the caller's words
        for name, label in FLAGS.items():
            if sure[name] >= self.flag_at[name] and name not in heard_of:
                kept = named if name in COULD_LOWER else raises
                say = f"Reads like {_lower(label)}"
                kept.append(_told(reading, name, say, reading.quote(name)))
        urgent = [
            (name, label, say)
            for name, label, at_least, say in (
                ("reads_immediate", "grade 1", self.immediate_at, "Reads as immediate"),
                ("reads_priority", "grade 2", self.priority_at, "Reads as urgent"),
                ("reads_scheduled", "grade 3", self.scheduled_at, "Reads as work for an officer"),
            )
            if sure[label] >= at_least
        ]
        # The same words make it urgent and more urgent: they are looked for once.
        place = reading.quote(urgent[0][1]) if urgent else None
        raises += [_told(reading, name, say, place) for name, _, say in urgent]
        if sure["grade 1"] >= self.may_be_immediate_at:
            raises.append(("may_be_immediate", "", ()))
        if sure["grade 2"] >= self.may_be_priority_at:
            raises.append(("may_be_priority", "", ()))
        likely = {name for name in FLAGS if sure[name] >= self.hint_at}
        # What is no flag is a step on the way to one: its hints always count.
        likely.update(hit.raises for hit in heard.hits if hit.raises not in FLAGS)
        return Verdict(tuple(raises), tuple(named), frozenset(likely))


def _told(reading, name, say, place):
    """(signal, why, hits) of something that the reader raises, in the caller's own words."""
    if place is None:
        return name, say, ()
    first, last = place
    text = reading.text
    words, tokens = text.quote(first, last), text.tokens
    hit = Hit(name, say, tokens[first].start, tokens[last].end, words, RECENT, {})
    return name, f"{say}: “{words}”", (hit,)


def _lower(label):
    return label[:1].lower() + label[1:]


@lru_cache(maxsize=4)
def reader(name):
    """The Reader of that name, read once. Raises FileNotFoundError."""
    return Reader.from_file(FOLDER / f"reader_{name}.npz")
