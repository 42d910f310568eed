import uuid
from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from tests import factories
from tests.at_once import at_once, broken
from tests.factories import NOON
from triage import signals
from triage.control import closing, dispatching, telling
from triage.control.models import CallerTold, Dispatch, DispatchStep
from triage.models import Assessment, Incident
from victimcontact.accounts.roles import Role
from victimcontact.audit.models import Entry

SOON = NOON + timedelta(minutes=5)


def send(incident, by, at=SOON, **more):
    given = {"reason": "He is at the door", "told": "call"} | more
    return dispatching.send_now(incident, by=by, at=at, **given)


def test_send_now_grades_at_once_asks_and_tells(incident, handler):
    dispatch = send(incident, handler)

    incident.refresh_from_db()
    assessment = incident.current_assessment
    assert (incident.grade, assessment.number) == (1, 2)
    assert (assessment.decided_by, assessment.reason) == (handler, "He is at the door")
    assert incident.due_at == SOON + timedelta(minutes=15)
    assert (dispatch.where, dispatch.safety_note) == ("12 Mill Lane", "Dog in the yard")
    assert dispatch.assessment == assessment
    assert dispatch.state == "asked"
    assert [(told.what, told.how) for told in incident.told.all()] == [("officers", "call")]
    assert telling.owed_for(incident, at=SOON) == []
    entries = Entry.objects.filter(about_id=str(incident.pk), at=SOON)
    assert sorted(entries.values_list("type", flat=True)) == [
        "caller.owed",
        "caller.told",
        "incident.assessed",
        "officers.sent",
    ]


def test_send_now_ends_video_on_offer(incident, handler):
    assert incident.current_assessment.video_offer

    send(incident, handler)

    assert not incident.current_assessment.video_offer


@pytest.mark.parametrize(
    "role", [Role.CALL_HANDLER, Role.VIDEO_OFFICER, Role.TEAM_LEADER, Role.OFFICER_IN_CHARGE]
)
def test_send_now_anyone_may(incident, role):
    dispatch = send(incident, factories.user(role))

    assert dispatch.incident.grade is not None
    assert Incident.objects.get(pk=incident.pk).grade == 1


def test_send_now_needs_a_reason_and_who_was_told(incident, handler):
    with pytest.raises(dispatching.ReasonMissing):
        send(incident, handler, reason="  ")
    with pytest.raises(telling.NotSaid):
        send(incident, handler, told="")
    with pytest.raises(telling.NotSaid):
        send(incident, handler, told="call", not_told_because="No answer")
    with pytest.raises(telling.NotSaid):
        send(incident, handler, told="text")

    assert (Dispatch.objects.count(), Assessment.objects.count()) == (0, 1)


def test_send_now_not_told_keeps_why(incident, handler):
    send(incident, handler, told="", not_told_because="The line is dead")

    told = incident.told.get()
    assert (told.what, told.how, told.because) == ("officers", "not_told", "The line is dead")
    assert telling.owed_for(incident, at=SOON) == []


def test_send_now_again_adds_the_reason_to_the_standing_one(incident, handler, leader):
    first = send(incident, handler)

    again = send(incident, leader, at=SOON + timedelta(minutes=2), reason="He broke the window")

    assert again == first
    steps = [(step.state, step.is_again, step.note) for step in first.steps.all()]
    assert steps == [("asked", False, ""), ("asked", True, "He broke the window")]
    assert Assessment.objects.count() == 2
    assert incident.told.count() == 2


def test_send_now_once_for_one_form(incident, handler):
    key = uuid.uuid4()

    first = send(incident, handler, idempotency_key=key)
    dispatching.step(first, state="arrived", by=handler, at=SOON)
    second = send(incident, handler, at=SOON + timedelta(seconds=1), idempotency_key=key)

    assert second == first
    assert DispatchStep.objects.count() == 2


@pytest.mark.parametrize("ended", ["stood_down", "arrived"])
def test_send_now_from_a_page_gone_back_to_asks_anew(incident, handler, ended):
    key = uuid.uuid4()
    first = send(incident, handler, idempotency_key=key)
    dispatching.step(first, state=ended, note="Called off", by=handler, at=SOON)

    again = send(incident, handler, at=SOON + timedelta(minutes=2), idempotency_key=key)

    assert again != first
    assert again.is_waiting


