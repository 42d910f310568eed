"""What is kept for ever: neither the application nor the owner of the tables changes a row of it.

One table of what is kept, one row of each, and every way that SQL has to change or remove it.
"""

import uuid

import psycopg2
import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.utils.timezone import now

from appointments.attempts import tries
from appointments.models import PassedOn
from messaging import conversations, outbox
from messaging.models import Proof, Receipt, Template, TemplateVersion
from portal import cases
from tests import factories
from tests.appointments import factories as diary
from tests.appointments import interview
from tests.triage.api import conftest as api
from tests.triage.control import factories as control
from tests.triage.desk import factories as desk
from tests.triage.partners import factories as partners
from tests.triage.quality import factories as quality
from tests.triage.social import factories as social
from triage.api import reports
from triage.partners import steps
from victimcontact.audit import ledger

pytestmark = pytest.mark.django_db(transaction=True)

# Table: a change that somebody could want to make to its row.
KEPT = {
    "audit_entry": "actor = 'nobody'",
    "audit_chainlink": "hash = ''",
    "audit_head": "seq = 0",
    "triage_assessment": "decided_grade = 4",
    "desk_sentreport": "answers = ''",
    "chat_chatline": "body = ''",
    "triage_offer": "chosen = 'visit'",
    "triage_policy": "data = '{}'",
    "control_systemcheck": "result = 'nothing'",
    "control_advice": "item = 'locks'",
    "control_safeguarding": "choice = 'accept'",
    "control_callertold": "told_at = now()",
    "control_dispatch": "number = 7",
    "control_dispatchstep": "at = now()",
    "control_closure": "outcome = 'mistake'",
    "control_reopening": "because = ''",
    "partners_referralmove": "note = ''",
    "partners_cardtick": "is_on = false",
    "partners_steptaken": "is_done = true",
    "quality_draw": "drawn = 0",
    "quality_sample": "kind = 'late'",
    "quality_qualityreview": "points = 0",
    "quality_criterionscore": "points = 3",
    "quality_feedbackanswer": "kind = 'read'",
    "quality_secondopinion": "asked_at = now()",
    "quality_unsafenow": "raised_at = now()",
    "quality_practiceattempt": "points = 100",
    "social_talkline": "body = ''",
    "api_update": "words = ''",
    "appointments_passedon": "words = ''",
    "appointments_statementversion": "body = ''",
    "appointments_signature": "signed_at = now()",
    "appointments_exhibit": "sha256 = ''",
    "appointments_continuityentry": "at = now()",
    "attempts_attempt": "outcome = 'reached'",
    "messaging_message": "body = ''",
    "messaging_receipt": "provider_status = 'delivered'",
    "messaging_templateversion": "body = ''",
    "messaging_proof": "difference_count = 0",
    "portal_caseevent": "recorded_at = now()",
}
# Ways round a trigger that only an owner or a superuser has.
WAYS_ROUND = [
    "set session_replication_role = replica",
    "alter table {table} disable trigger all",
    "drop trigger kept_update on {table}",
    "alter table {table} owner to current_user",
    "create or replace function house_refuse_change() returns trigger"
    " language plpgsql as 'begin return new; end'",
]


def changes(table):
    yield f"update {table} set {KEPT[table]}"
    yield f"delete from {table}"
    yield f"truncate {table} cascade"
    yield f"set local house.rotating_keys = on; delete from {table}"
    yield (
        f"merge into {table} using (select 1) one on true"
        f" when matched then update set {KEPT[table]}"
    )


@pytest.fixture
def one_of_each():
    """A story that leaves a row, committed, in every table of KEPT."""
    appointment, visit = interview.begun()
    interview.sealed(appointment, visit)
    interview.send(appointment, visit)
    crime = factories.crime(appointment.incident)
    case = cases.open_case(crime=crime, by=crime.recorded_by, at=now())
    talk = conversations.open_for(contact=case.contact, about=case, at=now())
    conversations.post(
        talk, author=conversations.VICTIM, body="Hello", idempotency_key=uuid.uuid4(), at=now()
    )
    referral = partners.referral(appointment.incident)
    said = {"card": "cuckooing", "by": referral.made_by, "at": now()}
    steps.tick(referral.incident, is_on=True, **said)
    steps.take(referral.incident, step="meet", is_done=False, because="He is there", **said)
    notification = outbox.queue(
        "portal_message", to=case.contact, about=case, context={"link": "x"}, at=now()
    )
    Receipt.objects.create(notification=notification, provider_status="sent", received_at=now())
    Proof.objects.create(name="bookings", ran_at=now(), difference_count=1)
    PassedOn.objects.create(
        appointment=appointment, words="?", context="", passed_at=now(), passed_by=crime.recorded_by
    )
    wording = Template.objects.create(name="appointment_booked", body="Hello")
    TemplateVersion.objects.create(template=wording, number=1, body="Hello", saved_at=now())
    social.talk()
    missed = tries.begin(diary.appointment(status="missed"), at=now())
    said = {"channel": "telephone", "outcome": "no_answer", "note": "Rang"}
    tries.record(missed.pk, number=1, by=crime.recorded_by, at=now(), **said)
    control.one_of_each()
    reports.add("More", incident=crime.incident, client=api.system().row, at=now())
    quality.one_of_each()
    desk.sent()
    desk.chat()


def contents():
    """Every row of every kept table, as the database has it."""
    with connection.cursor() as cursor:
        found = {}
        for table in KEPT:
            cursor.execute(f"select t::text from {table} t order by 1")
            found[table] = [row for (row,) in cursor.fetchall()]
        return found


def as_application(statement):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def not_refused(statements, run):
    """Those of ``statements`` that were carried out, or failed for want of sense and not of right.

    42501 is PostgreSQL's insufficient_privilege, which our triggers give too.
    """
    for statement in statements:
        try:
            run(statement)
        except (psycopg2.Error, DatabaseError) as error:
            code = getattr(error, "pgcode", None) or getattr(error.__cause__, "pgcode", None)
            if code != "42501":
                yield statement, str(error)
        else:
            yield statement, "done"


def test_every_model_that_is_kept_stands_in_the_table():
    said = {
        model._meta.db_table for model in apps.get_models() if getattr(model, "append_only", False)
    }
    # These are kept from a moment on: once signed, once published, once finished.
    from_a_moment_on = {"appointments_statementversion", "triage_policy", "quality_practiceattempt"}
    assert said | from_a_moment_on == set(KEPT)


def test_the_application_changes_nothing_that_is_kept(one_of_each):
    before = contents()
    assert [table for table, rows in before.items() if not rows] == []

    asked = [each for table in KEPT for each in changes(table)]
    asked += [way.format(table=table) for table in KEPT for way in WAYS_ROUND]

    assert list(not_refused(asked, as_application)) == []
    assert contents() == before
    assert ledger.verify() == []


def test_the_owner_does_not_either_by_mistake(one_of_each, as_owner):
    before = contents()

    def run(statement):
        with as_owner() as cursor:
            cursor.execute(statement)

    asked = [each for table in KEPT for each in changes(table)]

    assert list(not_refused(asked, run)) == []
    assert contents() == before
    assert ledger.verify() == []
