"""The answers that an assessment was made with, as people read them."""

from datetime import datetime

from triage.forms.assess import ANSWERS, INJURIES
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


def answered(assessment, rules) -> list[tuple[str, str]]:
    """(question, answer) of what was known, in the order of the page that asks.

    ``rules`` is the thrive.Policy of that assessment: its questions were asked. What was not
    asked is left out.
    """
    given = assessment.answers
    found = [(label, str(given[key])) for key, label in AGES if given.get(key) is not None]
    found += [(label, YES_NO[given[key]]) for key, label in ANSWERS if key in given]
    if "injuries" in given:
        found.append(("Injuries", dict(INJURIES).get(given["injuries"], given["injuries"])))
    if when := _when(given):
        found.append(("When it happened", when))
    if given.get(REPORTS[0]) is not None:
        found.append((REPORTS[1], str(given[REPORTS[0]])))
    told = {key for key, _ in (*AGES, *ANSWERS, REPORTS)}
    told |= {"injuries", "happened_at", "minutes_since_incident", "history"}
    for question in rules.questions:
        if question.key in given and question.key not in told:
            told.add(question.key)
            found.append((question.text, _said(question, given[question.key])))
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