def test_send_now_with_the_key_of_another_incident_asks_for_this_one(incident, handler):
    key = uuid.uuid4()
    other = send(factories.incident(grade=3, at=NOON), handler, idempotency_key=key)

    made = send(incident, handler, idempotency_key=key)

    assert made.incident == incident
    assert made != other


def test_send_now_after_arrival_is_another_dispatch(incident, handler):
    first = send(incident, handler)
    dispatching.step(first, state="arrived", by=handler, at=SOON)

    second = send(incident, handler, at=SOON + timedelta(hours=1))

    assert [first.number, second.number] == [1, 2]


def test_send_now_opens_a_closed_incident(incident, handler):
    closing.close(incident, outcome="advice", reason="Content", told="call", by=handler, at=NOON)

    send(incident, handler)

    incident.refresh_from_db()
    assert (incident.status, incident.grade) == ("open", 1)


def test_send_now_tells_the_house(incident, handler):
    heard = []

    def listen(sender, **news):
        heard.append((news["incident"].pk, news["dispatch"], news["by"], news["at"]))

    signals.officers_sent.connect(listen)
    try:
        dispatch = send(incident, handler)
        send(incident, handler, reason="Another reason")
    finally:
        signals.officers_sent.disconnect(listen)

    assert heard == [(incident.pk, dispatch, handler, SOON)]


def test_step_goes_forward_once(incident, handler):
    dispatch = send(incident, handler)

    dispatching.step(dispatch, state="acknowledged", by=None, at=SOON)
    dispatching.step(dispatch, state="acknowledged", by=None, at=SOON + timedelta(minutes=1))
    dispatching.step(dispatch, state="arrived", by=None, at=SOON + timedelta(minutes=9))

    assert dispatch.state == "arrived"
    assert dispatch.steps.count() == 3
    with pytest.raises(dispatching.NotThere):
        dispatching.step(dispatch, state="stood_down", note="No", by=handler, at=SOON)


def test_step_standing_down_needs_a_reason_and_owes_the_caller(incident, handler):
    dispatch = send(incident, handler)

    with pytest.raises(dispatching.ReasonMissing):
        dispatching.step(dispatch, state="stood_down", by=handler, at=SOON)
    dispatching.step(dispatch, state="stood_down", note="He left", by=handler, at=SOON)

    owed = telling.owed_for(incident, at=SOON)
    assert [(one.what, one.because) for one in owed] == [("attendance", "officers stood down")]


def test_export_gives_what_officers_need_since_a_time(incident, handler):
    dispatch = send(incident, handler)
    dispatching.step(dispatch, state="acknowledged", by=None, at=SOON + timedelta(minutes=1))
    force = incident.force

    row = dispatching.export(force, SOON)[0]

    assert (row.incident, row.state, row.grade) == (incident.reference, "acknowledged", 1)
    assert (row.where, row.person, row.number_to_ring) == (
        "12 Mill Lane",
        "Vera Sample",
        "+447700900123",
    )
    assert row.acknowledged_at == SOON + timedelta(minutes=1)
    assert row.arrived_at is None
    assert dispatching.export(force, SOON + timedelta(seconds=1)) == []
    assert dispatching.export(factories.force("eastvale"), NOON) == []


def test_dispatches_are_kept_as_they_were(incident, handler):
    dispatch = send(incident, handler)

    for change in (
        lambda: Dispatch.objects.filter(pk=dispatch.pk).update(number=9),
        lambda: DispatchStep.objects.all().delete(),
        lambda: CallerTold.objects.update(how="call"),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


@pytest.mark.django_db(transaction=True)
def test_send_now_two_at_once_make_one_dispatch(incident, handler, leader):
    found = at_once(
        lambda: send(incident, handler, reason="He has a knife"),
        lambda: send(incident, leader, reason="Screams on the line"),
    )

    assert broken(found) == []
    assert len(set(found)) == 1
    dispatch = Dispatch.objects.get()
    assert Assessment.objects.filter(incident=incident, decided_grade=1).count() == 1
    notes = {dispatch.reason, *dispatch.steps.filter(is_again=True).values_list("note", flat=True)}
    assert len(notes) == 1 or notes == {"He has a knife", "Screams on the line"}
    assert [step.note for step in dispatch.steps.filter(is_again=True)] == list(
        {"He has a knife", "Screams on the line"} - {dispatch.reason}
    )
