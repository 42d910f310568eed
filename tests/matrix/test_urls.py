"""Every address, asked as every role, as somebody with one factor, and as a stranger."""

import re
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from django.apps import apps
from django.db import connection
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils.timezone import now
from psycopg2 import sql

from appointments import companions
from appointments.attempts import tries
from appointments.standby import outages
from messaging import outbox, staff_tasks
from messaging.models import StaffTask
from portal import cases
from tests import factories
from tests.appointments import factories as diary
from tests.appointments.rosters import factories as rosters
from tests.triage.control import factories as control
from tests.triage.desk import factories as desk
from tests.triage.partners import factories as partners
from tests.triage.quality import factories as quality
from tests.triage.social import factories as social
from triage import witnesses
from triage.models import ReportDraft
from triage.shifts.models import Handover
from victimcontact.accounts.models import User
from victimcontact.accounts.roles import ALL_PERMISSIONS, PERMISSIONS, Role

pytestmark = pytest.mark.django_db

TABLE = yaml.safe_load((Path(__file__).parent / "urls.yaml").read_text())
STAFF = {name: rule for name, rule in TABLE.items() if rule in ALL_PERMISSIONS}
SIGNED_IN = [name for name, rule in TABLE.items() if rule == "signed in"]
TOKENS = [name for name, rule in TABLE.items() if rule == "token"]
VISITS = [name for name, rule in TABLE.items() if rule == "visit"]


def addresses():
    """(name, names of its arguments) of every address but those of Django admin."""
    found = {}

    def walk(patterns, namespace):
        for pattern in patterns:
            if hasattr(pattern, "url_patterns"):
                if pattern.namespace != "admin":
                    walk(pattern.url_patterns, pattern.namespace or namespace)
                continue
            name = f"{namespace}:{pattern.name}" if namespace else pattern.name
            found[name] = sorted(re.findall(r"[<:](\w+)>", str(pattern.pattern)))

    walk(get_resolver().url_patterns, "")
    return found


ARGUMENTS = addresses()


def test_every_address_has_a_row_and_every_row_an_address():
    assert sorted(TABLE) == sorted(ARGUMENTS)


@pytest.fixture
def world():
    """Of our force, a row that exists for each kind of key that stands in an address."""
    booked = diary.appointment()
    crime = factories.crime(booked.incident)
    case = cases.open_case(crime=crime, by=crime.recorded_by, at=now())
    notification = outbox.queue(
        "portal_message", to=booked.contact, about=case, context={"link": "x"}, at=now()
    )
    task = staff_tasks.raise_task(
        "change_asked", force=case.force, about=booked, reason="Asked", at=now()
    )
    draft = ReportDraft.objects.create(
        handler=factories.user(Role.CALL_HANDLER),
        form={"narrative": "Somebody"},
        started_at=now(),
        saved_at=now(),
    )
    reviewed = quality.review(quality.sample(booked.incident.current_assessment))
    return {
        "review": reviewed,
        "assessment": reviewed.assessment,
        "attempt": quality.attempt(draft.handler, finished=False),
        "referral": partners.referral(booked.incident),
        "appointment": booked,
        "incident": booked.incident,
        "dispatch": control.dispatch(factories.incident(grade=3, at=now())),
        "crime": crime,
        "case": case,
        "notification": notification,
        "task": task,
        "contact": booked.contact,
        "draft": draft,
        "chat": desk.chat()[0],
        "talk": social.talk(),
        "fallback": rung_instead(),
        "missed": tries.begin(diary.appointment(status="missed"), at=now()),
        "witness": witnesses.add(
            booked.incident, name="Wanda", phone="+447700900778", by=None, at=now()
        ).contact,
        "companion": companions.add(
            appointment_id=booked.pk,
            role="supporter",
            name="Sue",
            phone="+447700900779",
            word="harbour",
            by=crime.recorded_by,
            at=now(),
        ),
        "text": unknown_text(case.force),
        **rosters.one_of_each(booked),
        "handover": Handover.objects.create(
            force=case.force, handed_by=crime.recorded_by, note="Read this", handed_at=now()
        ),
    }


