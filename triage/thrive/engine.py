"""From one report to one result, in the order a person would follow it."""

from dataclasses import replace

from .conditions import RECENT, facts
from .elements import elements
from .grade import grade
from .questions import ask_next, worse_answers
from .result import Flag, Result, SetAsideWords, Span
from .signals import gather, listen
from .video import video
from .vocabulary import FLAGS

LONGEST = 20_000  # characters that are read; a longer narrative says so among the doubts

# Answers that say a thing is not so, and the signal that says it is.
_DENIALS = (
    ("offender_present", False, "offender_present", "the suspect is not there"),
    ("offender_nearby", False, "offender_present", "the suspect is not near"),
    ("weapon", False, "weapon_involved", "there is no weapon"),
    ("safe_to_talk", True, "unable_to_speak_freely", "it is safe to talk"),
    ("injuries", "none", "serious_injury", "nobody is hurt"),
    ("children_present", False, "child_in_household", "there are no children"),
)


def assess(report, policy, questions=True, dismissed=frozenset()):
    """Assess one Report by one Policy. Returns a Result; writes nothing, asks nobody.

    ``questions=False`` leaves ``ask_next`` empty, for assessing many reports in a row.
    ``dismissed`` names flags that a person says are not so: neither they nor what follows from
    them alone raises a floor or stands against video. ``because`` and ``dismissed`` name them.
    """
    return Hearing(report, policy).assess(questions, dismissed)


class Hearing:
    """One Report listened to once by one Policy, to be assessed several times."""

    def __init__(self, report, policy):
        self.report, self.policy = report, policy
        self.heard = listen(report.words[:LONGEST], policy)
        if report.said:
            # Somebody asked: an answer is no remark in passing, so nothing in it is a mere hint.
            self.heard.hits = [
                replace(hit, hint=hit.hint and hit.start < len(report.narrative))
                for hit in self.heard.hits
            ]
        # The report with what was said in answer to a question, where nobody has put it as one.
        self.answered = report
        self.raised = self._gather()
        if report.said:
            signals = self.raised
            graded = grade(signals, policy)
            more = worse_answers(report, policy, signals, graded.grade)
            if more:
                self.answered = replace(report, structured={**report.structured, **more})
                self.raised = self._gather()

    def _gather(self, without=()):
        heard, report, policy = self.heard, self.answered, self.policy
        if policy.reading is None or not heard.is_enough_to_read:
            return gather(heard, report, policy, without)
        verdict = policy.reading.judge(heard, gather(heard, report, policy, without))
        return gather(heard, report, policy, without, verdict)

    def assess(self, questions=True, dismissed=frozenset()):
        """The Result, as ``assess`` gives it."""
        report, policy, raised = self.report, self.policy, self.raised
        signals = raised
        if not raised.keys().isdisjoint(dismissed):
            signals = self._gather(without=dismissed)
        graded = grade(signals, policy)
        offered = video(signals, graded.grade, policy)
        asked = ()
        if questions:
            asked = ask_next(report, policy, signals, graded, offered.offer, dismissed)
        return Result(
            policy_version=policy.version,
            grade=graded.grade,
            because=graded.because + _left_out(raised, signals, dismissed),
            rests_on=graded.rests_on,
            flags=_flags(signals, graded.grade, dismissed),
            elements=elements(signals, policy),
            video_offer=offered.offer,
            video_reasons=offered.reasons,
            video_needs=offered.needs,
            ask_next=asked,
            doubts=_doubts(report, policy, signals, graded),
            set_aside=tuple(
                SetAsideWords(s.raises, Span(s.start, s.end, s.text), s.why)
                for s in self.heard.set_aside
            ),
            dismissed=tuple(
                _flag(raised[name]) for name in FLAGS if name in raised and name in dismissed
            ),
        )


def _flags(signals, grade, dismissed):
    """The flags raised, and those that are only named: no rule hears of them."""
    named = {
        signal.name: signal
        for signal in signals.named
        if signal.name not in dismissed and (signal.name != "not_police_matter" or grade == 4)
    }
    found = {**named, **signals}
    return tuple(_flag(found[name]) for name in FLAGS if name in found)


def _left_out(raised, signals, dismissed):
    """A line for each dismissed flag, and one for each other that went with them."""
    gone = [name for name in FLAGS if name in raised and name not in signals]
    return tuple(
        f"dismissed: {name} ({FLAGS[name]})"
        if name in dismissed
        else f"dismissed with it: {name} ({FLAGS[name]})"
        for name in sorted(gone, key=lambda name: name not in dismissed)
    )


def _flag(signal):
    spans = {(hit.start, hit.end): Span(hit.start, hit.end, hit.text) for hit in signal.hits}
    return Flag(
        signal.name,
        FLAGS[signal.name],
        tuple(spans[place] for place in sorted(spans)),
        tuple(signal.because),
    )


def _doubts(report, policy, signals, graded):
    doubts = list(graded.doubts)
    for key, value, name, said in _DENIALS:
        signal = signals.get(name)
        given = report.structured.get(key)
        if signal and signal.hits and type(given) is type(value) and given == value:
            words = signal.hits[0].text
            if signal.time >= RECENT:
                doubts.append(
                    f"The answer given is that {said}, but the caller's words are “{words}”."
                    " The words were followed: ask again."
                )
    known = facts(signals)
    for rule in policy.doubts:
        if rule.when.met(known):
            doubts.append(rule.say)
    if len(report.words) > LONGEST:
        doubts.append(f"Only the first {LONGEST:,} characters were read. Read the rest yourself.")
    return tuple(dict.fromkeys(doubts))
