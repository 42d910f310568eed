"""Booking: one officer, one time, one victim; and the text leaves with it or not at all."""

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils.timezone import now

from appointments import booking, change_requests, outcomes, selectors
from appointments.models import Appointment, ChangeRequest
from appointments.rosters import skills
from appointments.rosters.models import Profile
from messaging import outbox
from messaging.models import Notification, StaffTask
from tests import factories
from tests.appointments import factories as diary
from triage import offers
from triage.shifts import duty
from victimcontact.accounts.roles import Role
from victimcontact.audit.models import Entry
from victimcontact.people import plans
from victimcontact.people.models import Link
from victimcontact.people.signals import link_locked

pytestmark = pytest.mark.django_db


@pytest.fixture
def handler():
    return factories.user(Role.CALL_HANDLER)


def types():
    return [entry.type for entry in Entry.objects.order_by("at", "id")]


def test_hold_then_book_commits_event_link_and_text_together(handler):
    incident, shift = diary.video_incident(), diary.shift()

    held = diary.hold(incident, shift, handler)
    booked = booking.book(appointment_id=held.pk, by=handler, at=now())

    assert (booked.status, booked.held_until) == ("booked", None)
    assert [n.template for n in Notification.objects.all()] == ["appointment_booked"]
    assert [link.about_id for link in Link.objects.all()] == [booked.pk]
    assert {"appointment.held", "appointment.booked", "link.issued"} <= set(types())


def test_book_twice_confirms_once(handler):
    held = diary.hold(diary.video_incident(), diary.shift(), handler)

    for _ in range(2):
        booking.book(appointment_id=held.pk, by=handler, at=now())

    assert Notification.objects.count() == 1
    assert types().count("appointment.booked") == 1


def test_book_undone_when_the_text_cannot_be_written(handler, monkeypatch):
    held = diary.hold(diary.video_incident(), diary.shift(), handler)

    def broken(*args, **kwargs):
        raise RuntimeError("no words")

    monkeypatch.setattr(booking.outbox, "queue", broken)
    with pytest.raises(RuntimeError):
        booking.book(appointment_id=held.pk, by=handler, at=now())

    held.refresh_from_db()
    assert held.status == "held"
    assert Link.objects.count() == 0
    assert "appointment.booked" not in types()


def test_hold_same_key_is_one_hold(handler):
    incident, shift, key = diary.video_incident(), diary.shift(), uuid.uuid4()

    first = diary.hold(incident, shift, handler, key=key)
    second = diary.hold(incident, shift, handler, key=key)

    assert first.pk == second.pk
    assert Appointment.objects.count() == 1


def test_hold_releases_the_earlier_hold_of_the_caller(handler):
    incident, shift = diary.video_incident(), diary.shift()
    first = diary.hold(incident, shift, handler)

    second = diary.hold(incident, shift, handler, starts_at=shift.during.lower + timedelta(hours=2))

    first.refresh_from_db()
    assert (first.status, second.status) == ("released", "held")


def test_hold_of_a_taken_time_gives_the_nearest_others(handler):
    shift = diary.shift()
    diary.hold(diary.video_incident(), shift, handler)

    with pytest.raises(booking.SlotTaken) as taken:
        diary.hold(diary.video_incident(), shift, handler)

    starts = [slot.starts_at - shift.during.lower for slot in taken.value.alternatives]
    assert starts[0] == timedelta(hours=1)
    assert len(starts) == 4


