"""Everything that staff, victims and the clock do to one diary, all at once, in any order.

Whatever happens: no deadlock, nobody is booked twice, and every text and link matches its row.
"""

import random
import threading
import uuid
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.utils.timezone import now

from appointments import booking, rooms, selectors
from appointments.models import Appointment
from messaging.models import Notification
from tests import factories
from tests.appointments import factories as diary
from tests.triage.conftest import AT_THE_DOOR, decision, known
from triage import assessing, offers
from triage.models import Incident
from victimcontact.accounts.roles import Role
from victimcontact.audit import ledger
from victimcontact.people import plans
from victimcontact.people.models import Link

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE, OPERATIONS, SEED = 8, 20, 7
# What a person may be told. Anything else, above all a deadlock, is a fault.
TOLD = (
    booking.SlotTaken,
    booking.HoldLapsed,
    booking.AlreadyBooked,
    booking.NotChosen,
    booking.NotReachable,
    booking.NotLive,
    offers.NotOffered,
    rooms.NotNow,
)


class Person:
    """Somebody who does one thing after another to the same few reports and officers."""

    def __init__(self, number, handler, incidents, shifts):
        self.chance = random.Random(f"{SEED} {number}")
        self.handler, self.incidents, self.shifts = handler, incidents, shifts
        self.done, self.broken = Counter(), []

    def run(self, start):
        acts = [
            *[self.hold] * 5,
            *[self.book] * 5,
            *[self.move] * 3,
            *[self.cancel] * 2,
            self.assess,
            *[self.change_number] * 2,
            self.send_link_again,
            self.wait,
            self.lapse,
        ]
        start.wait()
        for _ in range(OPERATIONS):
            act = self.chance.choice(acts)
            try:
                act()
                self.done[act.__name__] += 1
            except TOLD as told:
                self.done[type(told).__name__] += 1
            except Exception as error:  # reported below: none may happen
                self.broken.append(f"{act.__name__}: {error!r}")
        connection.close()

    def where(self):
        """An officer and a time; few enough that people meet."""
        shift = self.chance.choice(self.shifts)
        starts_at = shift.during.lower + timedelta(minutes=30 * self.chance.randrange(4))
        return {
            "officer_id": shift.officer_id,
            "starts_at": starts_at,
            "idempotency_key": uuid.uuid4(),
        }

    def one(self, **which):
        found = Appointment.objects.filter(**which).values_list("pk", flat=True)
        pks = sorted(found)
        if not pks:
            raise booking.NotLive
        return self.chance.choice(pks)

    def common(self):
        return {"by": self.handler, "at": now()}

    def hold(self):
        incident = self.chance.choice(self.incidents)
        booking.hold(incident_id=incident.pk, **self.where(), **self.common())

    def book(self):
        booking.book(appointment_id=self.one(status="held"), **self.common())

    def move(self):
        booking.move(
            appointment_id=self.one(status__in=("booked", "waiting")),
            **self.where(),
            **self.common(),
        )

    def cancel(self):
        booking.cancel(
            appointment_id=self.one(status__in=("held", "booked", "waiting")),
            reason="victim asked",
            **self.common(),
        )

    def assess(self):
        """Worse, which frees what was booked; then better, and video is chosen again."""
        incident = self.chance.choice(self.incidents)
        assessing.assess(
            incident, known=known(AT_THE_DOOR, {}), decision=decision(1), **self.common()
        )
        assessing.assess(incident, known=known(), decision=decision(3, "Gone"), **self.common())
        offers.make(incident, chosen="video", **self.common())

    def change_number(self):
        contact = self.chance.choice(self.incidents).victim
        phone = f"+447700900{self.chance.randrange(1000):03d}"
        plans.set_plan(contact, channels={"sms": "safe"}, phone=phone, **self.common())

    def send_link_again(self):
        booking.send_link_again(appointment_id=self.one(status="booked"), **self.common())

    def wait(self):
        pk = self.one(status="booked")
        rooms.enter_waiting_room(appointment_id=pk, visit=None, at=now() + timedelta(hours=5))

    def lapse(self):
        booking.release_lapsed(at=now())


@pytest.mark.parametrize("hold_minutes", [10, 0], ids=["holds last", "holds lapse at once"])
def test_a_diary_in_a_rush_keeps_its_promises(hold_minutes):
    force = factories.force(hold_minutes=hold_minutes)
    leader = factories.user(Role.TEAM_LEADER)
    incidents = [diary.video_incident() for _ in range(5)]
    shifts = [diary.shift(hours=6) for _ in range(2)]
    people = [Person(number, leader, incidents, shifts) for number in range(PEOPLE)]
    start = threading.Barrier(PEOPLE)

    threads = [threading.Thread(target=person.run, args=(start,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)

    broken = Counter(fault for person in people for fault in person.broken)
    assert not broken, "\n".join(broken)
    done = sum((person.done for person in people), Counter())
    assert done["hold"], done  # so that this cannot pass because nothing was possible
    assert force.hold_minutes == hold_minutes
    check_officers()
    check_texts_and_links(incidents)
    assert ledger.verify() == []


def check_officers():
    """No two rows that occupy an officer overlap: asked of the database's contents, in Python."""
    taken = list(Appointment.objects.filter(status__in=Appointment.OCCUPYING))
    clashes = [
        (one.pk, other.pk)
        for one in taken
        for other in taken
        if one.pk < other.pk
        and one.officer_id == other.officer_id
        and one.occupies.lower < other.occupies.upper
        and other.occupies.lower < one.occupies.upper
    ]
    assert clashes == []


def check_texts_and_links(incidents):
    """Each live appointment has one open link; each dead one none, and no text that still waits."""
    for appointment in Appointment.objects.all():
        is_live = appointment.status in Appointment.LIVE
        open_links = Link.objects.filter(about_id=appointment.pk, revoked_at=None).count()
        assert open_links == (1 if is_live else 0), appointment.status
        if appointment.status == "cancelled":
            waiting = Notification.objects.filter(about_id=appointment.pk, status="queued").exclude(
                template="appointment_cancelled"
            )
            assert not waiting.exists()
    for incident in incidents:
        row = Incident.objects.get(pk=incident.pk)
        if not row.current_assessment.video_offer:
            assert not row.appointments.filter(status__in=Appointment.LIVE).exists()
        assert row.appointments.filter(status__in=Appointment.LIVE).count() <= 1
    assert selectors.appointments_for(factories.user()).count() == 0
