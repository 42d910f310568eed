"""The grade: where a report starts, and the floors that raise it.

Floors only raise. A report that nothing speaks for starts where the policy's first holding start
puts it; the last start of a policy holds always.
"""

from dataclasses import dataclass

from .conditions import facts
from .vocabulary import FLAGS

UNLESS_SAID = 3  # where no start holds
READ = frozenset({"reads_immediate", "reads_priority", "reads_scheduled"})


@dataclass(frozen=True)
class Graded:
    grade: int
    because: tuple[str, ...]
    rests_on: tuple[str, ...]
    doubts: tuple[str, ...]


def grade(signals, policy):
    """Grade by the policy's starts and floors. Returns Graded."""
    level, because, doubts = UNLESS_SAID, [], []
    known = facts(signals)
    for start in policy.starts:
        if start.when.met(known):
            level = start.grade
            because.append(_line("start", start, signals))
            if start.doubt:
                doubts.append(start.say)
            break
    fired = [floor for floor in policy.floors if floor.when.met(known)]
    for floor in sorted(fired, key=lambda floor: -floor.grade):
        if floor.grade < level:
            level = floor.grade
            because.append(_line("floor", floor, signals))
            if floor.doubt:
                doubts.append(floor.say)
        elif floor.grade == level and because and not because[-1].startswith("start"):
            because.append(_line("also", floor, signals))
    holding = [floor for floor in fired if floor.grade == level]
    rests_on = {name for floor in holding for name in floor.when.used(known) if name in FLAGS}
    return Graded(level, tuple(because), tuple(sorted(rests_on)), tuple(dict.fromkeys(doubts)))


def level(known, policy):
    """The grade alone, of these facts."""
    start = next((s.grade for s in policy.starts if s.when.met(known)), UNLESS_SAID)
    for floor in policy.floors_by_grade:
        if floor.grade >= start:
            break
        if floor.when.met(known):
            return floor.grade
    return start


def _line(kind, rule, signals):
    said = rule.when.said(signals) or "any report"
    say = rule.say
    for name in rule.when.used(facts(signals)):
        # What a whole report reads like is shown nowhere else: here in the caller's words.
        if name in READ and signals[name].hits:
            say += f": “{signals[name].hits[0].text}”"
    return f"{kind}: {said} → {rule.grade} ({say})"
