from datetime import timedelta
from functools import partial

import pytest
from django.db import transaction
from django.db.utils import DatabaseError

from tests import factories
from tests.at_once import at_once, broken
from triage import signals
from triage.models import Incident
from triage.shifts import duty, ownership
from triage.shifts.models import Handover, Pin
from victimcontact.accounts.roles import Role
from victimcontact.audit.models import Entry

NOON = factories.NOON
pytestmark = pytest.mark.django_db


@pytest.fixture
def changes():
    """What ``owner_changed`` said: (incident, before, owner, by)."""
    said = []

    def listen(sender, incident, before, by, **_):
        said.append((incident, before, incident.owner, by))

    signals.owner_changed.connect(listen, weak=False, dispatch_uid="test")
    yield said
    signals.owner_changed.disconnect(dispatch_uid="test")


def owner_of(incident):
    return Incident.objects.get(pk=incident.pk).owner


def test_take_over_is_news_and_in_the_ledger_once(handler, changes):
    incident = factories.incident(grade=3)

    for _ in range(2):
        ownership.take_over(Incident.objects.get(pk=incident.pk), by=handler, at=NOON)

    assert owner_of(incident) == handler
    assert changes == [(incident, None, handler, handler)]
    entry = Entry.objects.get(type="incident.owner_changed")
    assert entry.detail == {"how": "taken over", "before": None, "to": str(handler.pk)}


def test_of_two_who_saw_nobody_the_second_is_told_who_has_it(handler, other):
    incident = factories.incident(grade=3)
    as_seen_by_both = Incident.objects.get(pk=incident.pk)

    ownership.take_over(as_seen_by_both, by=handler, at=NOON, seen=None)
    with pytest.raises(ownership.Moved) as moved:
        ownership.take_over(as_seen_by_both, by=other, at=NOON, seen=None)

    assert (moved.value.owner, owner_of(incident)) == (handler, handler)
    ownership.take_over(incident, by=other, at=NOON, seen=handler.pk)  # knowing whose it is
    assert owner_of(incident) == other


def test_a_closed_incident_is_nobodys_to_take(handler, leader):
    closed = factories.incident(
        grade=3, status="closed", closed_at=NOON, closed_by=factories.user(Role.TEAM_LEADER)
    )

    with pytest.raises(ownership.NotOpen):
        ownership.take_over(closed, by=handler, at=NOON)
    with pytest.raises(ownership.NotOpen):
        ownership.pin(closed, reason="Why not", by=leader, at=NOON)


def test_assign_needs_somebody_who_is_there_and_may_own(handler, other, leader, changes):
    incident = factories.incident(grade=3)
    officer = factories.user(Role.OFFICER_IN_CHARGE)
    elsewhere = factories.user(Role.CALL_HANDLER, at_force=factories.force("southmoor"))
    for person in (handler, officer, elsewhere):
        duty.say(person, "free", at=NOON)

    for person in (other, elsewhere):
        with pytest.raises(ownership.Away):
            ownership.assign(incident, to=person, by=leader, at=NOON)
    with pytest.raises((ownership.CannotOwn, ownership.Away)):
        ownership.assign(incident, to=officer, by=leader, at=NOON)
    assert changes == []
    ownership.assign(incident, to=handler, by=leader, at=NOON)
    ownership.assign(incident, to=None, by=leader, at=NOON, seen=handler.pk)

    assert [(before, owner) for _, before, owner, _ in changes] == [
        (None, handler),
        (handler, None),
    ]


def test_hand_over_gives_on_all_that_is_open_and_nothing_else(handler, other, changes):
    mine = [factories.incident(grade=grade, owner=handler) for grade in (1, 3)]
    person = factories.user(Role.TEAM_LEADER)
    closed = factories.incident(
        grade=3, owner=handler, status="closed", closed_at=NOON, closed_by=person
    )
    others = factories.incident(grade=2, owner=person)

    handover = ownership.hand_over(by=handler, to=other, note=" Ring her at nine ", at=NOON)

    assert [owner_of(each) for each in mine] == [other, other]
    assert [owner_of(closed), owner_of(others)] == [handler, person]
    assert set(handover.incidents.all()) == set(mine)
    assert (handover.note, handover.acknowledged_at) == ("Ring her at nine", None)
    assert {owner for _, _, owner, _ in changes} == {other}
    told = Entry.objects.get(type="shift.handed_over").detail
    assert told == {"to": str(other.pk), "incidents": 2}


def test_hand_over_to_the_pool_leaves_them_unowned(handler, other):
    incident = factories.incident(grade=3, owner=handler)

    handover = ownership.hand_over(by=handler, to=None, note="All quiet", at=NOON)
    ownership.acknowledge(handover.pk, by=other, at=NOON + timedelta(minutes=1))

    assert owner_of(incident) is None
    handover.refresh_from_db()
    assert (handover.acknowledged_by, handover.acknowledged_at) == (
        other,
        NOON + timedelta(minutes=1),
    )