def rung_instead():
    """One of our force who is rung, because video is down."""
    appointment = diary.appointment(starts_at=now() + timedelta(minutes=30))
    down = outages.begin(why="sockets", since=now(), at=now())
    outages.cover(down, at=now())
    return appointment.fallbacks.get()


def unknown_text(force):
    """A text that a person of ``force`` is asked about."""
    text = social.write("Hello", sender="+447700900777")
    StaffTask.objects.filter(about_id=text.pk).update(force=force)
    return text


ABOUT = {
    "messaging:delivery_state": "notification",
    "messaging:handset_calendar": "notification",
    "messaging:handset_reply": "contact",
    "messaging:inboundtext": "text",
    "messaging": "task",
    "triage:draft": "draft",
    "triage:score": "draft",
    "triage:take_over": "draft",
    "triage:discard": "draft",
    "triage": "incident",
    "shifts:acknowledge": "handover",
    "shifts": "incident",
    "appointments:booking": "incident",
    "appointments:straight": "incident",
    "appointments:needs": "incident",
    "appointments:witnesses": "incident",
    "appointments:witness": "witness",
    "appointments:admit_companion": "companion",
    "appointments:let_out": "companion",
    "appointments": "appointment",
    "portal:open_case": "incident",
    "portal": "case",
    "quality:feedback": "review",
    "quality:attempt": "attempt",
    "quality:score": "attempt",
    "quality:say": "attempt",
    "quality:outcome": "attempt",
    "quality": "assessment",
    "control:officers_step": "dispatch",
    "control:send_report": "draft",
    "control": "incident",
    "chat": "chat",
    "social": "talk",
    "partners:refer": "incident",
    "partners:tick": "incident",
    "partners:card": "incident",
    "partners": "referral",
    "standby": "fallback",
    "attempts": "missed",
    "rosters:profile": "officer",
    "rosters:join": "pattern",
    "rosters:leave": "member",
    "rosters:shift": "shift",
    "rosters:absence": "absence",
    "rosters:absence_take_back": "absence",
    "rosters:import": "import",
    "rosters": "desk",
}


def address(name, world):
    """The address of ``name`` about a row of the world."""
    if not ARGUMENTS[name]:
        return reverse(name)
    kind = ABOUT.get(name) or ABOUT[name.split(":")[0]]
    values = {argument: uuid.uuid4() for argument in ARGUMENTS[name]}
    return reverse(name, kwargs=values | {"pk": world[kind].pk})


def is_sent_to_sign_in(answer):
    return answer.status_code == 302 and answer.url.startswith(reverse("accounts:sign_in") + "?")


@pytest.mark.parametrize("role", Role)
def test_staff_address_answers_exactly_who_holds_the_permission(world, role):
    client = factories.sign_in(Client(), factories.user(role))
    wrong = []

    for name, permission in STAFF.items():
        may = permission in PERMISSIONS[role]
        for method in ("get", "post"):
            status = getattr(client, method)(address(name, world)).status_code
            refused = status == 403
            # A view that takes only the other method says so before it asks who you are.
            if refused == may and not (status == 405 and not may):
                wrong.append((name, method, status))
            if status >= 500:
                wrong.append((name, method, status))

    assert wrong == []


@pytest.mark.parametrize("who", ["stranger", "one factor", "dismissed"])
def test_staff_address_sends_others_to_sign_in(world, who):
    client = Client()
    if who == "one factor":
        client.force_login(factories.user(list(Role)))
    if who == "dismissed":
        person = factories.user(list(Role))
        factories.sign_in(client, person)
        User.objects.filter(pk=person.pk).update(is_active=False)
    wrong = []

    for name in [*STAFF, *SIGNED_IN]:
        for method in ("get", "post"):
            answer = getattr(client, method)(address(name, world))
            if not is_sent_to_sign_in(answer):
                wrong.append((name, method, answer.status_code))

    assert wrong == []