def test_an_officer_without_the_skill_that_is_asked_for_is_refused(handler):
    """A form that somebody wrote themselves: the list of times never named this officer."""
    shift, trained = diary.shift(), diary.shift()
    skills.ensure_usual(shift.desk.force)
    Profile.objects.create(user=shift.officer, skills=["domestic-abuse"])
    Profile.objects.create(user=trained.officer, skills=["abe"])
    incident = diary.video_incident()
    child = incident.victim
    child.date_of_birth = "2015-02-01"
    child.save()

    with pytest.raises(booking.NotLearnt) as refusal:
        diary.hold(incident, shift, handler)

    assert {slot.officer_id for slot in refusal.value.alternatives} == {trained.officer_id}
    assert not Appointment.objects.exists()
    booked = booking.book(
        appointment_id=diary.hold(incident, trained, handler).pk, by=handler, at=now()
    )
    assert shift.officer not in selectors.free_officers(booked, at=now())
    with pytest.raises(booking.NotLearnt):
        booking.reassign(
            appointment_id=booked.pk,
            officer_id=shift.officer_id,
            reason="fair load",
            by=handler,
            at=now(),
        )
    with pytest.raises(booking.NotLearnt):
        booking.move(
            appointment_id=booked.pk,
            officer_id=shift.officer_id,
            starts_at=shift.during.lower + timedelta(hours=2),
            idempotency_key=uuid.uuid4(),
            by=handler,
            at=now(),
        )
    booked.refresh_from_db()
    assert booked.status == "booked"


def test_hold_that_lapsed_can_be_taken_by_another(handler):
    shift = diary.shift()
    lapsed = diary.hold(diary.video_incident(), shift, handler)
    Appointment.objects.filter(pk=lapsed.pk).update(held_until=now() - timedelta(seconds=1))

    taken = diary.hold(diary.video_incident(), shift, handler)

    lapsed.refresh_from_db()
    assert (lapsed.status, taken.status) == ("released", "held")
    with pytest.raises(booking.HoldLapsed):
        booking.book(appointment_id=lapsed.pk, by=handler, at=now())


def test_hold_needs_a_recorded_choice_of_that_kind(handler):
    incident, shift = factories.incident(victim=diary.reachable_victim(), grade=3), diary.shift()

    with pytest.raises(booking.NotChosen):
        diary.hold(incident, shift, handler)
    factories.offer(incident, chosen="visit")
    with pytest.raises(booking.NotChosen):
        booking.hold(
            incident_id=incident.pk,
            officer_id=shift.officer_id,
            starts_at=shift.during.lower,
            idempotency_key=uuid.uuid4(),
            kind="video",
            by=handler,
            at=now(),
        )


@pytest.mark.parametrize("kind", ["video", "visit", "station"])
def test_each_kind_is_held_booked_moved_and_cancelled_alike(handler, kind):
    shift = diary.shift(diary.desk(kinds=["video", "visit", "station"], place="1 High Street"))
    incident = factories.incident(victim=diary.reachable_victim(), grade=3, at=now())
    offers.make(incident, chosen=kind, by=handler, at=now())

    held = diary.hold(incident, shift, handler)
    booked = booking.book(appointment_id=held.pk, by=handler, at=now())
    moved = booking.move(
        appointment_id=booked.pk,
        officer_id=shift.officer_id,
        starts_at=shift.during.lower + timedelta(hours=1),
        idempotency_key=uuid.uuid4(),
        by=handler,
        at=now(),
    )
    booking.cancel(appointment_id=moved.pk, reason="victim asked", by=handler, at=now())

    moved.refresh_from_db()
    offer = moved.offer
    assert (booked.kind, moved.kind, moved.status) == (kind, kind, "cancelled")
    assert (offer.chosen, offer.options) == (kind, ["video", "visit", "station"])
    assert "A police station. You come to us" in offer.words
    name = "appointment" if kind == "video" else "meeting"
    assert sorted(Notification.objects.values_list("template", flat=True)) == [
        f"{name}_{news}" for news in ("booked", "cancelled", "moved")
    ]


