"""Who may come in, who sits where, and what a lost broker may not break."""

import base64
import hashlib
import hmac
import uuid
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils.timezone import now

from appointments import protocol, rooms
from appointments.models import Appointment, Presence
from tests import factories as people
from tests.appointments import room_world as world
from victimcontact.accounts.roles import Role
from victimcontact.audit.models import Entry
from victimcontact.people import links, visits

pytestmark = pytest.mark.django_db


@pytest.fixture
def appointment():
    return world.appointment()


@pytest.fixture
def opened(appointment):
    return world.open_link(appointment)


def status_of(appointment):
    appointment.refresh_from_db()
    return appointment.status


def entries(kind):
    return list(Entry.objects.filter(type__startswith=kind).order_by("at", "id"))


def admitted(appointment, opened):
    rooms.enter_waiting_room(appointment_id=appointment.pk, visit=opened.visit, at=now())
    rooms.admit(
        appointment_id=appointment.pk,
        visit_id=opened.visit.pk,
        by=appointment.officer,
        at=now(),
    )
    appointment.refresh_from_db()


# Where it stands


def test_the_way_through(appointment, opened):
    officer = appointment.officer
    assert rooms.stage_for_victim(appointment, opened.visit) == protocol.BOOKED

    rooms.enter_waiting_room(appointment_id=appointment.pk, visit=opened.visit, at=now())
    assert status_of(appointment) == "waiting"
    assert rooms.stage_for_officer(appointment, now()) == (protocol.WAITING, opened.visit)

    rooms.admit(appointment_id=appointment.pk, visit_id=opened.visit.pk, by=officer, at=now())
    assert status_of(appointment) == "in_call"
    assert rooms.stage_for_officer(appointment, now()) == (protocol.ADMITTED, None)
    assert rooms.stage_for_victim(appointment, opened.visit) == protocol.ADMITTED

    rooms.end(appointment_id=appointment.pk, by=officer, at=now())
    assert status_of(appointment) == "ended"
    assert [entry.type for entry in entries("room.")] == [
        "room.waiting",
        "room.admitted",
        "room.ended",
    ]


def test_each_step_asked_twice_is_done_once(appointment, opened):
    officer = appointment.officer
    for _ in range(2):
        rooms.enter_waiting_room(appointment_id=appointment.pk, visit=opened.visit, at=now())
    for _ in range(2):
        rooms.admit(appointment_id=appointment.pk, visit_id=opened.visit.pk, by=officer, at=now())
    for _ in range(2):
        rooms.end(appointment_id=appointment.pk, by=officer, at=now())

    assert len(entries("room.")) == 3


def test_the_waiting_room_opens_half_an_hour_before(appointment, opened):
    opens = rooms.opens_at(appointment)
    assert appointment.starts_at - opens == timedelta(minutes=30)
    with pytest.raises(rooms.TooEarly):
        rooms.enter_waiting_room(
            appointment_id=appointment.pk, visit=opened.visit, at=opens - timedelta(seconds=1)
        )
    rooms.enter_waiting_room(appointment_id=appointment.pk, visit=opened.visit, at=opens)
    assert status_of(appointment) == "waiting"


@pytest.mark.parametrize("status", ["cancelled", "missed", "ended"])
def test_nobody_waits_for_what_is_over(status):
    fields = {"cancelled_at": now(), "cancelled_reason": "x"} if status == "cancelled" else {}
    appointment = world.appointment(status=status, **fields)
    opened = world.open_link(appointment)
    with pytest.raises(rooms.NotNow):
        rooms.enter_waiting_room(appointment_id=appointment.pk, visit=opened.visit, at=now())


def test_only_whom_the_officer_saw_is_let_in(appointment, opened):
    rooms.enter_waiting_room(appointment_id=appointment.pk, visit=opened.visit, at=now())
    again = world.open_again(opened.token)

    with pytest.raises(rooms.NobodyWaiting):
        rooms.admit(
            appointment_id=appointment.pk,
            visit_id=opened.visit.pk,
            by=appointment.officer,
            at=now(),
        )

    assert status_of(appointment) == "waiting"
    assert rooms.stage_for_officer(appointment, now()) == (protocol.WAITING, again.visit)


@pytest.mark.parametrize("visit_id", ["", "nonsense", uuid.uuid4()])
def test_nobody_in_particular_is_not_let_in(appointment, opened, visit_id):
    rooms.enter_waiting_room(appointment_id=appointment.pk, visit=opened.visit, at=now())
    with pytest.raises(rooms.NobodyWaiting):
        rooms.admit(
            appointment_id=appointment.pk, visit_id=visit_id, by=appointment.officer, at=now()
        )


