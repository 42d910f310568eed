import uuid
from datetime import timedelta
from functools import partial

import pytest
from django.utils.timezone import now

from appointments import booking
from messaging import inbox
from tests import factories
from tests.appointments import factories as diary
from tests.at_once import at_once, broken
from tests.factories import NOON
from tests.triage.control.conftest import assess
from triage import assessing, offers, signals
from triage.control import closing, dispatching, library, telling
from triage.control.models import Closure, Reopening
from triage.models import Incident, Review

LATER = NOON + timedelta(minutes=30)


def close(incident, by, at=LATER, **more):
    given = {"outcome": "advice", "reason": "Content with the advice", "told": "call"} | more
    return closing.close(incident, by=by, at=at, **given)


def test_close_keeps_why_tells_and_ends_the_review(incident, handler):
    closure = close(incident, handler)

    incident.refresh_from_db()
    assert (incident.status, incident.closed_at, incident.closed_by) == ("closed", LATER, handler)
    assert (closure.outcome, closure.reason) == ("advice", "Content with the advice")
    assert (closure.told.what, closure.told.how) == ("closed", "call")
    assert not incident.reviews.filter(done_at=None).exists()
    assert assessing.review_now(incident.pk, because="message", at=LATER) is None


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"reason": " "}, closing.ReasonMissing),
        ({"told": ""}, telling.NotSaid),
        ({"told": "call", "not_told_because": "Both"}, telling.NotSaid),
        ({"outcome": "bored"}, KeyError),
        ({"outcome": "crime-recorded"}, closing.StandsOpen),
    ],
)
def test_close_is_refused_and_changes_nothing(incident, handler, more, error):
    with pytest.raises(error):
        close(incident, handler, **more)

    incident.refresh_from_db()
    assert incident.status == "open"
    assert not incident.told.exists()


def test_close_not_told_keeps_why_not(incident, handler):
    closure = close(incident, handler, told="", not_told_because="No answer three times")

    assert (closure.told.how, closure.told.because) == ("not_told", "No answer three times")


def test_close_settles_what_was_still_owed(incident, handler, leader):
    assess(incident, 2, by=handler, at=NOON)

    close(incident, leader)

    assert not incident.to_tell.filter(done_at=None).exists()
    assert telling.not_yet_told(incident.force, at=LATER + timedelta(days=9)) == []


def test_close_is_refused_while_no_person_has_assessed_it(incident, handler):
    Incident.objects.update(is_seen=False)

    with pytest.raises(closing.StandsOpen, match="assess it first"):
        close(incident, handler)

    assess(incident, 3, by=handler, at=LATER)
    assert close(incident, handler).closed_by == handler


@pytest.mark.parametrize("grade", [1, 2])
def test_an_urgent_one_that_nobody_met_is_closed_by_a_leader(incident, handler, leader, grade):
    assess(incident, grade, by=handler, at=NOON)
    with pytest.raises(closing.StandsOpen, match="nobody has been with them"):
        close(incident, handler)

    close(incident, leader)

    incident.refresh_from_db()
    assert incident.status == "closed"


def test_close_is_refused_while_officers_are_on_the_way(incident, handler):
    dispatch = dispatching.send_now(incident, reason="Help", told="call", by=handler, at=NOON)

    with pytest.raises(closing.StandsOpen):
        close(incident, handler)
    dispatching.step(dispatch, state="arrived", by=None, at=LATER)

    assert close(incident, handler, outcome="seen").outcome == "seen"


@pytest.mark.parametrize("status", ["held", "booked", "waiting", "in_call"])
def test_close_is_refused_while_an_appointment_stands(handler, status):
    appointment = diary.appointment(status=status)

    with pytest.raises(closing.StandsOpen) as refused:
        close(appointment.incident, handler, outcome="victim-withdrew", at=now())

    assert len(refused.value.what) == 1


def test_close_after_the_video_call_asks_nothing_more(handler):
    appointment = diary.appointment(status="ended")

    assert close(appointment.incident, handler, at=now()).outcome == "advice"


@pytest.mark.parametrize("chosen", ["video", "visit", "station"])
def test_close_is_refused_while_a_choice_waits(incident, handler, chosen):
    offers.make(incident, chosen=chosen, by=handler, at=NOON)

    with pytest.raises(closing.StandsOpen):
        close(incident, handler)

    assert close(incident, handler, outcome="victim-withdrew").outcome == "victim-withdrew"


def test_close_twice_is_refused(incident, handler, leader):
    first = close(incident, handler)

    with pytest.raises(closing.AlreadyClosed) as refused:
        close(incident, leader)

    assert refused.value.closure == first


def test_closed_and_reopened_are_told_to_the_house(incident, handler):
    heard = []

    def listen(signal, sender, **news):
        heard.append((signal, news["incident"].pk, news["by"], news["at"]))

    for signal in (signals.closed, signals.reopened):
        signal.connect(listen)
    try:
        close(incident, handler)
        closing.reopen(incident, because="repeat report", by=handler, at=LATER)
    finally:
        for signal in (signals.closed, signals.reopened):
            signal.disconnect(listen)

    assert heard == [
        (signals.closed, incident.pk, handler, LATER),
        (signals.reopened, incident.pk, handler, LATER),
    ]