def test_whoever_changes_their_mind_is_moved_to_the_new_kind_with_both_choices_kept(handler):
    shift = diary.shift(diary.desk(kinds=["video", "visit"]))
    incident = diary.video_incident()
    held = diary.hold(incident, shift, handler)
    booked = booking.book(appointment_id=held.pk, by=handler, at=now())

    offers.make(incident, chosen="visit", by=handler, at=now())
    moved = booking.move(
        appointment_id=booked.pk,
        officer_id=shift.officer_id,
        starts_at=shift.during.lower + timedelta(hours=1),
        idempotency_key=uuid.uuid4(),
        by=handler,
        at=now(),
    )

    booked.refresh_from_db()
    assert [(a.kind, a.offer.chosen, a.status) for a in (booked, moved)] == [
        ("video", "video", "cancelled"),
        ("visit", "visit", "booked"),
    ]
    with pytest.raises(IntegrityError), transaction.atomic():
        Appointment.objects.filter(pk=moved.pk).update(status="waiting")


def test_a_visit_nobody_spoke_of_is_asked_about_once_and_not_called_missed(handler):
    incident = factories.incident(victim=diary.reachable_victim(), grade=3, at=now())
    factories.offer(incident, chosen="visit", at=now())
    visit = diary.appointment(incident, kind="visit", starts_at=now() - timedelta(hours=3))

    for _ in range(2):
        outcomes.mark_missed(at=now())
    outcomes.met(appointment_id=visit.pk, by=handler, at=now())

    visit.refresh_from_db()
    [task] = StaffTask.objects.all()
    assert (visit.status, task.kind, task.done_by) == ("ended", "missed", handler)


def test_a_witness_has_an_own_choice_and_appointment_beside_the_victims(handler):
    desk = diary.desk()
    incident, shift, other = diary.video_incident(), diary.shift(desk), diary.shift(desk)
    diary.appointment(incident, at_shift=shift)
    witness = diary.reachable_victim()
    wish = {"incident_id": incident.pk, "officer_id": other.officer_id, "by": handler}
    wish |= {"starts_at": other.during.lower, "witness": witness, "at": now()}

    with pytest.raises(booking.NotChosen):  # the victim's choice is not the witness's
        booking.hold(**wish, idempotency_key=uuid.uuid4())
    offers.make(incident, chosen="station", contact=witness, by=handler, at=now())
    offers.make(incident, chosen="video", contact=witness, by=handler, at=now())
    held = booking.hold(**wish, idempotency_key=uuid.uuid4())
    booked = booking.book(appointment_id=held.pk, by=handler, at=now())

    assert (booked.role, booked.contact) == ("witness", witness)
    assert Notification.objects.get().contact == witness
    assert incident.current_offer.contact is None
    incident.refresh_from_db()
    assert incident.response == "video"


def test_follow_up_is_booked_inside_the_call_and_only_once(handler):
    call = diary.appointment(status="in_call", starts_at=now() - timedelta(minutes=20))
    wish = {"appointment_id": call.pk, "officer_id": call.officer_id, "by": handler, "at": now()}
    wish["starts_at"] = call.officer.shifts.get().during.lower + timedelta(hours=1)
    key = uuid.uuid4()

    first = booking.follow_up(**wish, idempotency_key=key)
    again = booking.follow_up(**wish, idempotency_key=key)
    with pytest.raises(booking.AlreadyBooked):
        booking.follow_up(**wish, idempotency_key=uuid.uuid4())

    call.refresh_from_db()
    assert (first.pk, first.follows_id, first.contact) == (again.pk, call.pk, call.contact)
    assert (call.status, first.status) == ("in_call", "booked")


def put_through(incident, by, key=None):
    return booking.now(
        incident_id=incident.pk,
        words="May I put you through to an officer now?",
        context="Ex-partner left at 6. Alone.",
        idempotency_key=key or uuid.uuid4(),
        by=by,
        at=now(),
    )


