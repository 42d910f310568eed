"""The THRIVE panel beside the words: what the engine says of them, as people read it."""

import re
from dataclasses import dataclass

from triage import assessing, policies, thrive
from triage.marking import marked


def scored(form, known, at):
    result = assessing.score(known, policy=policies.published(at=at))
    force = getattr(form, "chosen_force", form.force)
    return {
        "result": result,
        "grade_label": force.grade_label(result.grade),
        "rules": rules(result.because, result.grade),
        "pieces": marked(known.narrative, result.as_dict()["flags"]),
        "elements": [
            (name, label, result.elements[name]) for name, label in thrive.ELEMENTS.items()
        ],
        "questions": [_asked(form, question) for question in result.ask_next],
    }


_RULE = re.compile(r"^(start|floor|also): (?:(?P<seen>.*?) )?→ (?P<grade>\d) \((?P<say>.*)\)$")
_RULE_WORDS = {"start": "Starts at", "floor": "Raised to", "also": "Also asks for"}


def _rule(line):
    """A line of ``because`` as (what the rule did, grade, why); whole if it reads otherwise."""
    found = _RULE.match(line)
    if not found:
        return "", "", line
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
