"""The whole house with two workers, while the database restarts and the broker is gone a minute.

Callers go on booking by the pages meanwhile, as people do: told that it did not work, they press
again. Nothing is lost, nothing is booked or sent twice.
"""

import contextlib
import os
import re
import signal
import subprocess
import threading
import time
from collections import Counter

import pytest
import redis
import requests

from tests.faults.workers import PATIENCE_SECONDS, until
from tests.messaging import twilio_server
from victimcontact import engines
from victimcontact.run import STANDBY, WORKER

pytestmark = pytest.mark.timeout(240)
# Reports of people who chose video, and texts to some of them that wait to be sent.
PEOPLE = """
from django.db import transaction
from django.utils.timezone import now
from messaging import outbox
from triage import assessing, intake, offers
from victimcontact.accounts.models import Force, User
from victimcontact.accounts.roles import Role
from victimcontact.people import plans
at, force = now(), Force.objects.get(slug="northmoor")
handler = User.objects.get(is_demonstration=True, roles=[Role.CALL_HANDLER])

@transaction.atomic  # every text begins to wait at once
def everything():
    for number in range({first}, {first} + {count}):
        report = intake.NewReport(
            channel="101",
            narrative="Somebody broke the wing mirror of my car last night. I have a phone.",
            caller=intake.Person(name="Caller %d" % number, phone="+447700900%d" % number),
            location="%d Slate Row, Northmoor" % number,
            answers=dict(victim_age=44, offender_present=False, offender_nearby=False, weapon=False,
                         injuries="none", has_smartphone=True, has_data=True, safe_to_talk=True,
                         wants_attendance=False, minutes_since_incident=600),
        )
        decision = assessing.Decision(grade=3, reason="As told")
        incident = intake.record(report, force=force, decision=decision, by=handler, at=at)
        plans.set_plan(incident.victim, channels={{"sms": "safe"}}, opening_word="marigold",
                       by=handler, at=at)
        offers.make(incident, chosen="video", by=handler, at=at)
        print("incident", incident.pk)
        for each in range({texts}):
            outbox.queue("portal_message", to=incident.victim, about=incident,
                         context={{"link": "L%d" % each}}, at=at)

everything()
"""
NUMBERS = re.compile(r"\+44770090013\d|\+44770090014\d")


@pytest.fixture(scope="module")
def twilio():
    with twilio_server.TwilioServer() as server:
        yield server


@pytest.fixture(scope="module")
def upset(house, twilio, emptied):
    """The house with two workers that send by the provider of the tests."""
    environment = {
        "TWILIO_ACCOUNT_SID": twilio_server.ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": twilio_server.AUTH_TOKEN,
        "TWILIO_FROM": twilio_server.SENDER,
        "TWILIO_API_BASE_URL": twilio.url,
        "SENDING_THREADS": "2",
    }
    twilio.answer_after = 0.3
    house.kill(WORKER)
    house.kill(STANDBY)  # it would send too, and hide what the workers do
    house.begin(WORKER, **environment)
    first = house.processes.pop(WORKER)
    house.begin(WORKER, **environment)
    yield house
    first.send_signal(signal.SIGKILL)
    first.wait()
    house.kill(WORKER)
    house.begin(WORKER)
    house.begin(STANDBY)


class Caller:
    """A call handler who books one incident and presses again when it did not work."""

    def __init__(self, house):
        self.house, self.incident = house, None
        self.browser, self.unwell, self.fault = requests.Session(), 0, ""
        page = self.ask("GET", "/sign-in/")
        self.ask("POST", "/sign-in/demo/call_handler/", self.form(page))

    def ask(self, method, path, data=None):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            with contextlib.suppress(requests.ConnectionError, requests.Timeout):
                answer = self.browser.request(
                    method, f"{self.house.url}{path}", data=data, timeout=20
                )
                if answer.status_code < 500:
                    return answer.text
            self.unwell += 1
            assert time.monotonic() < deadline, "The pages did not come back."
            time.sleep(0.2)

    @staticmethod
    def form(page, **more):
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
        return {"csrfmiddlewaretoken": token, **more}

    def run(self):
        try:
            self.book()
        except Exception as error:
            self.fault = repr(error)

    def book(self):
        address = f"/diary/book/{self.incident}/"
        page = self.ask("GET", address)
        while not (confirm := re.search(r'action="(/diary/[\w-]+/confirm/)"', page)):
            key = re.search(r'name="key" value="([\w-]+)"', page)[1]
            slot = re.search(r'name="slot" value="([^"]+)"', page)[1]
            page = self.ask("POST", address, self.form(page, key=key, slot=slot))
        self.ask("POST", confirm[1], self.form(page))


