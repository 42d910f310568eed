"""Two beats strike every clock of the diary at once, and two workers hear each stroke."""

import time
from datetime import timedelta

import pytest
import redis
from django.utils.timezone import now

from appointments import alone, tasks
from appointments.attempts import tasks as attempts
from appointments.attempts.models import Series
from appointments.models import Appointment, Shift
from appointments.rosters import losses
from appointments.rosters import tasks as rosters
from appointments.rosters.models import Outcome
from messaging import outbox
from messaging.models import Notification, StaffTask
from tests.appointments import factories as diary
from tests.appointments import room_world as world
from tests.faults.workers import nudge, until
from victimcontact.audit import ledger

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]
STROKES = 4  # two beats, each heard again by a worker that took over
CLOCKS = (
    tasks.mark_missed,
    tasks.look_who_waits_alone,
    tasks.release_lapsed_holds,
    attempts.raise_due,
    rosters.settle_lost,
)


def is_quiet(queue):
    return not queue.llen("celery") and not queue.hlen("unacked")


def test_what_two_beats_start_twice_is_done_once(monkeypatch, worker, broker):
    monkeypatch.setattr(outbox, "wake", lambda: None)
    over = now() - timedelta(hours=2)
    missed = [diary.appointment(starts_at=over) for _ in range(4)]
    unsaid = diary.appointment(starts_at=over)
    offer = diary.factories.offer(unsaid.incident, chosen="visit", at=now())
    Appointment.objects.filter(pk=unsaid.pk).update(kind="visit", offer=offer)
    lost = [diary.appointment() for _ in range(4)]
    Shift.objects.filter(officer__in=[each.officer for each in lost[:3]]).delete()
    waits = world.appointment(starts_in=timedelta(minutes=-8))
    Appointment.objects.filter(pk=waits.pk).update(status="waiting", waiting_at=now())

    for _ in range(2):
        worker()
    for _ in range(STROKES):
        for clock in CLOCKS:
            nudge(clock, broker)
    queue = redis.Redis.from_url(broker)
    # Asked twice: a stroke that a worker is just taking up is in neither for a moment.
    until(lambda: is_quiet(queue) and not time.sleep(0.3) and is_quiet(queue), "all were heard")

    assert Appointment.objects.filter(status="missed").count() == len(missed)
    kinds = {
        "missed": [each.pk for each in [*missed, unsaid]],
        "call_back": [
            waits.pk,
            *Outcome.objects.filter(result="task").values_list("appointment", flat=True),
        ],
    }
    for kind, about in kinds.items():
        raised = StaffTask.objects.filter(kind=kind).values_list("about_id", flat=True)
        assert sorted(raised) == sorted(about), kind
    assert StaffTask.objects.get(kind="call_back", about_id=waits.pk).reason == alone.ALONE
    assert Series.objects.count() == len(missed)
    sorry = Notification.objects.filter(template="appointment_missed")
    assert sorted(sorry.values_list("about_id", flat=True)) == sorted(each.pk for each in missed)
    # Noted by one worker while the other settles it, it is looked at again and nothing is done.
    settled = Outcome.objects.exclude(result=Outcome.Result.NOT_NEEDED)
    assert sorted(settled.values_list("appointment", flat=True)) == sorted(
        each.pk for each in lost[:3]
    )
    assert set(settled.values_list("result", flat=True)) <= {"moved", "reassigned", "task"}
    moved = Appointment.objects.filter(moved_from__isnull=False)
    told = Notification.objects.filter(template="appointment_moved")
    assert sorted(told.values_list("about_id", flat=True)) == sorted(
        moved.values_list("pk", flat=True)
    )
    assert losses.uncovered(at=now()) == []
    assert ledger.verify() == []