def test_a_caller_is_put_through_to_whoever_is_free_this_minute(handler):
    desk, since = diary.desk(), now() - timedelta(hours=1)
    talking, busy, free = (diary.shift(desk, starts_at=since) for _ in range(3))
    diary.appointment(at_shift=talking, status="in_call", starts_at=since)
    duty.say(busy.officer, "busy", at=now())
    incident = diary.video_incident()

    made = put_through(incident, handler)

    assert (made.officer, made.status) == (free.officer, "booked")
    assert made.starts_at <= now() < made.ends_at
    assert made.passed_on.context == "Ex-partner left at 6. Alone."
    assert Notification.objects.get().template == "appointment_now"
    with pytest.raises(booking.NobodyFree):
        put_through(diary.video_incident(), handler)


def test_a_caller_is_put_through_to_nobody_who_lacks_the_skill(handler):
    shift = diary.shift(starts_at=now() - timedelta(hours=1))
    skills.ensure_usual(shift.desk.force)
    incident = diary.video_incident()
    child = incident.victim
    child.date_of_birth = "2015-02-01"
    child.save()

    with pytest.raises(booking.NobodyFree):
        put_through(incident, handler)

    Profile.objects.create(user=shift.officer, skills=["abe"])
    assert put_through(incident, handler).officer == shift.officer


def test_a_key_of_one_report_gives_nothing_of_another(handler):
    shift, key = diary.shift(), uuid.uuid4()
    diary.hold(diary.video_incident(), shift, handler, key=key)

    with pytest.raises(booking.KeyUsed):
        diary.hold(diary.video_incident(), shift, handler, key=key)


def test_hold_refused_once_a_worse_assessment_rules_video_out(handler):
    incident, shift = diary.video_incident(), diary.shift()
    factories.assessment(incident, grade=2, at=now())

    with pytest.raises(booking.NotChosen):
        diary.hold(incident, shift, handler)


def test_no_times_are_shown_once_a_worse_assessment_rules_video_out(handler, client):
    incident, _ = diary.video_incident(), diary.shift()
    factories.sign_in(client, handler)
    address = f"/diary/book/{incident.pk}/"
    assert 'name="slot"' in client.get(address).content.decode()

    factories.assessment(incident, grade=1, at=now())

    page = client.get(address).content.decode()
    assert 'name="slot"' not in page
    assert f"/triage/{incident.pk}/choice/" in page


def test_a_second_page_cannot_book_a_report_twice(handler):
    incident, shift = diary.video_incident(), diary.shift()
    held = diary.hold(incident, shift, handler)
    diary.appointment(incident, at_shift=shift, starts_at=shift.during.lower + timedelta(hours=2))

    with pytest.raises(booking.AlreadyBooked):
        booking.book(appointment_id=held.pk, by=handler, at=now())
    with pytest.raises(booking.AlreadyBooked):
        diary.hold(incident, shift, handler, starts_at=shift.during.lower + timedelta(hours=4))


def test_a_worse_grade_is_kept_though_the_call_began_this_moment(handler, monkeypatch):
    from appointments import receivers

    booked = diary.appointment()
    worse = factories.assessment(booked.incident, grade=1, at=now())

    def begun(**_):
        raise booking.NotLive

    monkeypatch.setattr(booking, "cancel", begun)
    receivers.free_the_time_of_what_is_ruled_out(
        type(worse), assessment=worse, by=handler, at=now()
    )

    booked.refresh_from_db()
    assert booked.status == "booked"


def test_hold_without_a_shift_is_refused(handler):
    shift = diary.shift()

    with pytest.raises(booking.SlotTaken):
        diary.hold(
            diary.video_incident(), shift, handler, starts_at=shift.during.upper + timedelta(days=1)
        )


def test_hold_may_not_run_past_the_end_of_the_shift(handler):
    shift = diary.shift()

    with pytest.raises(booking.SlotTaken):
        diary.hold(
            diary.video_incident(),
            shift,
            handler,
            starts_at=shift.during.upper - timedelta(minutes=30),
        )


