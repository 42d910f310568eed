"""Misspellings of the words that matter.

Only words that the policy listens for are ever put in the place of what was typed, and only when
one slip (two in a long word) separates them. A word the policy knows, or that is listed as a
word in its own right, stays as it is.
"""

from functools import lru_cache

SHORTEST = 6  # one slip is forgiven from this length
LONG = 10  # two slips are forgiven from this length


class Spelling:
    """Answers with the word that was meant: ``Spelling(words, known)("stalkng") == "stalking"``."""

    def __init__(self, words, guesses, known):
        """``guesses`` are listened for too, but a word is preferred to a guess as near."""
        self._known = frozenset(words) | frozenset(guesses) | frozenset(known)
        self._guesses = frozenset(guesses - words)
        self._by_deletion = {}
        for word in [*sorted(words), *sorted(self._guesses)]:
            if len(word) >= SHORTEST and word.isalpha():
                for form in _deletions(word, 2 if len(word) >= LONG else 1):
                    self._by_deletion.setdefault(form, []).append(word)
        self._meant = lru_cache(maxsize=20_000)(self._find)

    def __call__(self, word):
        if len(word) < SHORTEST - 1 or word in self._known or not word.isalpha():
            return word
        return self._meant(word)

    def _find(self, word):
        # A known word with a plain ending is not a slip: "knives", "phones", "walks".
        for ending in ("s", "es", "ed", "d", "ing", "ly", "er", "ers"):
            if word.endswith(ending) and word[: -len(ending)] in self._known:
                return word
        best, nearest = word, (3,)
        # The forms come in another order in every process: the rank has to settle every tie.
        for form in _deletions(word, 2 if len(word) >= LONG - 1 else 1):
            for candidate in self._by_deletion.get(form, ()):
                allowed = 2 if len(candidate) >= LONG else 1
                if candidate[0] != word[0]:
                    continue
                slips = _slips(word, candidate)
                # Of two as near: a word before a guess, the same letters before others, a letter
                # left out before one changed.
                rank = (
                    slips,
                    candidate in self._guesses,
                    sorted(word) != sorted(candidate),
                    len(candidate) <= len(word),
                    candidate,
                )
                if slips <= allowed and rank < nearest:
                    best, nearest = candidate, rank
        return best


def _deletions(word, depth):
    forms, edge = {word}, {word}
    for _ in range(depth):
        edge = {form[:i] + form[i + 1 :] for form in edge for i in range(len(form))}
        forms |= edge
    return forms


def _slips(a, b):
    """Letters added, left out, changed or swapped with their neighbour between two words."""
    before, above = None, list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (x != y))
            if before and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, above = above, row
    return above[-1]
