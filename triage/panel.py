"""The THRIVE panel beside the words: what the engine says of them, as people read it."""

import re
from dataclasses import dataclass

from triage import assessing, permissions, thrive
from triage.drawn import LEVELS
from triage.forms import REFUSED
from triage.marking import marked
from victimcontact.lib.hashing import sha256_hex

# What video needs as a word: drawn with each pause in typing.
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
    asked = (*result.ask_next, *_being_answered(form, known, result))
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
                why=form.dismissing(flag.name),
            )
            for flag in _in_order(result)
        ],
        "not_dismissed": {
            "unexplained": [f.name for f in result.flags if wanted.get(f.name) == ""],
            "refused": sorted(refused),
        },
        "rules": rules(result.because, result.grade),
        "pieces": marked(assessing.report(known).words, [_spans(flag) for flag in result.flags]),
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
        "questions": [_asked(form, question) for question in asked],
        "asked_now": {question.key for question in asked},
    }


def _being_answered(form, known, result):
    """The questions that somebody writes an answer to: they stay until one is chosen too."""
    said = known.answers.get(assessing.SAID) or {}
    stand = {question.key for question in result.ask_next} | known.answers.keys()
    return [
        thrive.Question(rule.key, rule.text, rule.why, tuple(rule.options), "")
        for rule in form.rules.questions
        if rule.key in said and rule.key not in stand
    ]


def _spans(flag):
    """The flag as far as ``marked`` asks for it: typing waits for this."""
    spans = [{"start": span.start, "end": span.end} for span in flag.spans]
    return {"label": flag.label, "spans": spans}


def typed(context, request=None) -> dict:
    """``context`` with what keeps the panel from being drawn again where it says the same.

    Each part carries a digest of what it says. A page that is typed into sends the digests of the
    parts that it shows (X-Panel); those that still hold are only named in the answer.
    """
    digests = {part: _digest(said) for part, said in _said(context).items()}
    shown = request.headers.get("X-Panel", "").split() if request else []
    stands = {part for part, digest in digests.items() if f"{part}={digest}" in shown}
    return context | {"digests": digests, "stands": stands}


def _digest(said):
    return sha256_hex(repr(said).encode())[:16]


def _said(context):
    """Everything that each part of triage/_panel.html shows, as plain values."""
    result = context["result"]
    asks = [
        # Not its line: what is typed there is on the page, and must not be drawn over it.
        (question.key, question.text, question.why, question.could_change, options)
        for question, options, _ in context["questions"]
    ]
    cards = [_shown_card(shown) for shown in context["hidden_demand"]]
    return {
        "grade": (result.grade, context["grade_label"], context["rules"], result.doubts),
        "ask": asks,
        "demand": (cards, [card.key for card in context["other_cards"]]),
        "flags": (len(result.flags), [_shown_flag(row) for row in context["flags"]]),
        "elements": context["elements"],
        "video": (result.video_offer, context["needs"]),
    }


def _shown_card(shown):
    steps = [(row.name, row.said, row.because) for row in shown.steps]
    return shown.card.key, shown.reason, shown.done, steps


def _shown_flag(row):
    flag, own = row.flag, (row.is_ticked, row.is_dismissed, row.refusal, row.reason)
    return flag.name, flag.label, flag.because, row.decides, own, list(row.errors)


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
    """(question, its options as (what the button sends, label), its line of free text)."""
    options = []
    for option in question.options:
        name, posted = form.option(question.key, option["value"])
        options.append((f"{name}={posted}", option["label"]))
    return question, options, form.line(question.key)


def with_given(post):
    """``post`` with the answer of a question's button put in: for pages without script."""
    if "give" not in post:
        return post
    data = post.copy()
    name, _, value = data.pop("give")[-1].partition("=")
    data[name] = value
    return data
