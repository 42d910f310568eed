"""The socket server is killed, the watcher too: whoever is due is rung, told, and put back."""

import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.utils.timezone import now

from appointments.standby import outages
from appointments.standby.models import Fallback, Outage
from messaging.models import Notification, StaffTask
from tests.appointments.factories import appointment
from victimcontact import engines
from victimcontact.run import ROOT, SOCKETS, House

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def house(tmp_path):
    """Sockets on the tests' own database, and no worker, beat or web."""
    database = connection.settings_dict
    address = (
        f"postgres://{database['USER']}:{database['PASSWORD']}@{database['HOST']}"
        f":{database['PORT']}/{database['NAME']}"
    )
    running = House(Path(settings.STATE_DIR), environment={"DATABASE_URL": address})
    running.logs = tmp_path
    running.port, running.socket_port = engines.free_port(), engines.free_port()
    running.environment = running._complete_environment()
    yield running
    running.stop()


@pytest.fixture
def stand_by(house):
    """Starts the watcher, looking ten times a second; whatever still runs is killed at the end."""
    begun = []

    def begin():
        command = [sys.executable, "manage.py", "stand_by", "--every", "0.1"]
        process = subprocess.Popen(
            command, cwd=ROOT, env=house.environment, stdout=subprocess.PIPE, text=True
        )
        begun.append(process)
        assert process.stdout.readline() == "standing by\n"
        return process

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


def until(what, seconds=20):
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return found


def test_calls_become_telephone_calls_and_go_back(house, stand_by):
    house.begin(SOCKETS)
    due = [appointment(starts_at=now() + timedelta(minutes=20 + n)) for n in range(3)]
    appointment(starts_at=now() + timedelta(hours=5))
    watcher = stand_by()
    time.sleep(1)
    assert not Outage.objects.exists()

    house.kill(SOCKETS)
    until(lambda: Fallback.objects.count() == 3)
    until(lambda: Notification.objects.filter(template=outages.BY_PHONE, sent_at=None).count() == 0)
    watcher.send_signal(signal.SIGKILL)
    watcher.wait()
    late = appointment(starts_at=now() + timedelta(minutes=50))
    stand_by()
    until(lambda: late.fallbacks.exists())
    assert Fallback.objects.count() == StaffTask.objects.filter(kind="ring_instead").count() == 4
    told = Notification.objects.filter(template=outages.BY_PHONE)
    assert sorted(told.values_list("about_id", flat=True)) == sorted(
        [*(a.pk for a in due), late.pk]
    )

    outage = outages.current()
    house.begin(SOCKETS)
    until(lambda: outages.current() is None)

    found = outages.balance(outage)
    assert (found["made"], found["put_back"], found["open"]) == (4, 4, 0)
    assert not StaffTask.objects.filter(kind="ring_instead", done_at=None).exists()
    until(lambda: Notification.objects.filter(template=outages.BY_VIDEO).count() == 4)
