import uuid
from functools import partial

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from messaging import staff_tasks
from messaging.models import Notification, StaffTask
from tests import factories
from tests.at_once import at_once
from tests.triage.partners.factories import DAY, HOUR, MINUTE, NOON, agency, asked, referral
from triage.partners import jobs, referring
from triage.partners.models import Referral, ReferralMove
from victimcontact.accounts.roles import Role
from victimcontact.audit.models import Entry

pytestmark = pytest.mark.django_db
CHILDREN = "children_social_care"


@pytest.fixture
def handler(db):
    return factories.user(Role.CALL_HANDLER)


@pytest.fixture
def incident(db):
    return factories.incident(grade=3)


def moves(of):
    return [(move.before, move.after, move.note) for move in of.moves.order_by("number")]


def entries(of):
    return list(
        Entry.objects.filter(about_id=str(of.pk))
        .order_by("at", "id")
        .values_list("type", flat=True)
    )


# Made


def test_make_keeps_what_was_asked_and_awaits_receipt(incident, handler):
    to = agency(kind=CHILDREN)

    made = referring.make(incident, agency=to, **asked(card="child_at_home"), by=handler, at=NOON)

    made.refresh_from_db()
    assert (made.status, made.due_at, made.chase_at) == ("made", NOON + DAY, NOON + DAY)
    assert (made.made_by, made.force, made.card) == (handler, incident.force, "child_at_home")
    assert moves(made) == [("", "made", "")]
    assert entries(made) == ["referral.made"]


def test_make_sends_nothing(incident, handler):
    referral(incident, to=agency(kind=CHILDREN, email="desk@example.org"), by=handler)

    assert not Notification.objects.exists()


def test_ledger_of_a_referral_holds_nothing_personal(incident, handler):
    made = referral(incident, asked="Robin Example, 12 Example Street", by=handler)

    detail = Entry.objects.get(about_id=str(made.pk)).detail
    assert detail == {
        "agency": "Housing",
        "way": "telephone",
        "consent": "given",
        "ground": "",
        "card": "",
    }


def test_make_twice_with_one_form_makes_one(incident, handler):
    fields = asked()

    both = [
        referring.make(incident, agency=agency(), **fields, by=handler, at=NOON) for _ in range(2)
    ]

    assert both[0] == both[1]
    assert Referral.objects.count() == ReferralMove.objects.count() == 1


def test_make_is_refused_while_the_agency_owes_an_answer(incident, handler):
    first = referral(incident)

    with pytest.raises(referring.AlreadyReferred) as already:
        referral(incident, by=handler)

    assert already.value.referral == first


def test_make_again_once_it_was_declined(incident, handler):
    first = referral(incident)
    referring.move(first.pk, to="declined", note="Not theirs", seen="made", by=handler, at=NOON)

    again = referral(incident, by=handler)

    assert (again.status, again != first) == ("made", True)


@pytest.mark.parametrize("consent", ["refused", "not_asked"])
def test_make_without_consent_needs_a_ground(incident, handler, consent):
    with pytest.raises(referring.GroundMissing):
        referral(incident, consent=consent, by=handler)

    made = referral(incident, consent=consent, ground="crime", by=handler)

    assert made.ground == "crime"


def test_make_without_consent_accepts_only_grounds_of_its_kind(incident, handler):
    nrm = agency(kind="nrm_first_responder")

    with pytest.raises(referring.GroundNotAccepted):
        referral(incident, to=nrm, consent="refused", ground="adult", by=handler)

    assert referral(incident, to=nrm, consent="refused", ground="duty", by=handler).ground == "duty"


def test_ground_is_dropped_where_the_person_agreed(incident, handler):
    assert referral(incident, ground="crime", by=handler).ground == ""


def test_make_to_an_agency_of_another_force_or_out_of_use_is_refused(incident, handler):
    elsewhere = agency(factories.force("southmoor"))
    closed = agency(kind=CHILDREN, is_active=False)

    for to in (elsewhere, closed):
        with pytest.raises(referring.UnknownAgency):
            referral(incident, to=to, by=handler)
    assert not Referral.objects.exists()


