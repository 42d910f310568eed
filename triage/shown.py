"""What several triage pages show of an incident: its header, its row, its safe-contact plan."""

from functools import cached_property

from triage import assessing, repeats, selectors, thrive
from triage.models import Channel, Response
from victimcontact.lib import local_time

SOON = 15  # minutes before a grade's target in which the queue warns
NO_REPEAT = repeats.Repeat()
CHANNELS, RESPONSES = dict(Channel.choices), dict(Response.choices)


class Row:
    """One incident in the queue at a moment, as people read it. Worked out where it is read."""

    def __init__(self, incident, at, repeat=NO_REPEAT):
        self.incident, self.at, self.repeat = incident, at, repeat

    @property
    def said(self) -> tuple:
        """The same for rows that say the same: everything in it, and the minutes of its clocks.

        For a ``Listed`` alone.
        """
        one, at = self.incident, self.at
        minutes = (
            (at - one.reported_at).total_seconds() // 60,
            selectors.minutes_left(one.due_at, at=at),
            selectors.minutes_left(one.review_due_at, at=at),
        )
        return one, self.repeat, minutes

    @property
    def channel(self):
        return CHANNELS[self.incident.channel]

    @cached_property
    def grade_label(self):
        return self.incident.force.grade_label(self.incident.grade)

    @property
    def age(self):
        return selectors.span(int((self.at - self.incident.reported_at).total_seconds() // 60))

    @cached_property
    def due(self):
        return selectors.clock(self.incident.due_at, at=self.at, warn_minutes=SOON)

    @cached_property
    def review(self):
        force = self.incident.force
        warn = force.review_after_minutes - force.review_warn_minutes
        return selectors.clock(self.incident.review_due_at, at=self.at, warn_minutes=warn)

    @cached_property
    def flags(self):
        return labels(self.incident.flags)

    @property
    def response(self):
        return RESPONSES.get(self.incident.response, "")

    @cached_property
    def marks(self):
        """Of repeats.Mark."""
        return self.repeat.marks

    @cached_property
    def why(self):
        """What puts it there (grade, seen or not, due), then what else asks for a look."""
        incident, due, review = self.incident, self.due, self.review
        found = [f"Grade {incident.grade} {self.grade_label}"]
        if not incident.is_seen:
            found.append("no person has looked yet: first in its grade")
        found.append(f"response {due.says}" if due.state == "late" else f"response due {due.says}")
        because = getattr(incident, "because", None)
        news = f" ({because})" if because and because != assessing.CLOCK else ""
        if review.state != "ok" or news:
            found.append(f"review {'due ' if review.state != 'late' else ''}{review.says}{news}")
        found += [mark.name.lower() for mark in self.marks]
        return found


def rows(incidents, at) -> list[Row]:
    """Rows of the queue (of ``Listed``), with what repeats around each: one query for them all."""
    repeating = repeats.of_keys([one.key for one in incidents], at=at)
    return [Row(one, at, repeat) for one, repeat in zip(incidents, repeating, strict=True)]


def row(incident, at):
    """The row of one Incident that has its latest ``flags``."""
    return Row(incident, at)


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
