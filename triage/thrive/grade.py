"""The grade: where a report starts, and the floors that raise it.

Floors only raise. A report that nothing speaks for starts where the policy's first holding start
puts it; the last start of a policy holds always.
"""

from dataclasses import dataclass

from .vocabulary import FLAGS


@dataclass(frozen=True)
class Graded:
    grade: int
    because: tuple[str, ...]
    rests_on: tuple[str, ...]
    doubts: tuple[str, ...]


def grade(signals, policy):
    """Grade by the policy's starts and floors. Returns Graded."""
    level, because, doubts = 3, [], []
    for start in policy.starts:
        if start.when.holds(signals):
            level = start.grade
            because.append(_line("start", start, signals))
            if start.doubt:
                doubts.append(start.say)
            break
    fired = [floor for floor in policy.floors if floor.when.holds(signals)]
    for floor in sorted(fired, key=lambda floor: -floor.grade):
        if floor.grade < level:
            level = floor.grade
            because.append(_line("floor", floor, signals))
            if floor.doubt:
                doubts.append(floor.say)
        elif floor.grade == level and because and not because[-1].startswith("start"):
            because.append(_line("also", floor, signals))
    holding = [floor for floor in fired if floor.grade == level]
    rests_on = {name for floor in holding for name in floor.when.used(signals) if name in FLAGS}
    return Graded(level, tuple(because), tuple(sorted(rests_on)), tuple(dict.fromkeys(doubts)))


def _line(kind, rule, signals):
    said = rule.when.said(signals) or "any report"
    return f"{kind}: {said} → {rule.grade} ({rule.say})"
