"""What to ask next: the questions whose answer could change the grade, most decisive first.

Each open question is tried: with each of its answers the report is graded again, and the question
stands the higher the more an answer could change. Nothing is guessed about which answer is likely.
"""

from dataclasses import replace

from .grade import grade
from .result import Question
from .signals import gather
from .video import video

MOST = 6  # more than a handler can take in while somebody talks


def ask_next(heard, report, policy, signals, graded, offered, without=()):
    """The open questions as a tuple of Question, most decisive first."""
    found = []
    known = {**(report.history or {}), **report.structured}
    for rule in policy.questions:
        if known.get(rule.key) is not None or not rule.when.holds(signals):
            continue
        outcomes = [
            _outcome(heard, report, policy, rule, option, without) for option in rule.options
        ]
        most_urgent = min(g for g, _ in outcomes)
        rises = graded.grade - most_urgent
        spread = len({g for g, _ in outcomes}) - 1
        video_turns = len({v for _, v in outcomes} | {offered}) - 1
        if not (rises or spread or video_turns or rule.always):
            continue
        changes = []
        if rises > 0:
            changes.append(f"could raise the grade to {most_urgent}")
        if any(v != offered for _, v in outcomes):
            changes.append("could settle video" if offered else "could open the way to video")
        question = Question(
            rule.key,
            rule.text,
            rule.why,
            tuple({"value": o["value"], "label": o["label"]} for o in rule.options),
            " and ".join(changes),
        )
        found.append(((-rises, -spread, -video_turns, rule.order), question))
    found.sort(key=lambda pair: pair[0])
    return tuple(question for _, question in found[:MOST])


def _outcome(heard, report, policy, rule, option, without):
    answered = replace(report, structured={**report.structured, rule.key: option["value"]})
    signals = gather(heard, answered, policy, without=without)
    given = grade(signals, policy)
    return given.grade, video(signals, given.grade, policy).offer