def people(house, callers, first, texts=0):
    """Give each of the callers an incident to book, and its victim ``texts`` to wait for."""
    script = PEOPLE.format(first=first, count=len(callers), texts=texts)
    said = house.manage("shell", "-c", script).splitlines()
    incidents = [line.split()[1] for line in said if line.startswith("incident ")]
    for caller, incident in zip(callers, incidents, strict=True):
        caller.incident = incident
    return incidents


def restart_database(house, seconds):
    """Stop the server as its administrator would, for some seconds, and start it again."""
    postmaster = int((house.state_dir / "pg" / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGINT)
    with contextlib.suppress(ChildProcessError, subprocess.TimeoutExpired):
        house._pair.children["postgres"].wait(30)
    time.sleep(seconds)
    return engines.start(house.state_dir, throwaway=True)


def written(house, incidents):
    """(text's id, template, status, provider's id) of all that was written to their victims."""
    return house.sql(
        "select id, template, status, provider_id from messaging_notification"
        " where (not_before is null or not_before < now()) and contact_id in"
        " (select contact_id from triage_participant where incident_id = any(%s::uuid[]))",
        [incidents],
    )


def is_all_sent(house, incidents):
    return {status for _, _, status, _ in written(house, incidents)} == {"sent"}


def each_once(house, twilio, incidents):
    """Each text reached the provider once; each caller has one appointment and one text of it."""
    rows = written(house, incidents)
    taken = [message for message in twilio.journal if NUMBERS.fullmatch(message["to"])]
    assert Counter((m["to"], m["body"]) for m in taken).most_common(1)[0][1] == 1
    assert {row[3] for row in rows} <= {message["sid"] for message in taken}
    assert Counter(row[1] for row in rows)["appointment_booked"] == len(incidents)
    booked = house.sql(
        "select incident_id::text, count(*) from appointments_appointment"
        " where incident_id = any(%s::uuid[]) and status = 'booked' group by 1",
        [incidents],
    )
    assert sorted(booked) == sorted((incident, 1) for incident in incidents)
    return rows, taken


def test_the_database_restarts_while_texts_wait_and_people_book(upset, twilio):
    callers = [Caller(upset) for _ in range(6)]
    incidents = people(upset, callers, 130, texts=12)
    threads = [threading.Thread(target=caller.run) for caller in callers]
    for thread in threads:
        thread.start()
    until(lambda: "appointment_booked" in {row[1] for row in written(upset, incidents)}, "one is")

    waiting = sum(row[2] == "queued" for row in written(upset, incidents))
    again = restart_database(upset, seconds=2)
    for thread in threads:
        thread.join(PATIENCE_SECONDS)

    assert [caller.fault for caller in callers] == [""] * len(callers)
    assert waiting > 20  # they were in the midst of it
    assert sum(caller.unwell for caller in callers) > 0
    until(lambda: is_all_sent(upset, incidents), "all were sent")
    rows, taken = each_once(upset, twilio, incidents)
    assert len(rows) == len(taken) == 6 * 13
    again.stop()


def test_the_broker_is_gone_for_a_minute_while_people_sign_in_and_book(upset, twilio):
    """A minute in full: whoever seeks the broker waits longer from try to try."""
    with contextlib.suppress(redis.ConnectionError):
        redis.Redis.from_url(upset._pair.redis_url).shutdown(nosave=True)
    began = time.monotonic()

    callers = [Caller(upset) for _ in range(4)]
    incidents = people(upset, callers, 140)
    for caller in callers:
        caller.book()
    time.sleep(max(0, 60 - (time.monotonic() - began)))
    rows = written(upset, incidents)
    assert [row[1:3] for row in rows] == [("appointment_booked", "queued")] * 4
    again = engines.start(upset.state_dir, throwaway=True)

    until(lambda: is_all_sent(upset, incidents), "all were sent")
    rows, _ = each_once(upset, twilio, incidents)
    assert (len(rows), sum(caller.unwell for caller in callers)) == (4, 0)
    again.stop()