def test_a_link_opened_anew_in_the_call_waits_again(appointment, opened):
    admitted(appointment, opened)
    again = world.open_again(opened.token)

    assert rooms.stage_for_victim(appointment, again.visit) == protocol.WAITING
    assert rooms.stage_for_officer(appointment, now()) == (protocol.WAITING, again.visit)

    rooms.admit(
        appointment_id=appointment.pk, visit_id=again.visit.pk, by=appointment.officer, at=now()
    )
    appointment.refresh_from_db()
    assert rooms.stage_for_victim(appointment, again.visit) == protocol.ADMITTED
    assert rooms.stage_for_victim(appointment, opened.visit) == protocol.WAITING


def test_a_revoked_link_lets_nobody_in(appointment, opened):
    rooms.enter_waiting_room(appointment_id=appointment.pk, visit=opened.visit, at=now())
    links.revoke(opened.visit.link, by=None, at=now(), reason="lost phone")
    with pytest.raises(rooms.NobodyWaiting):
        rooms.admit(
            appointment_id=appointment.pk,
            visit_id=opened.visit.pk,
            by=appointment.officer,
            at=now(),
        )


def test_a_call_that_never_began_cannot_end(appointment):
    with pytest.raises(rooms.NotNow):
        rooms.end(appointment_id=appointment.pk, by=appointment.officer, at=now())


def test_who_may_enter(appointment):
    force = appointment.incident.force
    expected = [
        (appointment.officer, True),
        (people.user(Role.SUPERVISOR, at_force=force), True),
        (people.user(Role.VIDEO_OFFICER, at_force=force), False),
        (people.user(Role.CALL_HANDLER, at_force=force), False),
        (people.user(Role.OFFICER_IN_CHARGE, at_force=force), False),
        (people.user(Role.SUPERVISOR, at_force=people.force("elsewhere")), False),
        (people.user(), False),
    ]
    assert [rooms.may_enter(user, appointment) for user, _ in expected] == [
        answer for _, answer in expected
    ]


def test_an_exit_is_remembered_until_they_are_back(appointment, opened):
    admitted(appointment, opened)
    assert rooms.has_exited(appointment) is False
    visits.end(opened.visit, at=now(), why="exit")
    assert rooms.has_exited(appointment) is True
    world.open_again(opened.token)
    assert rooms.has_exited(appointment) is False


def test_truth_for_the_victim_names_nobody(appointment, opened):
    truth = str(rooms.truth_for_victim(appointment, visit=opened.visit, at=now()))
    for word in (appointment.contact.name, appointment.officer.last_name, "police"):
        assert word not in truth


# Seats


def take(appointment, opened, **more):
    return rooms.take_seat(
        appointment=appointment,
        side="victim",
        by=opened.visit,
        **{"channel": "one", "at": now(), **more},
    )


def test_a_seat_is_for_one(appointment, opened):
    first = take(appointment, opened)
    with pytest.raises(rooms.SeatTaken) as taken:
        take(appointment, opened, channel="two")
    assert taken.value.presence == first


def test_both_sides_have_a_seat_of_their_own(appointment, opened):
    take(appointment, opened)
    rooms.take_seat(
        appointment=appointment,
        side="officer",
        by=appointment.officer,
        channel="two",
        at=now(),
    )
    assert Presence.objects.filter(left_at=None).count() == 2


def test_a_holder_who_does_not_answer_loses_the_seat(appointment, opened):
    first = take(appointment, opened)
    second = take(appointment, opened, channel="two", instead_of=first.pk)
    first.refresh_from_db()
    assert (first.left_why, second.left_at) == ("replaced", None)


def test_a_holder_unheard_of_loses_the_seat(appointment, opened):
    first = take(appointment, opened)
    later = now() + rooms.STALE_AFTER
    take(appointment, opened, channel="two", at=later)
    first.refresh_from_db()
    assert (first.left_why, first.left_at) == ("lost", later)


def test_the_holder_of_a_link_opened_anew_loses_the_seat(appointment, opened):
    first = take(appointment, opened)
    take(appointment, world.open_again(opened.token), channel="two")
    first.refresh_from_db()
    assert first.left_at is not None


def test_leaving_twice_is_leaving_once(appointment, opened):
    presence = take(appointment, opened)
    for why in ("exit", "closed"):
        rooms.leave_seat(presence_id=presence.pk, why=why, at=now())
    presence.refresh_from_db()
    assert presence.left_why == "exit"
    assert [entry.detail for entry in entries("room.left")] == [{"side": "victim", "why": "exit"}]


