from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from messaging.models import Notification, StaffTask
from portal import cases, entitlements
from portal.models import Case, CaseEvent
from tests import factories
from tests.portal import factories as portal
from triage import recording
from triage.models import Participant
from victimcontact.accounts.roles import Role
from victimcontact.audit.models import Entry

pytestmark = pytest.mark.django_db
NOON = factories.NOON
LATER = NOON + timedelta(days=1)


def record(incident, at=NOON):
    officer = factories.user(Role.OFFICER_IN_CHARGE, at_force=incident.force)
    return recording.record_crime(
        incident, crime_type="assault", officer_in_charge=officer, by=officer, at=at
    )


def entries(*types):
    return [one.type for one in Entry.objects.order_by("id") if one.type.startswith(types)]


def right(case, name):
    return case.entitlements.get(right=name)


@pytest.mark.parametrize("response", ["video", "visit", "station", "none"])
def test_recording_a_crime_opens_a_case_whatever_the_response(response):
    incident = factories.incident(victim=portal.victim(), grade=3)
    if response != "none":
        factories.offer(incident, chosen=response)

    crime = record(incident)

    case = Case.objects.get(crime=crime)
    assert (case.contact, case.officer_in_charge) == (incident.victim, crime.officer_in_charge)
    assert case.next_update_on == date(2026, 5, 12)  # five working days
    assert [(e.type, e.words, e.is_visible) for e in case.events.all()] == [
        (
            "recorded",
            f"Your report is recorded. Your crime number is {crime.reference}.",
            True,
        )
    ]
    assert not Notification.objects.exists()  # the invitation is another act


def test_opening_starts_the_clocks_when_it_was_reported_not_when_it_was_recorded():
    incident = factories.incident(victim=portal.victim(), grade=3, at=NOON)

    case = record(incident, at=NOON + timedelta(days=3)).case

    assert {(e.right, e.due_at) for e in case.entitlements.all()} == {
        ("VC2-REC", None),
        ("VC3-ACK", datetime(2026, 5, 6, 22, 59, 59, tzinfo=UTC)),
        ("VC3-INFO", datetime(2026, 5, 12, 22, 59, 59, tzinfo=UTC)),
        ("VC4-NEEDS", datetime(2026, 5, 6, 22, 59, 59, tzinfo=UTC)),
        ("VC4-REF", datetime(2026, 5, 7, 22, 59, 59, tzinfo=UTC)),
        ("VC6-FREQ", None),
        ("VC7-VPS", None),
    }
    recorded = right(case, "VC2-REC")
    assert (recorded.met_at, recorded.proof_type) == (case.crime.recorded_at, "portal.caseevent")


def test_open_case_twice_opens_one():
    case = portal.case()

    again = cases.open_case(crime=case.crime, by=case.officer_in_charge, at=LATER)

    assert again == case
    assert case.events.count() == 1
    assert entries("case.opened") == ["case.opened"]


def test_recording_without_a_victim_still_records_and_asks_staff():
    incident = factories.incident(grade=3)
    incident.participants.all().delete()

    crime = record(incident)

    assert not Case.objects.exists()
    task = StaffTask.objects.get()
    assert (task.kind, task.about_id, task.reason) == (
        "call_back",
        incident.pk,
        "A crime is recorded without a victim. Add them, then open the case.",
    )
    with pytest.raises(cases.NoVictimContact):
        cases.open_case(crime=crime, by=crime.recorded_by, at=LATER)

    Participant.objects.create(
        incident=incident, role=Participant.Role.VICTIM, contact=portal.victim()
    )
    assert cases.open_case(crime=crime, by=crime.recorded_by, at=LATER).crime == crime


@pytest.mark.parametrize(
    ("flags", "crime_type", "why"),
    [
        ((), "assault", "not yet assessed"),
        (("adult_at_risk",), "assault", "vulnerable"),
        ((), "stalking", "persistently targeted"),
    ],
)
def test_a_case_opens_with_enhanced_limits_until_needs_are_assessed(flags, crime_type, why):
    case = portal.case(flags=flags, crime_type=crime_type)

    assert (case.is_enhanced, case.enhanced_reason) == (True, why)


def test_assess_needs_recounts_what_is_owed_and_keeps_what_was_given():
    case = portal.case()
    case = cases.publish(
        case,
        key=uuid4(),
        internal_note="Arrested at home.",
        happened="arrested",
        by=case.officer_in_charge,
        at=NOON,
    ).case
    assert right(case, "VC6-ARR").due_at == datetime(2026, 5, 6, 22, 59, 59, tzinfo=UTC)

    cases.assess_needs(
        case, is_enhanced=False, reason="asked: none", by=case.officer_in_charge, at=LATER
    )

    case.refresh_from_db()
    assert (case.is_enhanced, case.enhanced_reason) == (False, "asked: none")
    assert right(case, "VC6-ARR").due_at == datetime(2026, 5, 12, 22, 59, 59, tzinfo=UTC)
    assert right(case, "VC4-NEEDS").met_at == LATER
    assert right(case, "VC2-REC").is_enhanced is True
    before = Entry.objects.filter(type="entitlement.recounted", detail__right="VC6-ARR").get()
    assert before.detail["due_before"] == "2026-05-06T22:59:59+00:00"


def publish(case, **fields):
    fields = {"key": uuid4(), "by": case.officer_in_charge, "at": LATER, **fields}
    return cases.publish(case, **fields)