def test_a_note_stays_in_the_force_that_it_is_about(other):
    north, south = factories.force(), factories.force("southmoor")
    both = factories.user(Role.CALL_HANDLER)
    both.forces.add(south)
    mine = [factories.incident(force, grade=3, owner=both) for force in (north, south)]

    with pytest.raises(ownership.WhichForce), transaction.atomic():
        ownership.hand_over(by=both, to=None, note="Her sister hides her", at=NOON)
    with pytest.raises(ownership.CannotOwn), transaction.atomic():
        ownership.hand_over(by=both, to=other, note="Over to you", force=south, at=NOON)
    assert [owner_of(each) for each in mine] == [both, both]
    made = ownership.hand_over(by=both, to=None, note="Her sister hides her", force=south, at=NOON)

    assert (made.force, list(made.incidents.all())) == (south, [mine[1]])
    assert [owner_of(each) for each in mine] == [both, None]
    assert not Handover.objects.filter(force=north).exists()


def test_hand_over_needs_a_note_something_to_hand_over_and_somebody_else(handler, other):
    with pytest.raises(ownership.NothingToHandOver):
        ownership.hand_over(by=handler, to=other, note="Nothing", at=NOON)
    incident = factories.incident(grade=3, owner=handler)
    with pytest.raises(ownership.NoteMissing):
        ownership.hand_over(by=handler, to=other, note="  ", at=NOON)
    with pytest.raises(ownership.CannotOwn):
        ownership.hand_over(by=handler, to=handler, note="To me", at=NOON)

    assert owner_of(incident) == handler
    assert not Handover.objects.exists()


def test_a_handover_by_name_is_acknowledged_by_that_person_alone_and_once(handler, other, leader):
    factories.incident(grade=3, owner=handler)
    handover = ownership.hand_over(by=handler, to=other, note="Read me", at=NOON)

    with pytest.raises(ownership.NotYours):
        ownership.acknowledge(handover.pk, by=leader, at=NOON)
    for _ in range(2):
        ownership.acknowledge(handover.pk, by=other, at=NOON)

    assert Entry.objects.filter(type="shift.acknowledged").count() == 1


def test_of_two_who_acknowledge_from_the_pool_the_second_is_told(handler, other, leader):
    factories.incident(grade=3, owner=handler)
    handover = ownership.hand_over(by=handler, to=None, note="Read me", at=NOON)

    ownership.acknowledge(handover.pk, by=other, at=NOON)
    with pytest.raises(ownership.AlreadyAcknowledged) as already:
        ownership.acknowledge(handover.pk, by=leader, at=NOON)

    assert already.value.handover.acknowledged_by == other


def test_a_handover_stays_as_it_was_written(handler, other):
    factories.incident(grade=3, owner=handler)
    handover = ownership.hand_over(by=handler, to=other, note="As it was", at=NOON)
    ownership.acknowledge(handover.pk, by=other, at=NOON)

    for changed in ({"note": "Otherwise"}, {"acknowledged_by": handler}, {"handed_to": None}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Handover.objects.filter(pk=handover.pk).update(**changed)
    with pytest.raises(DatabaseError), transaction.atomic():
        Handover.incidents.through.objects.all().delete()


def test_a_handover_not_yet_read_cannot_be_rewritten_either(handler, other):
    factories.incident(grade=3, owner=handler)
    handover = ownership.hand_over(by=handler, to=other, note="As it was", at=NOON)

    with pytest.raises(DatabaseError), transaction.atomic():
        Handover.objects.filter(pk=handover.pk).update(note="Otherwise")


def test_pin_needs_a_reason_which_the_ledger_counts_and_does_not_repeat(leader):
    incident = factories.incident(grade=4)

    with pytest.raises(ownership.ReasonMissing):
        ownership.pin(incident, reason=" ", by=leader, at=NOON)
    ownership.pin(incident, reason="Her brother is a councillor", by=leader, at=NOON)
    again = ownership.pin(incident, reason="Another", by=leader, at=NOON)

    assert (Pin.objects.get(), again.reason) == (again, "Her brother is a councillor")
    entry = Entry.objects.get(type="incident.pinned")
    assert (entry.actor, entry.detail) == (f"user:{leader.pk}", {"length": 27})
    with pytest.raises(ownership.AlreadyPinned):
        ownership.pin(incident, reason="Mine", by=factories.user(Role.SUPERVISOR), at=NOON)
    assert [ownership.unpin(incident, by=leader, at=NOON) for _ in range(2)] == [True, False]
    assert Entry.objects.filter(type="incident.unpinned").count() == 1


@pytest.mark.django_db(transaction=True)
def test_many_take_one_incident_at_once_and_one_has_it():
    people = [factories.user(Role.CALL_HANDLER) for _ in range(6)]
    incident = factories.incident(grade=3)

    found = at_once(
        *(partial(ownership.take_over, incident, by=p, at=NOON, seen=None) for p in people)
    )

    assert broken(found, ownership.Moved) == []
    winner = owner_of(incident)
    assert [each.owner if isinstance(each, ownership.Moved) else None for each in found] == [
        None if person == winner else winner for person in people
    ]
    assert Entry.objects.filter(type="incident.owner_changed").count() == 1


@pytest.mark.django_db(transaction=True)
def test_taken_over_while_it_is_handed_over_it_ends_with_one_owner():
    giver, taker, next_one = (factories.user(Role.CALL_HANDLER) for _ in range(3))
    mine = [factories.incident(grade=3, owner=giver) for _ in range(4)]

    def take():
        for incident in reversed(mine):
            ownership.take_over(incident, by=taker, at=NOON, seen=giver.pk)

    def give():
        ownership.hand_over(by=giver, to=next_one, note="Yours", at=NOON)

    found = at_once(take, give)

    assert broken(found, ownership.Moved) == []
    assert {owner_of(each) for each in mine} <= {taker, next_one}
