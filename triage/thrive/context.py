"""What stands around a cue: is it denied, long past, or about somebody who has died?"""

from .conditions import NOW, PAST, RANK, RECENT
from .patterns import NEGATORS
from .text import CLAUSE_ENDS, SENTENCE_ENDS

REACH = 6  # words that a "not" reaches forward in its clause
FAR = 16  # words over which a date speaks for a cue in the same sentence

# After these a "not" earlier in the clause no longer speaks: somebody new acts.
_FRESH_START = frozenset(
    "because so until then when while where after before if since he she they".split()
)
# "no knives and guns" is one denial; "no job and has a knife" is not.
_NEW_DEED = frozenset("has had have is was are got then now just keeps kept said went came".split())
_YES = frozenset("yes yeah yep yh ye aye".split())
_NO = frozenset("no nope nah none not never nothing".split())


class Context:
    """Marks of one text, found once."""

    def __init__(self, text, policy):
        self.text = text
        self._harmless, self._marks = set(), []
        self._dead_sentences, self._unreal_sentences = set(), set()
        for place in policy.listening.places(text):
            first, last, kind = place.first, place.last, place.owner
            if kind == "idioms":
                continue
            if kind == "not_negating":
                self._harmless.update(range(first, last + 1))
            elif kind == "deceased":
                self._dead_sentences.add(text.sentences[first])
            elif kind == "not_real":
                self._unreal_sentences.add(text.sentences[first])
            elif not self._denied_mark(first):
                self._marks.append((first, last, RANK[kind]))

    def _denied_mark(self, first):
        words = self.text.tokens
        return first > 0 and words[first - 1].word == "not"

    def _is_negator(self, i):
        return self.text.tokens[i].word in NEGATORS and i not in self._harmless

    def negated(self, first, last, pattern):
        """The token that denies this cue, or None."""
        tokens = self.text.tokens
        if not pattern.negates:
            for i in range(first, last + 1):
                if self._is_negator(i):
                    return i
        answered = self._answered_question(last)
        if answered is not None:
            word = tokens[answered].word
            return answered if word in _NO else None
        steps, i, list_words = 0, first - 1, 0
        while i >= 0 and steps < REACH:
            word = tokens[i].word
            if word in SENTENCE_ENDS:
                return None
            if word in CLAUSE_ENDS:
                # "no knives, threats or injuries": a list carries its "no" over the commas.
                if word != "," or list_words > 4 or not self._is_list(i + 1, first):
                    return None
                list_words = 0
            elif self._is_negator(i):
                return None if self._closed(i, first) else i
            else:
                list_words += 1
            steps += 1
            i -= 1
        return None

    def _is_list(self, start, end):
        return not any(
            self.text.tokens[i].word in _FRESH_START or self.text.tokens[i].word in ("i", "it")
            for i in range(start, end)
        )

    def _closed(self, negator, first):
        """True when something between the "not" and the cue starts afresh."""
        tokens = self.text.tokens
        for i in range(negator + 1, first):
            if tokens[i].word in _FRESH_START:
                # "he did not hit or kick", "not because he hit me"
                if tokens[i].word in ("he", "she", "they") and i == negator + 1:
                    continue
                return True
            if tokens[i].word == "and" and tokens[i + 1].word in _NEW_DEED:
                return True
        return False

    def _answered_question(self, last):
        """After "any weapons? no": the token that answers, when the sentence was a question."""
        tokens = self.text.tokens
        i = last + 1
        while i < len(tokens) and i - last <= 8:
            if tokens[i].word == ".":
                return None
            if tokens[i].word == "?":
                for j in range(i + 1, min(i + 4, len(tokens))):
                    if tokens[j].word in _YES or tokens[j].word in _NO:
                        return j
                return None
            i += 1
        return None

    def time(self, first, last):
        """NOW, RECENT or PAST by the nearest date in the same sentence; None when there is none."""
        text = self.text
        best, nearest = None, FAR + 1
        for start, end, rank in self._marks:
            if text.sentences[start] != text.sentences[first]:
                continue
            distance = max(0, start - last, first - end)
            if text.clauses[start] != text.clauses[first]:
                distance += 3
            if distance < nearest or (distance == nearest and best is not None and rank > best):
                best, nearest = rank, distance
        return best

    def about_the_dead(self, first):
        return self.text.sentences[first] in self._dead_sentences

    def not_real(self, first):
        return self.text.sentences[first] in self._unreal_sentences


__all__ = ["NOW", "PAST", "RECENT", "Context"]