def test_publish_shows_the_words_keeps_the_note_and_tells_the_victim_nothing_of_either():
    case = portal.invited()

    event = publish(
        case,
        said="We have looked at the pictures.",
        internal_note="Camera 4 faces the shop.",
        status=Case.Status.INVESTIGATING,
        next_update_on=date(2026, 5, 20),
    )

    case.refresh_from_db()
    assert (case.status, case.next_update_on) == ("investigating", date(2026, 5, 20))
    assert (event.words, event.internal_note, event.is_visible) == (
        "We have looked at the pictures.",
        "Camera 4 faces the shop.",
        True,
    )
    text = Notification.objects.get(template="portal_message")
    token = portal.token_of(text)
    assert text.body == (
        f"You have a new message. Use http://localhost:8000/p/{token} to read it"
        " whenever it suits you."
    )


def test_publish_twice_with_one_key_says_it_once():
    case, key = portal.invited(), uuid4()

    first = publish(case, key=key, said="We have looked at the pictures.")
    again = publish(case, key=key, said="We have looked at the pictures.")

    assert first == again
    assert CaseEvent.objects.filter(case=case, type="update").count() == 1
    assert Notification.objects.filter(template="portal_message").count() == 1


def test_publish_a_note_alone_tells_the_victim_nothing():
    case = portal.invited()

    event = publish(case, internal_note="Ring the shop again.")

    assert event.is_visible is False
    assert not Notification.objects.filter(template="portal_message").exists()


def test_publish_to_a_victim_who_is_not_invited_queues_nothing():
    case = portal.case()

    publish(case, said="We have looked at the pictures.")

    assert not Notification.objects.exists()


def test_grave_news_is_refused_until_it_was_spoken():
    case = portal.invited()

    with pytest.raises(cases.SpeakFirst):
        publish(case, said="Someone was arrested.", happened="arrested")
    assert not case.entitlements.filter(right="VC6-ARR").exists()

    publish(case, said="Someone was arrested.", happened="arrested", spoken_at=LATER)

    arrested = right(case, "VC6-ARR")
    assert (arrested.met_at, arrested.proof_type) == (LATER, "portal.caseevent")


def test_what_is_shown_is_not_told_until_it_is_opened(client):
    case = portal.invited()

    publish(case, said="Your hearing is on 1 July.", happened="hearing_listed")
    shown = right(case, "VC8-HEAR")
    assert (shown.met_at, shown.proof_type) == (None, "portal.caseevent")

    opening = portal.visit(client, case, at=LATER + timedelta(hours=1))
    entitlements.opened(case, visit=opening, at=LATER + timedelta(hours=1))

    told = right(case, "VC8-HEAR")
    assert (told.met_at, told.proof_type, told.proof_id) == (
        LATER + timedelta(hours=1),
        "people.visit",
        str(opening.pk),
    )
    assert right(case, "VC3-ACK").met_at == LATER + timedelta(hours=1)
    assert right(case, "VC4-REF").met_at is None  # reading is not a referral


def test_what_happened_earlier_may_be_late_at_birth():
    case = portal.case()

    publish(case, internal_note="Told today.", happened="arrested", happened_at=NOON, at=NOON)
    cases.publish(
        case,
        key=uuid4(),
        internal_note="Entered after the holidays.",
        happened="charged",
        happened_at=NOON - timedelta(days=30),
        by=case.officer_in_charge,
        at=NOON,
    )

    assert right(case, "VC6-ARR").due_at > NOON
    assert right(case, "VC6-CHG").due_at < NOON


def test_publish_refuses_nothing_at_all_and_an_open_case_without_a_day():
    case = portal.case()

    with pytest.raises(cases.NothingToSay):
        publish(case)
    Case.objects.filter(pk=case.pk).update(next_update_on=None)
    with pytest.raises(cases.DateMissing):
        publish(case, said="We have looked at the pictures.")
    assert publish(case, said="We have finished.", status="closed").status == "closed"


def test_a_right_is_met_once_with_its_first_proof():
    case = portal.case()
    referral = right(case, "VC4-REF")

    first = cases.record_told(
        referral, how="referred", told_at=NOON, by=case.officer_in_charge, at=LATER
    )
    cases.record_told(referral, how="phone", told_at=LATER, by=case.officer_in_charge, at=LATER)

    referral.refresh_from_db()
    assert (referral.met_at, referral.proof_id) == (NOON, str(first.pk))
    assert referral.met_by == case.officer_in_charge


def test_a_right_is_not_met_without_proof():
    case = portal.case()

    with pytest.raises(entitlements.NoProof):
        entitlements.meet(right(case, "VC4-REF"), proof=None, by=None, at=NOON)


def test_a_right_that_cannot_be_given_stays_owed_with_its_reason():
    case = portal.case()

    entitlements.cannot_be_given(
        right(case, "VC4-REF"), reason="Not safe to ring", by=case.officer_in_charge, at=LATER
    )

    one = right(case, "VC4-REF")
    assert (one.met_at, one.not_met_reason) == (None, "Not safe to ring")


def test_assign_tells_the_victim_of_a_new_officer_without_a_name():
    case = portal.invited()
    other = factories.user(Role.OFFICER_IN_CHARGE, last_name="Haverstock")
    by = factories.user(Role.SUPERVISOR)

    cases.assign(case, officer=other, by=by, at=LATER)

    case.refresh_from_db()
    assert case.officer_in_charge == other
    assert case.events.get(type="assigned").words == "A new officer is looking after your case."
    assert Notification.objects.filter(template="portal_message").count() == 1


@pytest.mark.parametrize("role", [None, Role.CALL_HANDLER, "elsewhere"])
def test_assign_refuses_who_may_not_look_after_it(role):
    case = portal.case()
    if role == "elsewhere":
        other = factories.user(Role.OFFICER_IN_CHARGE, at_force=factories.force("southmoor"))
    else:
        other = factories.user(role)

    with pytest.raises(cases.NotTheirCase):
        cases.assign(case, officer=other, by=factories.user(Role.SUPERVISOR), at=LATER)