def test_reopen_starts_the_clocks_and_asks_for_a_look_at_once(incident, handler):
    closure = close(incident, handler)
    again = LATER + timedelta(days=2)

    closing.reopen(incident, because="repeat report", note="He came back", by=handler, at=again)

    incident.refresh_from_db()
    assert (incident.status, incident.closed_at, incident.closed_by) == ("open", None, None)
    assert incident.review_due_at == again
    target = timedelta(minutes=incident.force.target_minutes(incident.grade))
    assert incident.due_at == again + target
    review = Review.objects.get(incident=incident, done_at=None)
    assert (review.due_at, review.because) == (again, "repeat report")
    reopening = Reopening.objects.get()
    assert (reopening.closure, reopening.note) == (closure, "He came back")


def test_reopen_an_open_one_changes_nothing(incident, handler):
    due = incident.review_due_at

    closing.reopen(incident, because="repeat report", by=handler, at=LATER)

    incident.refresh_from_db()
    assert incident.review_due_at == due
    assert not Reopening.objects.exists()


def test_close_reopen_close_keeps_both(incident, handler):
    close(incident, handler)
    closing.reopen(incident, because="text received", by=None, at=LATER)

    close(incident, handler, at=LATER + timedelta(hours=1))

    assert Closure.objects.count() == 2


# News about a closed incident


def closed_with(contact, by, at):
    made = factories.incident(victim=contact, grade=3, at=at - timedelta(days=1))
    close(made, by, at=at)
    return made


def text_from(contact, body="He is back"):
    return inbox.receive(provider_id=body, sent_from=contact.phone, body=body, at=now())


def test_text_opens_what_was_closed_last(handler):
    contact = factories.contact(phone="+447700900777", created_at=now())
    earlier = closed_with(contact, handler, now() - timedelta(days=5))
    last = closed_with(contact, handler, now() - timedelta(days=1))

    text_from(contact)

    assert Incident.objects.get(pk=last.pk).status == "open"
    assert Incident.objects.get(pk=earlier.pk).status == "closed"
    assert Reopening.objects.get().because == "text received"


def test_text_with_an_open_incident_opens_no_other(handler):
    contact = factories.contact(phone="+447700900777", created_at=now())
    old = closed_with(contact, handler, now() - timedelta(days=1))
    factories.incident(victim=contact, grade=3, at=now())

    text_from(contact)

    assert Incident.objects.get(pk=old.pk).status == "closed"


@pytest.mark.parametrize(("days", "body"), [(29, "He is back"), (1, "STOP")])
def test_text_too_late_or_only_stop_opens_nothing(handler, days, body):
    contact = factories.contact(phone="+447700900777", created_at=now())
    old = closed_with(contact, handler, now() - timedelta(days=days))

    text_from(contact, body)

    assert Incident.objects.get(pk=old.pk).status == "closed"


def test_every_outcome_has_a_label_and_settles_known_ways():
    for slug, outcome in library.outcomes().items():
        assert outcome.slug == slug
        assert outcome.label
        assert outcome.settles <= {"video", "visit", "station"}


@pytest.mark.django_db(transaction=True)
def test_close_by_two_at_once_closes_once(incident, handler, leader):
    found = at_once(*(partial(close, incident, person) for person in (handler, leader)))

    assert broken(found, closing.AlreadyClosed) == []
    [done] = [one for one in found if not isinstance(one, Exception)]
    assert [one.closure for one in found if one != done] == [done]
    assert incident.told.count() == 1


@pytest.mark.django_db(transaction=True)
def test_close_while_officers_are_sent_leaves_no_closed_one_with_a_dispatch(
    incident, handler, leader
):
    found = at_once(
        lambda: close(incident, leader),
        lambda: dispatching.send_now(incident, reason="Screams", told="call", by=handler, at=LATER),
    )

    assert broken(found, closing.StandsOpen) == []
    assert any(not isinstance(one, Exception) for one in found)
    incident.refresh_from_db()
    assert (incident.status, incident.grade) == ("open", 1)


def test_assessing_a_closed_incident_opens_it(incident, handler):
    close(incident, handler)

    assess(incident, 2, by=handler, at=LATER + timedelta(hours=1))

    assert (incident.status, incident.grade) == ("open", 2)
    assert incident.review_due_at > LATER + timedelta(hours=4)
    assert Review.objects.filter(incident=incident, done_at=None).count() == 1
    assert Reopening.objects.get().because == "assessed again"


def test_nothing_is_booked_for_a_closed_incident(handler):
    made = diary.video_incident()
    at_shift = diary.shift(diary.desk(made.force))
    close(made, handler, outcome="victim-withdrew", at=now())

    with pytest.raises(booking.NotChosen):
        booking.hold(
            incident_id=made.pk,
            officer_id=at_shift.officer_id,
            starts_at=at_shift.during.lower,
            idempotency_key=uuid.uuid4(),
            by=handler,
            at=now(),
        )


@pytest.mark.django_db(transaction=True)
def test_close_and_hold_at_once_never_both(handler, leader):
    made = diary.video_incident()
    at_shift = diary.shift(diary.desk(made.force))

    closed, held = at_once(
        lambda: close(made, leader, outcome="victim-withdrew", at=now()),
        lambda: booking.hold(
            incident_id=made.pk,
            officer_id=at_shift.officer_id,
            starts_at=at_shift.during.lower,
            idempotency_key=uuid.uuid4(),
            by=handler,
            at=now(),
        ),
    )

    made.refresh_from_db()
    if made.status == "closed":
        assert isinstance(held, booking.NotChosen)
        assert isinstance(closed, Closure)
    else:
        assert isinstance(closed, closing.StandsOpen)
        assert broken([held]) == []
