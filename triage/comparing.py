"""What a policy would have changed, before it is published.

Every report of two samples is assessed twice, by the policy in force and by the one that may
replace it: the last assessments that were made, and the labelled reports where the checkout has
them. That takes longer than a page may, so it goes on in steps: ``start`` gives a state, ``go_on``
takes it further, and the state holds plain values without a word of any report.
"""

import time
from pathlib import Path

from django.conf import settings

from triage import assessing, evaluation, thrive
from triage.models import Assessment

LAST = 500  # assessments that are looked back on
STEP_SECONDS = 4
AT_ONCE = 20  # rows fetched together

# What is counted on labelled reports, before and after.
FAULTS = {
    "under": "Graded less urgent than grade 1 or 2 that was right",
    "over": "Graded more urgent than right",
    "dangerous": "Video offered in danger",
    "overlooked": "Flags overlooked",
    "needless": "Flags without need",
}


def start() -> dict:
    """A state with everything still to do: the labelled reports first, then the latest past."""
    past = Assessment.objects.order_by("-decided_at", "-pk").values_list("pk", flat=True)[:LAST]
    cases = labelled()
    return {
        "labelled": _sample(None if cases is None else [case["id"] for case in cases]),
        "past": _sample([str(pk) for pk in past]),
    }


def labelled() -> list | None:
    """The labelled reports of this checkout, or None where there are none to read."""
    path = Path(settings.BASE_DIR) / evaluation.CASES
    try:
        return evaluation.read_all(path)
    except OSError:
        return None


def _sample(todo):
    grades = len(thrive.GRADES)
    return {
        "is_there": todo is not None,
        "todo": todo or [],
        "done": 0,
        "matrix": [[0] * grades for _ in range(grades)],  # [before - 1][after - 1]
        "faults": {name: [0, 0] for name in FAULTS},
        "changes": [],
    }


def is_done(state) -> bool:
    """Whether nothing is left to compare."""
    return all(sample["done"] >= len(sample["todo"]) for sample in state.values())


def go_on(state, *, before, after, seconds=STEP_SECONDS, clock=time.monotonic) -> dict:
    """``state`` taken further for ``seconds``, and by one report at least.

    ``before`` and ``after`` are thrive.Policy. An assessment that is gone is passed over.
    """
    until = clock() + seconds
    cases = {case["id"]: case for case in labelled() or ()}
    for name, sample in state.items():
        while sample["done"] < len(sample["todo"]):
            keys = sample["todo"][sample["done"] : sample["done"] + AT_ONCE]
            found = cases if name == "labelled" else _assessments(keys)
            for key in keys:
                _compare(sample, key, found.get(key), before, after)
                sample["done"] += 1
                if clock() >= until:
                    return state
    return state


def _assessments(keys):
    rows = Assessment.objects.filter(pk__in=keys).select_related("incident")
    return {str(row.pk): row for row in rows}


def _compare(sample, key, row, before, after):
    if row is None:
        return
    is_labelled = isinstance(row, dict)
    report = thrive.Report.from_dict(row) if is_labelled else _report(row)
    dismissed = frozenset() if is_labelled else frozenset(row.dismissed)
    old, new = (
        thrive.assess(report, policy, questions=False, dismissed=dismissed)
        for policy in (before, after)
    )
    sample["matrix"][old.grade - 1][new.grade - 1] += 1
    if is_labelled:
        for place, result in enumerate((old, new)):
            _count_faults(sample["faults"], place, evaluation.Judged(row, result))
    names = [{flag.name for flag in result.flags} for result in (old, new)]
    if (old.grade, names[0], old.video_offer) == (new.grade, names[1], new.video_offer):
        return
    sample["changes"].append(
        {
            "key": key,
            "grades": [old.grade, new.grade],
            "right": row["grade"] if is_labelled else None,
            "gained": sorted(names[1] - names[0]),
            "lost": sorted(names[0] - names[1]),
            "video": [old.video_offer, new.video_offer],
        }
    )


def _report(assessment):
    answers = dict(assessment.answers)
    history = answers.pop("history", None)
    return assessing.report(
        assessing.Known(assessment.incident.channel, assessment.narrative, answers, history)
    )


def _count_faults(faults, place, judged):
    faults["under"][place] += judged.under
    faults["over"][place] += judged.over
    faults["dangerous"][place] += judged.dangerous
    faults["overlooked"][place] += len(judged.missed)
    faults["needless"][place] += len(judged.extra)
