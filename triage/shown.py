"""What several triage pages show of an incident: its header, its row, its safe-contact plan."""

from dataclasses import dataclass

from triage import assessing, repeats, selectors, thrive
from triage.models import Channel, Response
from victimcontact.lib import local_time

SOON = 15  # minutes before a grade's target in which the queue warns
NO_REPEAT = repeats.Repeat()
CHANNELS, RESPONSES = dict(Channel.choices), dict(Response.choices)


@dataclass(frozen=True)
class Row:
    """One incident in the queue, as people read it."""

    incident: object
    channel: str
    grade_label: str
    age: str
    due: object
    review: object
    flags: list
    response: str
    marks: list  # of repeats.Mark
    why: list  # why it stands where it stands, the strongest first


def rows(incidents, at) -> list[Row]:
    """Rows of the queue, with what repeats around each: one query for all of them."""
    incidents = list(incidents)
    repeating = repeats.of_incidents(incidents, at=at)
    return [row(incident, at, repeating[incident.pk]) for incident in incidents]


def row(incident, at, repeat=NO_REPEAT):
    force = incident.force
    warn = force.review_after_minutes - force.review_warn_minutes
    due = selectors.clock(incident.due_at, at=at, warn_minutes=SOON)
    review = selectors.clock(incident.review_due_at, at=at, warn_minutes=warn)
    label, marks = force.grade_label(incident.grade), repeat.marks
    return Row(
        incident=incident,
        channel=CHANNELS[incident.channel],
        grade_label=label,
        age=selectors.span(int((at - incident.reported_at).total_seconds() // 60)),
        due=due,
        review=review,
        flags=labels(incident.flags),
        response=RESPONSES.get(incident.response, ""),
        marks=marks,
        why=_why(incident, label, due, review, marks),
    )


def _why(incident, label, due, review, marks):
    """What puts it there (grade, seen or not, due), then what else asks for a look."""
    found = [f"Grade {incident.grade} {label}"]
    if not incident.is_seen:
        found.append("no person has looked yet: first in its grade")
    found.append(f"response {due.says}" if due.state == "late" else f"response due {due.says}")
    because = getattr(incident, "because", None)
    news = f" ({because})" if because and because != assessing.CLOCK else ""
    if review.state != "ok" or news:
        found.append(f"review {'due ' if review.state != 'late' else ''}{review.says}{news}")
    found += [mark.name.lower() for mark in marks]
    return found


MARKERS = {"firearms": "Firearms", "high_risk": "High risk"}


def labels(flags):
    return [thrive.FLAGS.get(flag) or MARKERS.get(flag, flag) for flag in flags or ()]


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
