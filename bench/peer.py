"""django-appointment with the same desk and the same bookings: run by the peer's own Python.

Answers, like the house's measuring processes, one line of JSON a question; and is the WSGI
application that gunicorn serves for the races. See bench/booked.py.
"""

import contextlib
import json
import logging
import os
import sys
import time
from datetime import date, datetime, timedelta
from datetime import time as clock
from pathlib import Path

import django
from django.conf import settings

if __name__ == "__main__":
    sys.modules["peer"] = sys.modules["__main__"]  # named so in the settings below
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # the package warns on standard output, between the answers
settings.configure(
    SECRET_KEY="bench",
    DEBUG=False,
    ALLOWED_HOSTS=["*"],
    USE_TZ=True,
    TIME_ZONE="Europe/London",
    ROOT_URLCONF="peer",
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend",
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": os.environ["PEER_HOST"],
            "PORT": os.environ["PEER_PORT"],
            "NAME": os.environ["PEER_DATABASE"],
            "USER": os.environ["PEER_USER"],
            "PASSWORD": os.environ["PEER_PASSWORD"],
            "CONN_MAX_AGE": 600,
        }
    },
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "phonenumber_field",
        "appointment",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "peer.signed_in",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    LOGGING_CONFIG=None,
)
django.setup()
logging.disable(logging.INFO)  # it tells each step: that is not what is measured

from appointment import services, urls  # noqa: E402
from appointment.models import (  # noqa: E402
    Appointment,
    AppointmentRequest,
    Service,
    StaffMember,
    WorkingHours,
)
from django.contrib.auth.models import User  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.urls import include, path  # noqa: E402

urlpatterns = [path("", include((urls.urlpatterns, "appointment")))]


def signed_in(get_response):
    """Who books is named by a header: the peer is spared its sign-in."""

    def middleware(request):
        request.user = User.objects.get(username=request.headers["X-Booker"])
        return get_response(request)

    return middleware


application = get_wsgi_application()


def fill(file):
    """The desk of the file: staff, hours and what is booked already."""
    desk = json.loads(Path(file).read_text())
    length = timedelta(minutes=desk["minutes"])
    service = Service.objects.create(name="Talk", duration=length, price=0)
    people = User.objects.bulk_create(
        [User(username=f"staff{n}", email=f"s{n}@example.org") for n in range(desk["officers"])]
    )
    User.objects.bulk_create(
        [User(username=f"booker{n}", email=f"b{n}@example.org") for n in range(200)]
    )
    staff = []
    for person in people:
        one = StaffMember.objects.create(
            user=person,
            slot_duration=desk["minutes"],
            lead_time=clock(7),
            finish_time=clock(23),
            appointment_buffer_time=0,
            work_on_saturday=True,
            work_on_sunday=True,
        )
        one.services_offered.add(service)
        WorkingHours.objects.bulk_create(
            [
                WorkingHours(
                    staff_member=one, day_of_week=day, start_time=clock(7), end_time=clock(23)
                )
                for day in range(7)
            ]
        )
        staff.append(one)
    booked = []
    for number, begins in desk["booked"]:
        start = datetime.fromisoformat(begins)
        booked.append(
            AppointmentRequest(
                date=start.date(),
                start_time=start.time(),
                end_time=(start + length).time(),
                service=service,
                staff_member=staff[number],
                id_request=f"r{len(booked)}",
            )
        )
    made = AppointmentRequest.objects.bulk_create(booked, batch_size=2000)
    client = User.objects.get(username="booker0")
    Appointment.objects.bulk_create(
        [
            Appointment(
                client=client,
                appointment_request=one,
                phone="+447700900123",
                address="x",
                id_request=f"a{number}",
            )
            for number, one in enumerate(made)
        ],
        batch_size=2000,
    )
    return {"booked": len(made)}


_queries = []


def slots(first):
    """Its next five free times over all staff, day by day, by its own functions."""
    service = Service.objects.first()
    staff = list(StaffMember.objects.all())
    day, found = date.fromisoformat(first), []
    # Counted once: the count itself takes time, and its log holds no more than 9,000.
    counting = contextlib.nullcontext() if _queries else CaptureQueriesContext(connection)
    with counting as asked:
        started = time.perf_counter()
        while len(found) < 5:
            for one in staff:
                found += services.get_available_slots_for_staff(
                    day, one, (day.weekday() + 1) % 7, service
                )
            day += timedelta(days=1)
        took = time.perf_counter() - started
    if asked is not None:
        _queries.append(len(asked))
    return {"ms": took * 1000, "queries": _queries[0]}


def doubles():
    """How many appointments share their officer's time with an earlier one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce(sum(n - 1), 0) from (select count(*) n from appointment_appointment a"
            " join appointment_appointmentrequest r on r.id = a.appointment_request_id"
            " group by r.staff_member_id, r.date, r.start_time) x"
        )
        return {"doubles": int(cursor.fetchone()[0])}


def ids():
    return {
        "service": Service.objects.first().pk,
        "staff": list(StaffMember.objects.order_by("pk").values_list("pk", flat=True)),
    }


if __name__ == "__main__":
    if sys.argv[1:] == ["migrate"]:
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        call_command("migrate", run_syncdb=True, verbosity=0)  # it brings no migrations of its own
        sys.exit()
    for line in sys.stdin:
        name, *rest = line.split()
        answers.write(json.dumps(globals()[name](*rest)) + "\n")
        answers.flush()