def test_database_refuses_consent_without_ground_and_a_second_open_referral(incident, handler):
    made = referral(incident)
    fields = {
        name: getattr(made, name)
        for name in ("force", "incident", "agency", "way", "asked", "made_by", "made_at")
    }
    clocks = {"due_at": NOON, "chase_at": NOON, "consent": "given", "key": uuid.uuid4()}

    for wrong in (
        {},
        {"agency": agency(kind=CHILDREN), "consent": "refused"},
        {"agency": agency(kind=CHILDREN), "due_at": None},
        {"agency": agency(kind=CHILDREN), "status": "answered"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Referral.objects.create(**{**fields, **clocks, **wrong})


# Followed


def test_move_to_received_starts_the_clock_of_the_answer(handler):
    made = referral(to=agency(kind="mental_health_crisis"))

    moved = referring.move(made.pk, to="received", seen="made", by=handler, at=NOON + HOUR)

    assert (moved.status, moved.received_at) == ("received", NOON + HOUR)
    assert (moved.due_at, moved.chase_at) == (NOON + 25 * HOUR, NOON + 25 * HOUR)


@pytest.mark.parametrize("to", ["answered", "declined", "withdrawn"])
def test_move_to_the_end_needs_words_and_stops_the_clocks(handler, to):
    made = referral()
    referring.move(made.pk, to="received", seen="made", by=handler, at=NOON)

    with pytest.raises(referring.NoteMissing):
        referring.move(made.pk, to=to, note=" ", seen="received", by=handler, at=NOON)
    moved = referring.move(made.pk, to=to, note="As told", seen="received", by=handler, at=NOON)

    assert (moved.status, moved.due_at, moved.chase_at) == (to, None, None)
    assert moves(made)[-1] == ("received", to, "As told")
    assert entries(made) == ["referral.made", "referral.received", f"referral.{to}"]


def test_answer_at_once_confirms_by_itself(handler):
    made = referral()

    moved = referring.move(
        made.pk, to="answered", note="Visiting", seen="made", by=handler, at=NOON
    )

    assert moved.received_at == NOON
    assert moves(made) == [
        ("", "made", ""),
        ("made", "received", ""),
        ("received", "answered", "Visiting"),
    ]


@pytest.mark.parametrize("end", ["answered", "declined", "withdrawn"])
@pytest.mark.parametrize("to", ["made", "received", "answered", "declined", "withdrawn"])
def test_nothing_follows_on_an_end(handler, end, to):
    made = referral()
    referring.move(made.pk, to=end, note="So", seen="made", by=handler, at=NOON)

    with pytest.raises(referring.MayNotMove):
        referring.move(made.pk, to=to, note="And", seen=end, by=handler, at=NOON)
    with pytest.raises(referring.MayNotMove):
        referring.chase(made.pk, note="Again", seen=end, by=handler, at=NOON)


def test_move_by_who_saw_another_state_is_refused(handler):
    made = referral()
    referring.move(made.pk, to="received", seen="made", by=handler, at=NOON)

    with pytest.raises(referring.Overtaken) as overtaken:
        referring.move(made.pk, to="withdrawn", note="Mine", seen="made", by=handler, at=NOON)

    assert overtaken.value.referral.status == "received"


def test_database_refuses_a_move_that_the_table_does_not_have(handler):
    made = referral()
    row = {"referral": made, "note": "x", "has_note": True, "at": NOON, "by": handler}
    wrong = [("made", "answered"), ("answered", "made"), ("", "received"), ("declined", "declined")]

    for number, (before, after) in enumerate(wrong, start=2):
        with pytest.raises(IntegrityError), transaction.atomic():
            ReferralMove.objects.create(**row, number=number, before=before, after=after)


def test_database_refuses_to_change_what_was_told_or_what_is_settled(handler):
    made = referral()

    with pytest.raises(DatabaseError), transaction.atomic():
        Referral.objects.filter(pk=made.pk).update(consent="refused", ground="crime")
    referring.move(made.pk, to="withdrawn", note="Moved", seen="made", by=handler, at=NOON)
    with pytest.raises(DatabaseError), transaction.atomic():
        Referral.objects.filter(pk=made.pk).update(settled_at=NOON + DAY)
    with pytest.raises(DatabaseError), transaction.atomic():
        Referral.objects.filter(pk=made.pk).delete()


# Chased


def test_late_referral_becomes_one_task_that_opens_it(handler):
    made = referral(to=agency(kind="mental_health_crisis"))

    early = jobs.chase_late_referrals(made.due_at)
    late = [jobs.chase_late_referrals(made.due_at + MINUTE) for _ in range(2)]

    assert (early, late) == (0, [1, 0])
    task = StaffTask.objects.get()
    assert (task.kind, task.about_type, task.about_id) == (
        "referral_late",
        "partners.referral",
        made.pk,
    )
    assert task.reason.startswith(f"{made.incident.reference}: no receipt in time from")
    assert Entry.objects.filter(type="referral.late", about_id=str(made.pk)).count() == 1


def test_task_is_not_doubled_while_it_waits_and_comes_again_after_it_was_done(handler):
    made = referral(to=agency(kind="mental_health_crisis"))
    at = made.due_at + MINUTE
    jobs.chase_late_referrals(at)

    jobs.chase_late_referrals(at + 5 * HOUR)
    waiting = StaffTask.objects.count()
    staff_tasks.done(StaffTask.objects.get().pk, note="Rang", by=handler, at=at + 6 * HOUR)
    jobs.chase_late_referrals(at + 10 * HOUR)

    assert waiting == 1
    assert StaffTask.objects.filter(done_at=None).count() == 1


def test_chase_is_kept_finishes_the_task_and_asks_again_later(handler):
    made = referral(to=agency(kind="mental_health_crisis"))
    at = made.due_at + MINUTE
    jobs.chase_late_referrals(at)

    chased = referring.chase(made.pk, note="They look today", seen="made", by=handler, at=at)

    assert moves(made)[-1] == ("made", "made", "They look today")
    assert (chased.status, chased.due_at, chased.chase_at) == ("made", made.due_at, at + 4 * HOUR)
    assert StaffTask.objects.get().done_by == handler
    assert jobs.chase_late_referrals(at + 4 * HOUR + MINUTE) == 1
    assert StaffTask.objects.filter(done_at=None).count() == 1


def test_chase_before_it_is_late_puts_no_task_off(handler):
    made = referral(to=agency(kind="ambulance"))

    chased = referring.chase(made.pk, note="Rang", seen="made", by=handler, at=NOON)

    assert chased.chase_at == made.due_at


def test_answer_finishes_the_task_but_not_one_that_somebody_else_holds(handler):
    other = factories.user(Role.TEAM_LEADER)
    mine, theirs = (referral(to=agency(kind="mental_health_crisis")) for _ in range(2))
    jobs.chase_late_referrals(NOON + DAY)
    staff_tasks.take(StaffTask.objects.get(about_id=theirs.pk).pk, by=other, at=NOON + DAY)

    for each in (mine, theirs):
        referring.move(each.pk, to="answered", note="Done", seen="made", by=handler, at=NOON + DAY)

    assert StaffTask.objects.get(about_id=mine.pk).done_by == handler
    assert StaffTask.objects.get(about_id=theirs.pk).done_at is None


# Two at once


@pytest.mark.django_db(transaction=True)
def test_two_handlers_who_refer_at_once_make_one():
    incident, to = factories.incident(grade=3), agency()
    handlers = [factories.user(Role.CALL_HANDLER) for _ in range(2)]

    found = at_once(*(partial(referral, incident, to=to, by=by) for by in handlers))

    assert Referral.objects.count() == 1
    assert sorted(type(each).__name__ for each in found) == ["AlreadyReferred", "Referral"]


@pytest.mark.django_db(transaction=True)
def test_two_who_move_at_once_one_is_told():
    made = referral()
    by = made.made_by

    found = at_once(
        lambda: referring.move(made.pk, to="declined", note="No", seen="made", by=by, at=NOON),
        lambda: referring.move(made.pk, to="withdrawn", note="We", seen="made", by=by, at=NOON),
    )

    assert sorted(type(each).__name__ for each in found) == ["Overtaken", "Referral"]
    assert made.moves.count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_beats_at_once_raise_one_task():
    made = referral(to=agency(kind="ambulance"))
    at = made.due_at + MINUTE

    found = at_once(*[lambda: jobs.chase_late_referrals(at)] * 2)

    assert (sum(found), StaffTask.objects.count()) == (1, 1)
