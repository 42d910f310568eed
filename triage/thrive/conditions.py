"""Conditions of the policy's rules over what was heard.

["a", "b"]           a and b
["a", ["b", "c"]]    a and (b or c)
["!a"]               not a
["a:now"]            a, happening now
["a:recent"]         a, now or not long ago
["a:past"]           a, and only long ago

They are asked of *facts*: a set that holds for each signal its name and what can be said of its
time, such as {"weapon", "weapon:now", "weapon:recent"}.
"""

from functools import lru_cache

NOW, RECENT, PAST = 2, 1, 0
RANK = {"now": NOW, "recent": RECENT, "past": PAST}
_SAID = {NOW: ("now", "recent"), RECENT: ("recent",), PAST: ("past",)}


class ConditionError(ValueError):
    """The condition cannot be read."""


@lru_cache(maxsize=10_000)
def facts_of(name, time):
    """What a signal of that name and time makes so."""
    return (name, *(f"{name}:{said}" for said in _SAID[time]))


def facts(signals):
    """The facts that these signals, by name, make so."""
    return {fact for name, signal in signals.items() for fact in facts_of(name, signal.time)}


class Known:
    """Names and times of signals without their reasons, and the facts that they make so."""

    def __init__(self):
        self.times, self.facts = {}, set()

    def copy(self):
        other = Known()
        other.times, other.facts = self.times.copy(), self.facts.copy()
        return other

    def is_news(self, name, time):
        """Whether it is not known yet, or of a time further from now."""
        return time > self.times.get(name, -1)

    def learn(self, name, time):
        """Take it that ``name`` is so; of several times the latest stands."""
        if self.is_news(name, time):
            self.times[name] = time
            if time > PAST:
                self.facts.discard(f"{name}:past")
            self.facts.update(facts_of(name, time))


class Condition:
    """Read once, asked often: ``condition.met(facts)``."""

    def __init__(self, when):
        if not isinstance(when, list):
            raise ConditionError("“when” must be a list")
        self._all = tuple(
            tuple(_term(t) for t in (group if isinstance(group, list) else [group]))
            for group in when
        )
        # Most conditions fall at a fact that must or must not be so: those are asked first.
        alone = [group[0] for group in self._all if len(group) == 1]
        self._must = frozenset(fact for yes, _, fact in alone if yes)
        self._must_not = frozenset(fact for yes, _, fact in alone if not yes)
        self._either = tuple(
            (
                frozenset(fact for yes, _, fact in group if yes),
                frozenset(fact for yes, _, fact in group if not yes),
            )
            for group in self._all
            if len(group) != 1
        )

    def names(self):
        return {name for group in self._all for _, name, _ in group}

    def may_be_met(self, facts):
        """Whether the condition may hold where no more than these facts can come to be."""
        return self._must <= facts

    def met(self, facts):
        """Whether the condition holds, given all facts."""
        if not (self._must <= facts and self._must_not.isdisjoint(facts)):
            return False
        for so, not_so in self._either:  # noqa: SIM110 a generator costs more than what it asks
            if so.isdisjoint(facts) and not_so <= facts:
                return False
        return True

    def used(self, facts):
        """The names of the signals that made the condition hold, in order."""
        names = []
        for group in self._all:
            for yes, name, fact in group:
                if yes and fact in facts and name not in names:
                    names.append(name)
        return names

    def said(self, signals):
        """The condition in words, as far as it held: "threats_to_kill now + weapon"."""
        words = {NOW: " now", RECENT: "", PAST: " long past"}
        used = self.used(facts(signals))
        return " + ".join(name + words[signals[name].time] for name in used)


def _term(text):
    """(whether it is to be so, name of the signal, fact)."""
    if not isinstance(text, str) or not text:
        raise ConditionError(f"{text!r} is not a condition")
    yes = not text.startswith("!")
    name, _, time = text.removeprefix("!").partition(":")
    if time and time not in RANK:
        raise ConditionError(f"“{text}”: after the colon stands now, recent or past")
    return yes, name, f"{name}:{time}" if time else name
