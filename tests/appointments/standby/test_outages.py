"""Video goes down and comes back: everybody due is rung or put back, and the books balance."""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now

from appointments import booking, outcomes
from appointments.attempts.models import Series
from appointments.models import Appointment
from appointments.standby import outages
from appointments.standby.models import Fallback, Outage
from appointments.standby.watch import DOWN_AFTER, WELL_AFTER, Watcher
from messaging.models import Notification, StaffTask
from tests import factories
from tests.appointments import room_world as world
from tests.appointments.factories import appointment as booked
from tests.appointments.test_companions import ask, open_their_link
from victimcontact.accounts.roles import Role

pytestmark = pytest.mark.django_db
Status = Appointment.Status
End = Fallback.End


@pytest.fixture
def due():
    return booked(starts_at=now() + timedelta(minutes=40))


@pytest.fixture
def down():
    return outages.begin(why=Outage.Why.SOCKETS, since=now(), at=now())


def texts(appointment):
    return list(
        Notification.objects.filter(about_id=appointment.pk)
        .order_by("queued_at")
        .values_list("template", flat=True)
    )


def test_who_is_due_within_the_hour_becomes_one_task_and_is_told_once(due, down):
    later = booked(starts_at=now() + timedelta(hours=3))

    assert outages.cover(down, at=now()) == 1
    assert outages.cover(down, at=now()) == 0

    task = StaffTask.objects.get(kind="ring_instead")
    assert (task.about_id, due.fallbacks.get().task) == (due.pk, task)
    assert texts(due).count(outages.BY_PHONE) == 1
    assert not later.fallbacks.exists()


@pytest.mark.parametrize(
    "agreed", [{"phone_watched": True}, {"channels": {"sms": "safe", "call": "unsafe"}}]
)
def test_where_the_plan_lets_nobody_ring_a_person_decides_and_no_text_promises_a_call(
    due, down, agreed
):
    plan = due.contact.plan
    type(plan).objects.filter(pk=plan.pk).update(**agreed)

    outages.cover(down, at=now())

    assert StaffTask.objects.get(kind="ring_instead").reason == outages.ASK
    assert outages.BY_PHONE not in texts(due)


def test_put_back_when_nobody_rang_and_told_only_if_told_before(due, down):
    heard = booked(starts_at=now() + timedelta(minutes=50))
    outages.cover(down, at=now())
    Notification.objects.filter(about_id=heard.pk, template=outages.BY_PHONE).update(status="sent")

    outages.end(down, at=now())

    assert {each.end for each in Fallback.objects.all()} == {End.PUT_BACK}
    assert outages.BY_VIDEO in texts(heard)
    assert outages.BY_VIDEO not in texts(due)
    assert not StaffTask.objects.filter(kind="ring_instead", done_at=None).exists()
    assert outages.current() is None
    found = outages.balance(down)
    assert found["made"] == sum(number for end, number in found.items() if end != "made") == 2


def test_who_is_being_rung_stays_a_call(due, down):
    outages.cover(down, at=now())
    officer = due.officer
    StaffTask.objects.filter(kind="ring_instead").update(taken_by=officer, taken_at=now())

    outages.end(down, at=now())
    assert due.fallbacks.get().ended_at is None
    outages.rang(due.fallbacks.get().pk, talked=True, note="We talked", by=officer, at=now())

    due.refresh_from_db()
    assert (due.status, due.fallbacks.get().end) == (Status.ENDED, End.RUNG)
    with pytest.raises(outages.Over):
        outages.rang(due.fallbacks.get().pk, talked=True, note="Again", by=officer, at=now())


@pytest.mark.parametrize("change", ["cancelled", "moved"])
def test_nobody_is_asked_to_ring_for_what_was_changed_meanwhile(due, down, change):
    outages.cover(down, at=now())
    if change == "cancelled":
        booking.cancel(appointment_id=due.pk, reason="victim asked", by=due.officer, at=now())
    else:
        booking.move(
            appointment_id=due.pk,
            officer_id=due.officer_id,
            starts_at=due.officer.shifts.get().during.lower + timedelta(hours=4),
            idempotency_key=uuid.uuid4(),
            by=due.officer,
            at=now(),
        )

    task = StaffTask.objects.get(kind="ring_instead")
    assert (task.withdrawn, due.fallbacks.get().end) == (True, End.CHANGED)


