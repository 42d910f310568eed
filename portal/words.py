"""What a victim reads of a case's state, and who can help: plain sentences from the data files."""

import tomllib
from dataclasses import dataclass
from datetime import date, time
from functools import cache
from pathlib import Path

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from victimcontact.lib import local_time

DATA = Path(__file__).parent / "data"
QUESTIONS = ("title", "means", "next", "when", "late", "ask")


@dataclass(frozen=True)
class StatusWords:
    """The answers that every status gives. ``is_late``: a promised day went by without a word."""

    title: str
    means: str
    next: str
    when: str
    ask: str
    is_late: bool


@dataclass(frozen=True)
class Service:
    """Somebody who helps. ``checked_on``: when a person last compared number and hours."""

    name: str
    purpose: str
    phone: str
    hours: str
    checked_on: date


@cache
def _statuses() -> dict:
    return tomllib.loads((DATA / "status_words.toml").read_text(encoding="utf-8"))


@cache
def _services() -> list[dict]:
    return tomllib.loads((DATA / "support_services.toml").read_text(encoding="utf-8"))["service"]


def status(name: str, *, officer: str, next_update_on: date | None, today: date) -> StatusWords:
    """What status ``name`` means, what happens next, by when, and who to ask.

    ``officer`` is how the officer may be called, empty where a name is not safe. A promised day
    that has passed gives an apology instead of silence; without a promised day no day is invented.
    """
    rows = _statuses()[name]
    called = officer or gettext("the officer in charge")
    day = say_date(next_update_on) if next_update_on else ""
    is_late = bool(next_update_on and next_update_on < today and name != "closed")

    def said(key):
        text = gettext(rows[key]).format(officer=called, date=day)
        return text[:1].upper() + text[1:]

    if is_late:
        when = said("late")
    elif next_update_on or name == "closed":
        when = said("when")
    else:
        when = gettext("We will tell you as soon as there is news.")
    return StatusWords(said("title"), said("means"), said("next"), when, said("ask"), is_late)


def services() -> list[Service]:
    """Everyone who can help, in the order of the file."""
    return [
        Service(
            name=row["name"],
            purpose=gettext(row["for"]),
            phone=row["phone"],
            hours=gettext(row["hours"]),
            checked_on=row["checked_on"],
        )
        for row in _services()
    ]


def say_date(day: date) -> str:
    """ "Tuesday 6 May"."""
    return local_time.say_day(local_time.from_local(day, time(12)))


# Kept in a case's events when they happen; written whole, so that they can be translated.
RECORDED = _("Your report is recorded. Your crime number is %(reference)s.")
NEW_OFFICER = _("A new officer is looking after your case.")


@dataclass(frozen=True)
class RightWords:
    """One right as the victim reads it."""

    title: str
    says: str
    state: str
    is_late: bool


def right(row) -> RightWords:
    """What a row of ``selectors.owed`` says to the victim: what is owed, by when, what was done."""
    one = row.entitlement
    day = local_time.say_day(one.due_at) if one.due_at else ""
    if row.state == "met":
        state = gettext("Done on {date}.").format(date=local_time.say_day(one.met_at))
    elif row.state == "late":
        state = gettext("This was due by {date}. It is late, and we are sorry.").format(date=day)
    elif row.state == "impossible":
        state = gettext("We could not do this yet. Ask the officer why.")
    elif day:
        state = gettext("By {date}.").format(date=day)
    else:
        state = gettext("We do this as soon as we can.")
    return RightWords(gettext(row.right.title), gettext(row.right.says), state, row.state == "late")


@dataclass(frozen=True)
class AppointmentWords:
    """A video call as the victim reads it. ``officer`` is empty where a name is not safe."""

    when: str
    officer: str
    state: str


APPOINTMENT_STATES = {
    "booked": _("This call is booked. The link to it is in another text."),
    "waiting": _("This call is booked. The link to it is in another text."),
    "in_call": _("This call is going on now."),
    "ended": _("This call took place."),
    "missed": _("This call did not take place. Write to us for another time."),
    "cancelled": _("This call was cancelled."),
}


def appointment(row, *, may_name: bool) -> AppointmentWords:
    """An Appointment in the victim's words."""
    return AppointmentWords(
        when=local_time.say_when(row.starts_at),
        officer=row.officer.styled_name if may_name and row.desk.names_officer else "",
        state=str(APPOINTMENT_STATES[row.status]),
    )