def test_staff_of_another_force_find_nothing(world):
    elsewhere = factories.force("southmoor")
    client = factories.sign_in(Client(), factories.user(list(Role), at_force=elsewhere))
    found = []

    for name in STAFF:
        if "pk" not in ARGUMENTS[name]:
            continue
        for method in ("get", "post"):
            status = getattr(client, method)(address(name, world)).status_code
            if status not in (404, 405):
                found.append((name, method, status))

    assert found == []


@pytest.mark.parametrize(
    "name",
    [
        "triage:incident",
        "appointments:appointment",
        "appointments:booking",
        "portal:case",
        "messaging:delivery_state",
    ],
)
def test_our_own_staff_do_find_it(world, name):
    """So that the test above cannot pass because the rows are not there."""
    client = factories.sign_in(Client(), factories.user(list(Role)))

    assert client.get(address(name, world)).status_code == 200


def test_lists_of_another_force_hold_nothing_of_ours(world):
    elsewhere = factories.force("southmoor")
    client = factories.sign_in(Client(), factories.user(list(Role), at_force=elsewhere))

    for name in STAFF:
        if ARGUMENTS[name]:
            continue
        body = client.get(address(name, world), follow=True).content.decode()
        for secret in (world["incident"].reference, str(world["incident"].pk)):
            assert secret not in body, name


@pytest.mark.parametrize("who", ["nobody", "staff"])
def test_address_for_systems_opens_to_no_browser(world, who):
    client = Client()
    if who == "staff":
        factories.sign_in(client, factories.user(list(Role)))

    for name in TOKENS:
        if (who, name) == ("staff", "api:schema"):
            continue  # it is read only, and staff may read it
        made = dict.fromkeys(ARGUMENTS[name], "x")
        for method in ("get", "post", "put", "patch", "delete"):
            status = getattr(client, method)(reverse(name, kwargs=made)).status_code
            assert status == 401, (name, method)


@pytest.mark.parametrize("name", VISITS)
@pytest.mark.parametrize("method", ["get", "post"])
def test_victim_address_tells_nothing_without_a_visit(world, name, method):
    client = Client()
    client.cookies["visit"] = "not-a-visit"

    answer = getattr(client, method)(reverse(name))

    assert answer.status_code in (302, 401, 403, 404, 405)
    body = answer.content.decode()
    contact = world["appointment"].contact
    for secret in (contact.name, contact.phone, world["crime"].reference):
        assert secret not in body


@pytest.mark.parametrize("name", VISITS)
def test_victim_address_is_shut_to_staff_cookies(world, name):
    client = factories.sign_in(Client(), factories.user(list(Role)))

    assert client.get(reverse(name)).status_code in (302, 401, 403, 404, 405)


def test_every_staff_view_says_which_permission_it_asks():
    """The table and the code name the same permission."""
    said = {}

    def walk(patterns, namespace):
        for pattern in patterns:
            if hasattr(pattern, "url_patterns"):
                if pattern.namespace != "admin":
                    walk(pattern.url_patterns, pattern.namespace or namespace)
            else:
                permission = getattr(pattern.callback, "required_permission", None)
                if permission:
                    said[f"{namespace}:{pattern.name}"] = permission

    walk(get_resolver().url_patterns, "")
    assert said == STAFF


def test_no_get_changes_anything_but_the_record_of_who_looked(world, as_tables):
    client = factories.sign_in(Client(), factories.user(list(Role)))
    for name in STAFF:
        client.get(address(name, world))
    before = as_tables()

    for name in STAFF:
        client.get(address(name, world))

    assert as_tables() == before


@pytest.fixture
def as_tables():
    """A function that gives each table's contents as one hash, save the ledger and sessions."""
    ours = {"messaging", "triage", "partners", "appointments", "portal", "people", "accounts"}
    names = [m._meta.db_table for m in apps.get_models() if m._meta.app_label in ours]

    def hashes():
        with connection.cursor() as cursor:
            found = {}
            for name in names:
                cursor.execute(
                    sql.SQL("select md5(string_agg(t::text, '|' order by t::text)) from {} t")
                    .format(sql.Identifier(name))
                    .as_string(cursor.connection)
                )
                found[name] = cursor.fetchone()[0]
            return found

    return hashes
