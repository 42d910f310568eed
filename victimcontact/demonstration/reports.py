"""The reports of the demonstration force, carried through the same services as real ones."""

import tomllib
import uuid
from datetime import timedelta
from pathlib import Path

from appointments import booking, selectors
from appointments.booking import SlotTaken
from messaging import conversations
from portal import invitations, talk
from triage import assessing, intake, offers, recording
from triage.models import Response
from victimcontact.accounts.models import User
from victimcontact.accounts.roles import Role
from victimcontact.demonstration import control, partners, shifts, staff
from victimcontact.lib import phone
from victimcontact.people import plans

CASES = Path(recording.__file__).parent / "data" / "demonstration_cases.toml"
# How long ago each report came in, in minutes, in the order of the file; later ones repeat it.
AGES = [50, 95, 12, 1500, 300, 30, 2, 6, 140, 75, 25, 9, 700, 190, 400, 1100, 4, 20]
STREETS = ["Alder Road", "Mill Lane", "Station Street", "Hope Terrace", "Quay Side", "Fern Close"]
# Callers of the same kind as a case, so that the diary is filled as on an ordinary day.
MORE_NAMES = [
    "Bilal Hartley",
    "Nerys Colwyn",
    "Jo Tamworth",
    "Yusuf Penrose",
    "Martha Quick",
    "Ola Winter",
    "Sunita Barrow",
    "Callum Reeve",
    "Edith Snow",
    "Marek Dale",
    "Tessa Lund",
    "Rhodri Vane",
    "Winston Peel",
    "Anjali Cross",
    "Peter Loxley",
    "Hanna Brook",
]
# What a case is recorded as, where it is a crime.
CRIME_TYPES = {
    "smartphone_84": "assault",
    "stalked_no_stranger_at_home": "stalking",
    "criminal_damage": "criminal-damage",
    "nuisance_at_the_precinct": "anti-social-behaviour",
    "hate_crime_on_the_bus": "hate-crime",
    "welsh_speaker": "theft",
}
HELD_BACK = {"smartphone_84", "stalked_no_stranger_at_home"}  # theirs to book by whoever tries it
WORD = "lighthouse"
HELP_WORD = "umbrella"


def cases() -> list[dict]:
    """The written cases, as ``triage/data/demonstration_cases.toml`` has them."""
    return tomllib.loads(CASES.read_text(encoding="utf-8"))["cases"]


def build(force, *, at) -> int:
    """Record every case and some more like them, at every stage. Returns how many reports."""
    handler = staff.one_click(force, Role.CALL_HANDLER)
    known = cases()
    incidents = {}
    for number, case in enumerate(known):
        incidents[case["key"]] = _record(force, case, AGES[number % len(AGES)], handler, at)
    videoable = [case for case in known if case["video"]]
    more = []
    for number, name in enumerate(MORE_NAMES):
        like = videoable[number % len(videoable)]
        case = like | {"caller": name, "phone": f"07700 900{500 + number}"}
        incident = _record(force, case, 200 + 130 * number, handler, at)
        more.append((CRIME_TYPES[like["key"]], incident))
    _book_others([incident for _, incident in more], handler, at)
    for key, incident in incidents.items():
        if key not in HELD_BACK and incident.current_assessment.video_offer:
            _choose(incident, Response.VISIT, handler, at)
    recorded = [("criminal-damage", incidents["criminal_damage"]), *more[:5]]
    _open_cases(force, recorded, handler, at)
    partners.build(force, incidents, at=at)
    control.build(incidents, force, at=at)
    shifts.build(force, at=at)
    return len(incidents) + len(more)


def _record(force, case, minutes_ago, handler, at):
    """One report as it came in, and, where it is old, the reviews that were done since."""
    reported_at = at - timedelta(minutes=minutes_ago)
    street = STREETS[sum(map(ord, case["key"])) % len(STREETS)]
    report = intake.NewReport(
        channel=case["channel"],
        narrative=case["narrative"],
        caller=intake.Person(
            name=case.get("caller", ""),
            phone=phone.parse(case["phone"]) if case.get("phone") else "",
            language=case.get("language", ""),
        ),
        victim=intake.Person(name=case["victim"]) if "victim" in case else None,
        # No two at one door: that would make them repeats of each other.
        location=f"{10 + minutes_ago % 211} {street}, Northmoor",
        answers=dict(case.get("structured", {})),
        reported_at=reported_at,
    )
    decision = assessing.Decision(grade=case["grade"], reason="As the caller told it")
    incident = intake.record(report, force=force, decision=decision, by=handler, at=reported_at)
    if minutes_ago > force.review_after_minutes:
        known = assessing.Known(
            channel=case["channel"], narrative=case["narrative"], answers=report.answers
        )
        seen_at = at - timedelta(minutes=minutes_ago % force.review_warn_minutes)
        assessing.assess(incident, known=known, decision=decision, by=handler, at=seen_at)
        incident.refresh_from_db()
    return incident


def _choose(incident, response, handler, at):
    offers.make(incident, chosen=response, by=handler, at=at)


def _reachable(incident, handler, at):
    plans.set_plan(
        incident.victim,
        by=handler,
        at=at,
        channels={"sms": "safe"},
        officer_name_safe=True,
        opening_word=WORD,
        help_word=HELP_WORD,
    )


def _book_others(incidents, handler, at):
    """Give each of these a time with an officer who has none yet; never the one-click officer."""
    for incident in incidents:
        if not incident.current_assessment.video_offer:
            continue
        _reachable(incident, handler, at)
        _choose(incident, Response.VIDEO, handler, at)
        desk = selectors.desk_for(incident)
        for slot in selectors.free_slots(desk, at=at, limit=400):
            officer = User.objects.get(pk=slot.officer_id)
            if officer.is_demonstration or officer.appointments.exists():
                continue
            try:
                held = booking.hold(
                    incident_id=incident.pk,
                    officer_id=officer.pk,
                    starts_at=slot.starts_at,
                    idempotency_key=uuid.uuid4(),
                    by=handler,
                    at=at,
                )
            except SlotTaken:
                continue
            booking.book(appointment_id=held.pk, by=handler, at=at)
            break


def _open_cases(force, recorded, handler, at):
    """Record these as crimes; those victims who may be are invited, and one has written."""
    officer = staff.one_click(force, Role.OFFICER_IN_CHARGE)
    for crime_type, incident in recorded:
        if not incident.victim.plan:
            _reachable(incident, handler, at)
        crime = recording.record_crime(
            incident, crime_type=crime_type, officer_in_charge=officer, by=handler, at=at
        )
        invitations.invite(crime.case, by=officer, at=at)
    first = recorded[0][1].crime.case
    said = "Thank you for coming back to me. Is there any news about the doorbell camera?"
    talk.write(first, author=conversations.VICTIM, body=said, key=uuid.uuid4(), at=at)