def test_book_needs_a_number_and_an_opening_word(handler):
    incident = factories.incident(grade=3, at=now())
    factories.offer(incident, at=now())
    held = diary.hold(incident, diary.shift(), handler)

    with pytest.raises(booking.NotReachable):
        booking.book(appointment_id=held.pk, by=handler, at=now())


def test_move_frees_the_old_time_and_kills_the_old_link(handler):
    shift = diary.shift()
    old = diary.hold(diary.video_incident(), shift, handler)
    booking.book(appointment_id=old.pk, by=handler, at=now())

    new = booking.move(
        appointment_id=old.pk,
        officer_id=shift.officer_id,
        starts_at=shift.during.lower + timedelta(hours=1),
        idempotency_key=uuid.uuid4(),
        by=handler,
        at=now(),
    )

    old.refresh_from_db()
    assert (old.status, new.status, new.moved_from_id) == ("cancelled", "booked", old.pk)
    open_links = Link.objects.filter(revoked_at=None)
    assert [link.about_id for link in open_links] == [new.pk]
    assert set(Notification.objects.values_list("template", flat=True)) == {
        "appointment_booked",
        "appointment_moved",
    }


def test_reassign_keeps_time_and_link_and_tells_whoever_knew_the_name(handler):
    desk = diary.desk()
    shift, other = diary.shift(desk), diary.shift(desk)
    held = diary.hold(diary.video_incident(), shift, handler)
    booking.book(appointment_id=held.pk, by=handler, at=now())
    held.incident.victim.plans.update(officer_name_safe=True)

    for _ in range(2):
        given = booking.reassign(
            appointment_id=held.pk,
            officer_id=other.officer_id,
            reason="fair load",
            by=handler,
            at=now(),
        )

    assert (given.pk, given.officer_id, given.during) == (held.pk, other.officer_id, held.during)
    assert [link.about_id for link in open_links()] == [held.pk]
    assert sorted(Notification.objects.values_list("template", flat=True)) == [
        "appointment_booked",
        "appointment_reassigned",
    ]
    assert types().count("appointment.reassigned") == 1


def test_reassign_to_an_officer_who_is_not_free_changes_nothing(handler):
    desk = diary.desk()
    booked, busy = diary.appointment(at_shift=diary.shift(desk)), diary.shift(desk)
    diary.appointment(at_shift=busy, starts_at=booked.starts_at)
    stranger = factories.user(Role.VIDEO_OFFICER)

    for officer in (busy.officer, stranger):
        with pytest.raises(booking.SlotTaken):
            booking.reassign(
                appointment_id=booked.pk, officer_id=officer.pk, reason="x", by=handler, at=now()
            )

    before = booked.officer_id
    booked.refresh_from_db()
    assert booked.officer_id == before


def test_the_database_refuses_another_kind_than_was_chosen():
    chose_video = diary.video_incident()

    with pytest.raises(IntegrityError), transaction.atomic():
        diary.appointment(chose_video, kind="visit")


def test_cancel_drops_the_text_that_still_waits_to_be_sent(handler):
    booked = diary.appointment()
    outbox.queue(
        "appointment_reminder",
        to=booked.contact,
        about=booked,
        context={"when": booked.starts_at, "link": "L"},
        at=now(),
        not_before=booked.starts_at - timedelta(minutes=5),
    )

    booking.cancel(appointment_id=booked.pk, reason="victim asked", by=handler, at=now())

    statuses = dict(Notification.objects.values_list("template", "status"))
    assert statuses == {"appointment_reminder": "dropped", "appointment_cancelled": "queued"}


def test_move_to_a_taken_time_keeps_the_old_one(handler):
    shift = diary.shift()
    old = diary.hold(diary.video_incident(), shift, handler)
    booking.book(appointment_id=old.pk, by=handler, at=now())
    later = shift.during.lower + timedelta(hours=1)
    diary.hold(diary.video_incident(), shift, handler, starts_at=later)

    with pytest.raises(booking.SlotTaken):
        booking.move(
            appointment_id=old.pk,
            officer_id=shift.officer_id,
            starts_at=later,
            idempotency_key=uuid.uuid4(),
            by=handler,
            at=now(),
        )

    old.refresh_from_db()
    assert old.status == "booked"
    assert Link.objects.get().revoked_at is None


