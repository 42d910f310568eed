"""What to ask next: the questions whose answer could change the grade, most decisive first.

Each open question is tried: with each of its answers the report is graded again, and the question
stands the higher the more an answer could change. Where no answer alone opens the way to video but
several together do, each of those is asked too: a smartphone is of no use without data, and the
other way about. Nothing is guessed about which answer is likely.
"""

import re
from dataclasses import dataclass

from .conditions import facts, facts_of
from .grade import level
from .result import Question
from .signals import apply_links
from .video import against

MOST = 6  # more than a handler can take in while somebody talks


def ask_next(report, policy, signals, graded, offered, without=()):
    """The open questions as a tuple of Question, most decisive first.

    ``signals`` are those of the report, ``graded`` and ``offered`` what was decided by them, and
    the names in ``without`` are never raised.
    """
    found = []
    given = {**(report.history or {}), **report.structured}
    trial = _Trial(policy, signals, graded.grade, without, given)
    tried = [
        (rule, [trial.outcome((rule.key, option["value"])) for option in rule.options])
        for rule in policy.questions
        if given.get(rule.key) is None and rule.when.met(trial.facts)
    ]
    together = () if offered else _opening_together(tried, trial)
    for rule, outcomes in tried:
        most_urgent = min(outcome.grade for outcome in outcomes)
        rises = graded.grade - most_urgent
        spread = len({outcome.grade for outcome in outcomes}) - 1
        turns = any(outcome.offered != offered for outcome in outcomes)
        if not (rises or spread or turns or rule.order in together or rule.always):
            continue
        changes = []
        if rises > 0:
            changes.append(f"could raise the grade to {most_urgent}")
        if turns:
            changes.append("could settle video" if offered else "could open the way to video")
        elif rule.order in together:
            changes.append("could open the way to video together with other answers")
        question = Question(
            rule.key,
            rule.text,
            rule.why,
            tuple({"value": o["value"], "label": o["label"]} for o in rule.options),
            " and ".join(changes),
        )
        weight = 2 if turns else rule.order in together
        found.append(((-rises, -spread, -weight, rule.order), question))
    found.sort(key=lambda pair: pair[0])
    return tuple(question for _, question in found[:MOST])


_YES = frozenset("yes yeah yep yh ye aye".split())
_NO = frozenset("no nope nah never none nobody".split())


def worse_answers(report, policy, signals, grade):
    """The answers that were said and not chosen: "Yes, twice" below a question says yes to it.

    {key: value} of those that ask for no less care than without them: nothing that makes a report
    less urgent or opens the way to video follows from words alone. A plain no counts only where it
    makes the report more urgent.
    """
    given = {**(report.history or {}), **report.structured}
    trial, found = _Trial(policy, signals, grade, (), given), {}
    for rule in policy.questions:
        first = _FIRST_WORD.match(report.said.get(rule.key) or "")
        if first is None or given.get(rule.key) is not None:
            continue
        word = first[1].lower()
        wanted = (True, "yes") if word in _YES else (False, "no") if word in _NO else ()
        for option in rule.options:
            if option["value"] not in wanted:
                continue
            outcome = trial.outcome((rule.key, option["value"]))
            as_careful = outcome.grade <= grade and outcome.against >= trial.stands.against
            if as_careful and (word in _YES or outcome.grade < grade):
                found[rule.key] = option["value"]
    return found


_FIRST_WORD = re.compile(r"\W*(\w+)")


def _opening_together(tried, trial):
    """The order of each question that has to be answered before video may be offered.

    Of those ``tried``; none where even all of their answers do not open the way.
    """
    helping = {}
    for rule, outcomes in tried:
        # An answer helps that takes away something against video and brings nothing new.
        helps = [
            (len(outcome.against), number)
            for number, outcome in enumerate(outcomes)
            if outcome.grade == 3 and outcome.against < trial.stands.against
        ]
        if helps:
            _, number = min(helps)
            helping[rule.order] = (rule.key, rule.options[number]["value"])
    if not trial.outcome(*helping.values()).offered:
        return ()
    for order in list(helping):
        others = [answer for other, answer in helping.items() if other != order]
        if trial.outcome(*others).offered:
            del helping[order]
    return tuple(helping)


@dataclass(frozen=True)
class _Outcome:
    grade: int
    against: frozenset  # numbers of the policy's rules on video

    @property
    def offered(self):
        return self.grade == 3 and not self.against


class _Trial:
    """Tries answers on one report: only what they add is worked out, not the whole report."""

    def __init__(self, policy, signals, grade, without, given):
        self.facts = facts(signals)
        self.stands = _Outcome(grade, against(self.facts, policy))
        self._policy, self._without = policy, without
        self._known = signals.unlinked
        # Most links ask for what was neither heard nor can be answered: they are tried no more.
        reachable = self._known.facts | policy.linked_facts
        for rule in policy.questions:
            if given.get(rule.key) is None:
                for option in rule.options:
                    for name, time in policy.raised_by(rule.key, option["value"]):
                        reachable.update(facts_of(name, time))
        self._links = [link for link in policy.links if link.when.may_be_met(reachable)]
        self._outcomes = {frozenset(): self.stands}

    def outcome(self, *answers):
        """The _Outcome if these questions were answered so: pairs of key and value."""
        # Many answers add the same, and what no rule asks for changes nothing.
        news = frozenset(
            (name, time)
            for key, value in answers
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

        apply_links(self._links, known, follow)
        return _Outcome(level(known.facts, self._policy), against(known.facts, self._policy))
