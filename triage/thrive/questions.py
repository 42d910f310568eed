"""What to ask next: the questions whose answer could change the grade, most decisive first.

Each open question is tried: with each of its answers the report is graded again, and the question
stands the higher the more an answer could change. Nothing is guessed about which answer is likely.
"""

from .conditions import facts
from .grade import level
from .result import Question
from .signals import apply_links
from .video import is_offered

MOST = 6  # more than a handler can take in while somebody talks


def ask_next(report, policy, signals, graded, offered, without=()):
    """The open questions as a tuple of Question, most decisive first.

    ``signals`` are those of the report, ``graded`` and ``offered`` what was decided by them, and
    the names in ``without`` are never raised.
    """
    found = []
    given = {**(report.history or {}), **report.structured}
    trial = _Trial(policy, signals, (graded.grade, offered), without)
    for rule in policy.questions:
        if given.get(rule.key) is not None or not rule.when.met(trial.facts):
            continue
        outcomes = [trial.outcome(rule.key, option["value"]) for option in rule.options]
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


class _Trial:
    """Tries answers on one report: only what they add is worked out, not the whole report."""

    def __init__(self, policy, signals, stands, without):
        self.facts = facts(signals)
        self._policy, self._without = policy, without
        self._known = signals.unlinked
        self._outcomes = {frozenset(): stands}

    def outcome(self, key, value):
        """(grade, whether video may be offered) if ``key`` were answered with ``value``."""
        # Many answers add the same, and what no rule asks for changes nothing.
        news = frozenset(
            (name, time)
            for name, time in self._policy.raised_by(key, value)
            if name not in self._without and self._known.is_news(name, time)
        )
        if news not in self._outcomes:
            self._outcomes[news] = self._work_out(news)
        return self._outcomes[news]

    def _work_out(self, news):
        known = self._known.copy()
        for name, time in news:
            known.learn(name, time)

        def follow(link, time, used):
            if link.raises not in self._without:
                known.learn(link.raises, time)

        apply_links(self._policy, known, follow)
        grade = level(known.facts, self._policy)
        return grade, is_offered(known.facts, grade, self._policy)