def test_cancel_twice_tells_once(handler):
    booked = diary.appointment()

    for _ in range(2):
        booking.cancel(appointment_id=booked.pk, reason="victim asked", by=handler, at=now())

    assert [n.template for n in Notification.objects.all()] == ["appointment_cancelled"]


def test_asking_for_a_change_asks_a_person_and_keeps_the_time():
    booked = diary.appointment()

    for _ in range(2):
        change_requests.ask(
            appointment_id=booked.pk, wish=ChangeRequest.Wish.VISIT, by=None, at=now()
        )

    booked.refresh_from_db()
    assert booked.status == "booked"
    assert ChangeRequest.objects.count() == 1
    assert [task.kind for task in StaffTask.objects.all()] == ["change_asked"]


def test_missed_appointment_becomes_a_task_once():
    missed = diary.appointment(starts_at=now() - timedelta(hours=3))

    marked = [outcomes.mark_missed(at=now()) for _ in range(2)]

    missed.refresh_from_db()
    assert (marked, missed.status) == ([1, 0], "missed")
    assert [task.kind for task in StaffTask.objects.all()] == ["missed"]


def test_worse_grade_frees_the_time_and_tells_the_victim(handler):
    from triage import signals as triage_signals

    booked = diary.appointment()
    worse = factories.assessment(booked.incident, grade=1, at=now())

    with transaction.atomic():
        triage_signals.assessed.send(
            sender=type(worse),
            assessment=worse,
            before=worse.supersedes,
            incident=booked.incident,
            by=handler,
            at=now(),
        )

    booked.refresh_from_db()
    assert (booked.status, booked.cancelled_reason) == ("cancelled", "worse grade")
    assert [n.template for n in Notification.objects.all()] == ["appointment_cancelled"]


def test_double_booking_is_refused_by_the_database_itself():
    first = diary.appointment()
    shift = first.officer.shifts.get()

    with pytest.raises(IntegrityError), transaction.atomic():
        diary.appointment(at_shift=shift, starts_at=first.starts_at + timedelta(minutes=30))


def open_links():
    return list(Link.objects.filter(revoked_at=None))


def test_send_link_again_shuts_the_old_one(handler):
    held = diary.hold(diary.video_incident(), diary.shift(), handler)
    booking.book(appointment_id=held.pk, by=handler, at=now())
    [old] = open_links()

    booking.send_link_again(appointment_id=held.pk, by=handler, at=now())

    old.refresh_from_db()
    assert old.revoked_reason == "sent again"
    assert [link.about_id for link in open_links()] == [held.pk]
    assert sorted(Notification.objects.values_list("template", "status")) == [
        ("appointment_booked", "dropped"),
        ("link_again", "queued"),
    ]


def test_another_number_shuts_the_old_link_and_sends_a_new_one(handler):
    held = diary.hold(diary.video_incident(), diary.shift(), handler)
    booked = booking.book(appointment_id=held.pk, by=handler, at=now())
    [old] = open_links()

    plans.set_plan(
        booked.contact, by=handler, at=now(), channels={"sms": "safe"}, phone="+442079460177"
    )

    old.refresh_from_db()
    assert old.revoked_reason == "number changed"
    assert [link.about_id for link in open_links()] == [booked.pk]
    assert Notification.objects.get(status="queued").template == "link_again"


def test_locked_link_asks_a_person_to_ring(handler):
    held = diary.hold(diary.video_incident(), diary.shift(), handler)
    booking.book(appointment_id=held.pk, by=handler, at=now())

    link_locked.send(sender=Link, link=open_links()[0], at=now())

    assert [task.kind for task in StaffTask.objects.all()] == ["link_locked"]