@pytest.mark.parametrize("watched", [False, True])
def test_who_is_rung_is_not_asked_to_wait_for_video(client, due, down, watched):
    beside, _, _ = open_their_link(ask(due, due.officer))
    assert "You can tell us you are here from" in beside.get("/c/").content.decode()
    victim = world.let_victim_in(client, world.open_link(due))
    ready = "I am ready: tell them I am here"
    plan = due.contact.plan
    type(plan).objects.filter(pk=plan.pk).update(phone_watched=watched)
    assert ready in victim.get("/a/").content.decode()

    outages.cover(down, at=now())

    assert "You can tell us you are here from" not in beside.get("/c/").content.decode()
    page = victim.get("/a/").content.decode()
    assert ready not in page
    assert ("We plan to ring you at the agreed time" in page) is not watched
    assert ("A person is working out how to reach you" in page) is watched
    assert victim.get("/a/state/").json()["by_phone"] == ("asked" if watched else "rung")

    outages.end(down, at=now())
    assert ready in victim.get("/a/").content.decode()


def test_not_reached_is_a_missed_appointment_and_never_a_silent_end(due, down):
    outages.cover(down, at=now())

    outages.rang(due.fallbacks.get().pk, talked=False, note="No answer", by=due.officer, at=now())

    due.refresh_from_db()
    assert due.status == Status.MISSED
    assert StaffTask.objects.filter(kind="missed", about_id=due.pk, done_at=None).exists()


def test_one_slow_answer_is_no_outage_and_one_good_one_no_recovery(due, monkeypatch):
    said = iter(["sockets", "", *["sockets"] * DOWN_AFTER, "", "sockets", *[""] * WELL_AFTER])
    watcher = Watcher(ask=lambda: next(said))
    monkeypatch.setattr("appointments.standby.watch.pump.run", lambda longest: True)
    open_after = []
    for _ in range(4 + DOWN_AFTER + WELL_AFTER):
        watcher.look()
        open_after.append(Outage.objects.filter(ended_at=None).exists())

    assert open_after.index(True) == 1 + DOWN_AFTER
    assert open_after.count(False) == 2 + DOWN_AFTER  # the last look is the one that ends it
    assert Outage.objects.count() == 1
    assert due.fallbacks.get().end == End.PUT_BACK


def test_the_page_shows_whom_to_ring_and_takes_what_came_of_it(client, due, down):
    outages.cover(down, at=now())
    officer = factories.user(Role.VIDEO_OFFICER, at_force=due.incident.force)
    factories.sign_in(client, officer)
    fallback = due.fallbacks.get()
    page = reverse("standby:telephone")

    assert due.contact.phone in client.get(page).content.decode()
    address, name = reverse("standby:rang", args=[fallback.pk]), str(fallback.pk)
    refused = client.post(address, {f"{name}-note": "They rang back"})
    assert refused.status_code == 422
    assert "Say whether you talked" in refused.content.decode()
    assert "They rang back" in refused.content.decode()
    sent = {f"{name}-talked": "yes", f"{name}-note": "They rang back"}
    assert client.post(address, sent).status_code == 302
    assert Fallback.objects.get().end == End.RUNG
    assert "rung, and talked" in client.get(page).content.decode()


def test_a_talk_that_ran_past_its_time_is_not_tried_again(due, down):
    outages.cover(down, at=now())
    assert outcomes.mark_missed(at=due.ends_at) == 1

    officer = factories.user(Role.VIDEO_OFFICER)
    fallback = due.fallbacks.get()
    outages.rang(fallback.pk, talked=True, note="We talked", by=officer, at=due.ends_at)

    assert Series.objects.get(pk=due.pk).end == "reached"
