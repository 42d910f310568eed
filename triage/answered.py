"""The answers that an assessment was made with, as people read them."""

from dataclasses import dataclass
from datetime import datetime

from triage.assessing import SAID
from triage.forms.assess import ANSWERS, INJURIES
from triage.marking import Piece, said_marked
from victimcontact.lib import local_time

YES_NO = {True: "Yes", False: "No"}
AGES = (("victim_age", "Victim's age"), ("caller_age", "Caller's age"))
REPORTS = ("previous_reports_12m", "Reports in the last year, as they say")

# Minutes before they said it, as they are asked.
AGO = (
    (0, "Happening then"),
    (60, "Within the hour before"),
    (24 * 60, "Within the day before"),
    (7 * 24 * 60, "Within the week before"),
    (None, "Longer before"),
)


@dataclass(frozen=True)
class Answered:
    """What was known of one question: the answer chosen, and the words below it, marked."""

    question: str
    answer: str = ""
    said: tuple[Piece, ...] = ()


def answered(assessment, rules) -> list[Answered]:
    """What was known, in the order of the page that asks.

    ``rules`` is the thrive.Policy of that assessment: its questions were asked. What was not
    asked is left out.
    """
    given = assessment.answers
    said = said_marked(
        assessment.narrative, given.get(SAID) or {}, assessment.findings.get("flags", ())
    )
    texts = {question.key: question.text for question in rules.questions}
    found = []

    def add(key, label, answer=None):
        words = tuple(said.pop(key, ()))
        if answer is not None or words:
            found.append(Answered(label, answer or "", words))

    for key, label in AGES:
        add(key, label, str(given[key]) if given.get(key) is not None else None)
    for key, label in ANSWERS:
        add(key, label, YES_NO[given[key]] if key in given else None)
    hurt = given.get("injuries")
    add("injuries", "Injuries", dict(INJURIES).get(hurt, hurt))
    add("minutes_since_incident", "When it happened", _when(given) or None)
    add(*REPORTS, str(given[REPORTS[0]]) if given.get(REPORTS[0]) is not None else None)
    told = {key for key, _ in (*AGES, *ANSWERS, REPORTS)} | {"injuries", "minutes_since_incident"}
    for question in rules.questions:
        if question.key not in told:
            value = given.get(question.key)
            add(question.key, question.text, None if value is None else _said(question, value))
    # Of a question that the policy does not have any more.
    for key in list(said):
        add(key, texts.get(key, key.replace("_", " ").capitalize()))
    return found


def _said(question, value):
    for option in question.options:
        if option["value"] == value:
            return option["label"]
    return YES_NO.get(value, str(value)) if isinstance(value, bool) else str(value)


def _when(given):
    if moment := given.get("happened_at"):
        return local_time.staff_time(datetime.fromisoformat(moment))
    minutes = given.get("minutes_since_incident")
    if minutes is None:
        return ""
    return next(label for upto, label in AGO if upto is None or minutes <= upto)
