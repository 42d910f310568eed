from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, InternalError, ProgrammingError, transaction

from tests import factories
from tests.triage.conftest import AT_THE_DOOR, SAFE, YESTERDAY, decision, known
from triage import assessing, permissions, signals, thrive
from triage.models import Assessment, Incident, Review
from victimcontact.accounts.models import Force
from victimcontact.audit.models import Entry

pytestmark = pytest.mark.django_db
NOON = factories.NOON


def heard(signal):
    """What a signal said while a test ran: a list that fills."""
    said = []

    def listen(sender, **news):
        said.append(news)

    signal.connect(listen, weak=False, dispatch_uid="test")
    return said


@pytest.fixture(autouse=True)
def _deaf():
    yield
    for signal in (signals.assessed, signals.incident_recorded, signals.response_chosen):
        signal.disconnect(dispatch_uid="test")


def assess(incident, by, at=NOON, what=None, how=None, **more):
    return assessing.assess(
        incident, known=what or known(), decision=how or decision(), by=by, at=at, **more
    )


def test_keeps_what_was_known_recommended_and_decided(handler):
    incident = factories.incident()

    made = assess(incident, handler, how=decision(3, threat="He is a stranger to her"))

    assert (made.number, made.supersedes, made.policy) == (1, None, factories.policy())
    assert (made.narrative, made.answers) == (YESTERDAY, SAFE)
    assert (made.recommended_grade, made.decided_grade, made.video_offer) == (3, 3, True)
    assert made.findings["grade"] == 3
    assert made.rationales == {"threat": "He is a stranger to her"}
    assert set(made.elements) == {
        "threat",
        "harm",
        "risk",
        "investigation",
        "vulnerability",
        "engagement",
    }


def test_starts_the_clocks_of_the_incident(handler):
    incident = factories.incident()

    made = assess(incident, handler, at=NOON + timedelta(minutes=5))

    incident.refresh_from_db()
    assert incident.grade == 3
    assert incident.due_at == NOON + timedelta(hours=48)
    assert incident.review_due_at == NOON + timedelta(minutes=5 + 210)
    review = Review.objects.get(incident=incident, done_at=None)
    assert (review.due_at, review.because) == (incident.review_due_at, "clock")
    assert made.decided_by == handler


def test_clock_runs_from_the_answered_call_where_the_force_says_so(handler):
    force = factories.force("southshire", clock_start=Force.ClockStart.CALL_ANSWERED)
    incident = factories.incident(force, call_answered_at=NOON - timedelta(minutes=3))

    assess(incident, handler, what=known(AT_THE_DOOR, {}, "999"), how=decision(1))

    incident.refresh_from_db()
    assert incident.due_at == NOON + timedelta(minutes=12)


def test_again_supersedes_and_does_the_review(handler):
    incident = factories.incident()
    first = assess(incident, handler)
    due = Incident.objects.get().due_at

    second = assess(incident, handler, at=NOON + timedelta(hours=3))

    assert (second.number, second.supersedes) == (2, first)
    done = Review.objects.get(done_by_assessment=second)
    assert done.done_at == NOON + timedelta(hours=3)
    incident.refresh_from_db()
    assert incident.due_at == due  # the same grade: the victim does not wait longer for it
    assert incident.review_due_at == NOON + timedelta(hours=6, minutes=30)
    assert incident.reviews.filter(done_at=None).count() == 1


def test_video_ruled_out_asks_for_the_choice_again(handler):
    incident = factories.incident(grade=3)
    factories.offer(incident, chosen="video")

    assess(incident, handler, what=known(AT_THE_DOOR), how=decision(1))

    incident.refresh_from_db()
    assert (incident.grade, incident.response) == (1, "")


def test_a_visit_that_was_chosen_stands_at_any_grade(handler):
    incident = factories.incident(grade=3)
    factories.offer(incident, chosen="visit")

    assess(incident, handler, what=known(AT_THE_DOOR), how=decision(1))

    incident.refresh_from_db()
    assert incident.response == "visit"


def test_worse_grade_starts_its_own_target_and_tells_the_floors_above(handler):
    incident = factories.incident()
    first = assess(incident, handler)
    said = heard(signals.assessed)

    later = NOON + timedelta(hours=1)
    second = assess(incident, handler, later, known(AT_THE_DOOR, {}, "999"), decision(1))

    incident.refresh_from_db()
    assert (incident.grade, incident.due_at) == (1, later + timedelta(minutes=15))
    assert [(s["assessment"], s["before"]) for s in said] == [(second, first)]
    assert (second.video_offer, second.video_reasons[0]) == (False, "immediate_risk")


