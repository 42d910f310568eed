"""What the pages of officers show, and with what the page that sends them is filled."""

from dataclasses import dataclass

from triage import selectors, thrive
from triage.control.models import Dispatch
from triage.intake import NewReport, Person
from triage.models import Channel

DANGER = "Danger now"
NOTHING_TYPED = "Officers were sent before anything was written down."
# Of what an assessment found, these say why officers are wanted now; in this order.
GRAVE = (
    "offender_present",
    "weapon_involved",
    "threats_to_kill",
    "serious_injury",
    "non_fatal_strangulation",
    "suicide_risk",
    "child_at_risk",
    "unable_to_speak_freely",
    "abandoned_or_silent_call",
    "honour_based_abuse",
    "domestic_abuse",
    "stalking",
    "missing_person",
)


def first_values(incident, came_from: str) -> dict:
    """What ``SendForm`` is filled with for an incident."""
    current = incident.current_assessment
    flags = set(current.flags) if current else set()
    grave = [thrive.FLAGS[flag].lower() for flag in GRAVE if flag in flags]
    return {
        "reason": f"{DANGER}: {', '.join(grave)}" if grave else DANGER,
        "where": incident.location,
        "safety_note": incident.safety_note,
        "came_from": came_from if came_from in Dispatch.CameFrom else Dispatch.CameFrom.INCIDENT,
    }


def report_of(form) -> NewReport:
    """A report from a ReportForm in whatever state it is: what cannot be read is left out.

    What was typed into a field that could not be read goes with the words, so that it is not lost.
    """
    form.full_clean()
    if not set(form.errors) - {"grade", "reason"}:
        return form.report
    data = form.cleaned_data
    unread = [
        f"{form.fields[name].label}: {form.data[name]}"
        for name in form.errors
        if name in form.fields and name not in ("narrative", "grade") and form.data.get(name)
    ]
    narrative = data.get("narrative") or str(form.data.get("narrative") or "")[:19_000]
    words = "\n".join([narrative or NOTHING_TYPED, *unread])[:20_000]
    about_other = data.get("about") == "other"
    of_victim = {
        "email": data.get("victim_email") or "",
        "address": data.get("victim_address") or "",
        "date_of_birth": data.get("victim_born"),
        "language": data.get("language") or "",
    }
    caller = Person(
        name=data.get("caller_name") or "",
        phone=data.get("caller_phone") or "",
        contact_id=data.get("caller_contact"),
        **({} if about_other else of_victim),
    )
    victim = None
    if about_other:
        victim = Person(
            name=data.get("victim_name") or "",
            phone=data.get("victim_phone") or "",
            contact_id=data.get("victim_contact"),
            **of_victim,
        )
    return NewReport(
        channel=data.get("channel") or Channel.EMERGENCY,
        narrative=words,
        caller=caller,
        victim=victim,
        location=data.get("location") or "",
        safety_note=data.get("safety_note") or "",
        suspect=data.get("suspect") or "",
        crime_type=data.get("crime_type") or "",
        answers=form.answers,
    )


@dataclass(frozen=True)
class Line:
    """One dispatch as people read it."""

    dispatch: Dispatch
    state: str
    label: str
    age: str
    steps: list
    is_waiting: bool
    next_states: list  # (value, label) that it may go to


def line(dispatch, at) -> Line:
    """How ``dispatch`` stands at ``at``."""
    steps = sorted(dispatch.steps.all(), key=lambda one: (one.at, one.pk))
    state = dispatch.state
    following = Dispatch.TRANSITIONS[state]
    return Line(
        dispatch=dispatch,
        state=str(state),
        label=state.label,
        age=selectors.span(int((at - dispatch.asked_at).total_seconds() // 60)),
        steps=steps,
        is_waiting=bool(following),
        next_states=[(one.value, one.label) for one in Dispatch.State if one in following],
    )
