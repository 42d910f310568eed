"""The THRIVE panel beside the words: what the engine says of them, as people read it."""

import re
from dataclasses import asdict, dataclass

from triage import assessing, permissions, thrive
from triage.forms import REFUSED
from triage.marking import marked

# Levels as dots and a word, what video needs as a word: drawn with each pause in typing.
LEVELS = (("○○○", "none"), ("●○○", "low"), ("●●○", "medium"), ("●●●", "high"))
STATES = {"for": "Yes", "against": "No", "ask": "Ask"}


@dataclass(frozen=True)
class RaisedFlag:
    """One flag of the panel, with the fields that dismiss it."""

    flag: thrive.Flag
    decides: bool
    is_ticked: bool
    is_dismissed: bool
    refusal: str  # why this person may not dismiss it; empty where they may
    why: object  # bound field

    @property
    def errors(self):
        return self.why.errors

    @property
    def reason(self):
        """What was typed so far."""
        return self.why.value() or ""

    @property
    def counts(self):
        """Whether it still counts only because there is no reason yet."""
        return not (self.is_dismissed or self.refusal or self.errors)


def scored(form, known, policy, by):
    """Everything that the panel shows by the Policy row ``policy``, as it stands for ``by``.

    A dismissal counts once it has its reason, and only where ``by`` may dismiss that flag.
    """
    scorer = assessing.Scorer(known, policy=policy)
    wanted = form.dismissals
    explained = {name for name, reason in wanted.items() if reason}
    refused = set()
    if explained:
        try:
            permissions.check_can_dismiss(by, scorer.weighty(explained))
        except permissions.MayNotDismiss as may_not:
            refused = set(may_not.flags)
    result = scorer.score(dismissed=explained - refused)
    force = getattr(form, "chosen_force", form.force)
    return {
        "result": result,
        "grade_label": force.grade_label(result.grade),
        "flags": [
            RaisedFlag(
                flag=flag,
                decides=flag.name in result.rests_on,
                is_ticked=flag.name in wanted,
                is_dismissed=flag in result.dismissed,
                refusal=REFUSED % flag.label if flag.name in refused else "",
                why=form[f"dismiss_why_{flag.name}"],
            )
            for flag in _in_order(result)
        ],
        "not_dismissed": {
            "unexplained": [f.name for f in result.flags if wanted.get(f.name) == ""],
            "refused": sorted(refused),
        },
        "rules": rules(result.because, result.grade),
        "pieces": marked(known.narrative, [asdict(flag) for flag in result.flags]),
        "elements": [
            (label, element.level, *LEVELS[element.level], " · ".join(element.rationale))
            for label, element in (
                (label, result.elements[name]) for name, label in thrive.ELEMENTS.items()
            )
        ],
        "needs": [
            (need.state, STATES[need.state], need.label, " · ".join(need.because))
            for need in result.video_needs
        ],
        "questions": [_asked(form, question) for question in result.ask_next],
    }


def _in_order(result):
    """The flags raised and those dismissed, where they always stand: none jumps away."""
    places = list(thrive.FLAGS)
    return sorted((*result.flags, *result.dismissed), key=lambda flag: places.index(flag.name))


_RULE = re.compile(r"^(start|floor|also): (?:(?P<seen>.*?) )?→ (?P<grade>\d) \((?P<say>.*)\)$")
_LEFT_OUT = re.compile(r"^(dismissed(?: with it)?): \w+ \((.*)\)$")
_RULE_WORDS = {"start": "Starts at", "floor": "Raised to", "also": "Also asks for"}


def _rule(line):
    """A line of ``because`` as (what the rule did, grade, why); whole if it reads otherwise."""
    found = _RULE.match(line)
    if not found:
        return "", "", _LEFT_OUT.sub(r"\1: \2", line)
    return _RULE_WORDS[found[1]], found["grade"], found["say"]


@dataclass(frozen=True)
class Rules:
    """Lines of (what the rule did, grade, why): those that set the grade, and the others."""

    deciding: list
    earlier: list


def rules(because, grade):
    lines = [_rule(line) for line in because]
    deciding = [line for line in lines if line[1] in ("", str(grade))]
    return Rules(deciding, [line for line in lines if line not in deciding])


def _asked(form, question):
    """(question, its options as (what the button sends, label))."""
    options = []
    for option in question.options:
        name, posted = form.option(question.key, option["value"])
        options.append((f"{name}={posted}", option["label"]))
    return question, options


def with_given(post):
    """``post`` with the answer of a question's button put in: for pages without script."""
    if "give" not in post:
        return post
    data = post.copy()
    name, _, value = data.pop("give")[-1].partition("=")
    data[name] = value
    return data
