"""What several triage pages show of an incident: its header, its row, its safe-contact plan."""

from dataclasses import dataclass

from triage import selectors, thrive
from victimcontact.lib import local_time

SOON = 15  # minutes before a grade's target in which the queue warns


@dataclass(frozen=True)
class Row:
    """One incident in the queue, as people read it."""

    incident: object
    grade_label: str
    age: str
    due: object
    review: object
    flags: list
    response: str


def row(incident, at):
    force = incident.force
    warn = force.review_after_minutes - force.review_warn_minutes
    return Row(
        incident=incident,
        grade_label=force.grade_label(incident.grade),
        age=selectors.span(int((at - incident.reported_at).total_seconds() // 60)),
        due=selectors.clock(incident.due_at, at=at, warn_minutes=SOON),
        review=selectors.clock(incident.review_due_at, at=at, warn_minutes=warn),
        flags=labels(incident.flags),
        response=incident.get_response_display(),
    )


def labels(flags):
    return [thrive.FLAGS.get(flag, flag) for flag in flags or ()]


LISTED = 10  # earlier reports that are shown in full


def around(found):
    """What was reported before (a ``repeats.Around``), for ``triage/_known.html``."""
    return {
        "around": found,
        "markers": labels(found.markers),
        "earlier": [
            (one.incident, labels(one.incident.flags), " and ".join(one.by))
            for one in found.earlier[:LISTED]
        ],
    }


def header(incident, at):
    """What stands above every page of one incident."""
    facts = [{"key": "Reported", "value": local_time.staff_time(incident.reported_at)}]
    due = review = None
    if incident.grade:
        row_ = row(_with_no_flags(incident), at)
        due, review = row_.due, row_.review
        facts += [
            {"key": "Due", "value": f"{due.when} ({due.says})"},
            {"key": "Assess again", "value": f"{review.when} ({review.says})"},
        ]
    if incident.response:
        facts.append({"key": "Response", "value": incident.get_response_display()})
    return {
        "incident": incident,
        "grade_label": incident.force.grade_label(incident.grade) if incident.grade else "",
        "facts": facts,
        "due": due,
        "review": review,
    }


def _with_no_flags(incident):
    incident.flags = ()
    return incident


def plan_told(victim):
    """The plan in force and its safe times as people read them."""
    plan = victim.plan if victim else None
    windows = []
    for window in plan.windows if plan else ():
        days = ", ".join(local_time.DAYS["en"][day][:3] for day in window["days"])
        windows.append(f"{days} {window['from']} to {window['to']}")
    return {"plan": plan, "windows": windows}
