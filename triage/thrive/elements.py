"""The six elements: each with a level from 0 to 3 and the sentences it rests on."""

from .conditions import facts
from .result import Element
from .vocabulary import ELEMENTS

QUIET = {
    "threat": "Nothing heard so far of a threat to anybody.",
    "harm": "Nothing heard so far of anybody being hurt.",
    "risk": "Nothing heard so far that makes further harm likely before help comes.",
    "investigation": "No line of enquiry or evidence heard so far.",
    "vulnerability": "Nothing heard so far that makes anybody less able to protect themselves.",
    "engagement": "No particular need for how to stay in touch heard so far.",
}


def elements(signals, policy):
    """Element name to Element, by what each signal says of it and by the policy's levels."""
    said = {name: [] for name in ELEMENTS}
    for signal in signals.values():
        for element, (level, because) in signal.elements.items():
            said[element].append((level, because))
    known = facts(signals)
    for rule in policy.levels:
        if rule.when.met(known):
            for element, level in rule.elements.items():
                said[element].append((level, rule.say))
    return {
        name: Element(
            max((level for level, _ in rows), default=0),
            tuple(dict.fromkeys(_sentence(b) for _, b in sorted(rows, key=lambda r: -r[0]) if b))
            or (QUIET[name],),
        )
        for name, rows in said.items()
    }


def _sentence(text):
    return text if text.endswith((".", "”", "?", "!")) else text + "."