@pytest.mark.parametrize("reason", ["", "   \n"])
def test_less_urgent_than_recommended_needs_a_reason(handler, reason):
    incident = factories.incident()

    with pytest.raises(assessing.ReasonMissing):
        assess(incident, handler, what=known(AT_THE_DOOR, {}), how=decision(3, reason))

    assert not Assessment.objects.exists()
    assert Incident.objects.get().grade is None


def test_lowered_with_a_reason_keeps_it_and_does_not_open_video(handler):
    incident = factories.incident()

    made = assess(
        incident, handler, what=known(AT_THE_DOOR, SAFE), how=decision(3, "Officers are there")
    )

    assert (made.reason, made.is_below_recommendation) == ("Officers are there", True)
    assert (made.video_offer, "immediate_risk" in made.video_reasons) == (False, True)


def test_standing_grade_is_lowered_by_a_leader_alone(handler, leader):
    incident = factories.incident(grade=1)

    with pytest.raises(permissions.MayNotLower):
        assess(incident, handler, how=decision(3, "He is in custody"))
    with pytest.raises(assessing.ReasonMissing):
        assess(incident, leader, how=decision(3))
    made = assess(incident, leader, how=decision(3, "He is in custody"))

    assert (made.decided_grade, made.number) == (3, 2)


def test_the_house_itself_may_raise_and_never_lower():
    incident = factories.incident(grade=3)

    assert permissions.can_grade(None, incident, 1)
    assert not permissions.can_grade(None, incident, 4)


def test_overtaken_by_somebody_else(handler):
    incident = factories.incident(grade=3)
    factories.assessment(incident, grade=2)

    with pytest.raises(assessing.Overtaken) as overtaken:
        assess(incident, handler, how=decision(2), after=1)

    assert overtaken.value.assessment.number == 2


ALONE = thrive.VideoReason("no_appointment_needed", "", ("Grade 4: settled without one",))
TWICE = thrive.VideoReason("no_appointment_needed", "", ("Grade 4", "not a police matter"))
PHONE = thrive.VideoReason("no_device_or_data", "", ("not asked",))


@pytest.mark.parametrize(
    ("recommended", "reasons", "decided", "expected"),
    [
        (3, (), 3, (True, [])),
        (3, (PHONE,), 3, (False, ["no_device_or_data"])),
        (4, (ALONE,), 3, (True, [])),
        (4, (ALONE, PHONE), 3, (False, ["no_device_or_data"])),
        (4, (TWICE,), 3, (False, ["no_appointment_needed"])),
        (3, (), 2, (False, ["immediate_risk"])),
        (3, (), 4, (False, ["no_appointment_needed"])),
    ],
)
def test_video_at_the_grade_that_a_person_decided(recommended, reasons, decided, expected):
    scored = assessing.score(known(), policy=factories.policy())
    result = replace(scored, grade=recommended, video_reasons=reasons, video_offer=not reasons)

    assert assessing.video_at(result, decided) == expected


def test_ledger_tells_it_without_a_word_of_the_report(handler):
    incident = factories.incident()

    assess(incident, handler)

    entry = Entry.objects.get(type="incident.assessed")
    assert entry.about_id == str(incident.pk)
    assert (entry.detail["recommended"], entry.detail["decided"]) == (3, 3)
    assert "hit me" not in str(entry.detail)


def test_assessments_refuse_change_and_removal(handler):
    made = assess(factories.incident(), handler)

    for change in (
        lambda: Assessment.objects.filter(pk=made.pk).update(decided_grade=4),
        lambda: Assessment.objects.filter(pk=made.pk).delete(),
    ):
        with pytest.raises((ProgrammingError, InternalError)), transaction.atomic():
            change()


def test_database_itself_refuses_a_lower_grade_without_a_reason():
    incident = factories.incident()
    with pytest.raises(IntegrityError, match="assessment_below_needs_a_reason"):
        factories.assessment(incident, grade=3, recommended_grade=1)


def test_database_itself_refuses_video_at_any_other_grade():
    incident = factories.incident()
    with pytest.raises(IntegrityError, match="assessment_video_only_at_grade_3"):
        factories.assessment(incident, grade=2, video_offer=True)


def test_review_now_brings_the_review_forward_once():
    incident = factories.incident(grade=3)
    soon = NOON + timedelta(minutes=20)

    review = assessing.review_now(incident.pk, because="missed call", at=soon)
    assessing.review_now(incident.pk, because="message", at=soon + timedelta(minutes=5))

    review.refresh_from_db()
    incident.refresh_from_db()
    assert (review.due_at, review.because) == (soon, "missed call")
    assert incident.review_due_at == soon
    assert Entry.objects.filter(type="incident.review_asked").count() == 1
