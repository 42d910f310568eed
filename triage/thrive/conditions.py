"""Conditions of the policy's rules over what was heard.

["a", "b"]           a and b
["a", ["b", "c"]]    a and (b or c)
["!a"]               not a
["a:now"]            a, happening now
["a:recent"]         a, now or not long ago
["a:past"]           a, and only long ago
"""

NOW, RECENT, PAST = 2, 1, 0
RANK = {"now": NOW, "recent": RECENT, "past": PAST}


class ConditionError(ValueError):
    """The condition cannot be read."""


class Condition:
    """Read once, asked often: ``condition.holds(signals)`` with name to signal."""

    def __init__(self, when):
        if not isinstance(when, list):
            raise ConditionError("“when” must be a list")
        self._all = tuple(
            tuple(_term(t) for t in (group if isinstance(group, list) else [group]))
            for group in when
        )

    def names(self):
        return {name for group in self._all for _, name, _ in group}

    def holds(self, signals):
        return all(any(_is_so(term, signals) for term in group) for group in self._all)

    def used(self, signals):
        """The names of the signals that made the condition hold, in order."""
        names = []
        for group in self._all:
            for term in group:
                yes, name, _ = term
                if yes and _is_so(term, signals) and name not in names:
                    names.append(name)
        return names

    def said(self, signals):
        """The condition in words, as far as it held: "threats_to_kill now + weapon"."""
        words = {NOW: " now", RECENT: "", PAST: " long past"}
        return " + ".join(name + words[signals[name].time] for name in self.used(signals))


def _term(text):
    if not isinstance(text, str) or not text:
        raise ConditionError(f"{text!r} is not a condition")
    yes = not text.startswith("!")
    name, _, time = text.removeprefix("!").partition(":")
    if time and time not in RANK:
        raise ConditionError(f"“{text}”: after the colon stands now, recent or past")
    return yes, name, time


def _is_so(term, signals):
    yes, name, time = term
    signal = signals.get(name)
    if signal is None:
        return not yes
    if time == "now":
        held = signal.time == NOW
    elif time == "recent":
        held = signal.time >= RECENT
    elif time == "past":
        held = signal.time == PAST
    else:
        held = True
    return held == yes