def test_who_must_go(appointment, opened):
    officer = appointment.officer
    theirs = take(appointment, opened)
    ours = rooms.take_seat(
        appointment=appointment, side="officer", by=officer, channel="two", at=now()
    )
    both = [theirs.pk, ours.pk]
    assert rooms.must_go(both, at=now()) == set()

    officer.roles = [Role.CALL_HANDLER]
    officer.save()
    assert rooms.must_go(both, at=now()) == {ours.pk}
    officer.roles = [Role.VIDEO_OFFICER]
    officer.save()
    assert rooms.must_go(both, at=now()) == set()
    officer.forces.clear()
    assert rooms.must_go(both, at=now()) == {ours.pk}
    officer.is_active = False
    officer.save()
    assert rooms.must_go(both, at=now()) == {ours.pk}
    links.revoke(opened.visit.link, by=None, at=now(), reason="lost phone")
    assert rooms.must_go(both, at=now()) == {theirs.pk, ours.pk}


def test_a_visit_that_ran_out_must_go(appointment, opened):
    presence = take(appointment, opened)
    assert rooms.must_go([presence.pk], at=opened.visit.ends_at - timedelta(seconds=1)) == set()
    assert rooms.must_go([presence.pk], at=opened.visit.ends_at) == {presence.pk}


def test_being_in_the_room_keeps_the_visit_alive(appointment, opened):
    presence = take(appointment, opened)
    later = now() + timedelta(minutes=settings.VISIT_IDLE_MINUTES - 1)
    rooms.seen([presence.pk], at=later)
    assert visits.find(opened.key, later + timedelta(minutes=2)) == opened.visit


def test_here_now_is_who_sits_or_asks(appointment, opened):
    elsewhere = world.appointment()
    both = [appointment, elsewhere]
    at = opened.visit.last_seen_at
    assert rooms.here_now(both, at) == {appointment.pk}
    later = at + rooms.SEEN_WITHIN
    assert rooms.here_now(both, later) == set()
    take(appointment, opened, at=later)
    assert rooms.here_now(both, later) == {appointment.pk}
    assert rooms.here_now(both, later + rooms.STALE_AFTER) == set()


# Relays and hints


def test_no_server_but_the_forces_own(settings, appointment):
    settings.STUN_URLS, settings.TURN_URLS = [], []
    assert rooms.ice_servers(appointment.officer, at=now()) == []


def test_relay_credentials_are_short_lived_and_name_nobody(settings, appointment):
    settings.STUN_URLS = ["stun:relay.example:3478"]
    settings.TURN_URLS = ["turn:relay.example:3478", "turns:relay.example:5349"]
    settings.TURN_SECRET = "drama"
    at = now()

    stun, turn = rooms.ice_servers(appointment.officer, at=at)

    assert stun == {"urls": ["stun:relay.example:3478"]}
    expires, name = turn["username"].split(":")
    assert int(expires) == int((at + timedelta(hours=4)).timestamp())
    assert str(appointment.officer.pk) not in name
    expected = hmac.new(b"drama", turn["username"].encode(), hashlib.sha1).digest()
    assert base64.b64decode(turn["credential"]) == expected


def test_a_lost_broker_does_not_fail_the_request(
    appointment, opened, django_capture_on_commit_callbacks, monkeypatch, caplog
):
    class Broken:
        async def group_send(self, name, message):
            raise ConnectionError("gone")

    monkeypatch.setattr(rooms, "get_channel_layer", Broken)
    with django_capture_on_commit_callbacks(execute=True):
        rooms.enter_waiting_room(appointment_id=appointment.pk, visit=opened.visit, at=now())

    assert status_of(appointment) == Appointment.Status.WAITING
    assert [record.getMessage().split(" after")[0] for record in caplog.records] == [
        "Room hint lost"
    ]


def test_device_tests_are_kept(appointment, opened):
    rooms.record_devices(
        appointment=appointment,
        visit=opened.visit,
        has_camera=False,
        has_microphone=True,
        problem="absent",
        at=now(),
    )
    found = appointment.device_tests.get()
    assert (found.has_camera, found.has_microphone, found.problem) == (False, True, "absent")


def test_a_call_left_open_keeps_nobody_out_of_the_next():
    left = world.appointment(status="in_call", starts_in=-timedelta(hours=25), admitted_at=now())
    following = world.appointment(of=left.incident, status="waiting")
    visit = world.open_link(following).visit

    rooms.admit(appointment_id=following.pk, visit_id=visit.pk, by=following.officer, at=now())

    assert {each.status for each in left.incident.appointments.all()} == {"ended", "in_call"}
