"""Practice touches nothing real: by what it imports, and by what its pages are let write."""

import uuid

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from messaging import outbox, staff_tasks
from messaging.models import Notification, StaffTask
from tests import factories as rows
from tests.triage.quality import factories
from triage import intake, policies
from triage.assessing import Decision
from triage.models import Assessment, Incident, ReportDraft
from triage.quality.models import PracticeAttempt
from triage.quality.practice import attempts, cases, shield
from victimcontact.audit.models import Entry
from victimcontact.people.models import Contact, ContactPlan

pytestmark = pytest.mark.django_db

KEY = "knife_at_the_door"


@pytest.fixture
def handler():
    rows.policy()
    return factories.handler()


@pytest.fixture
def client(handler):
    return rows.sign_in(Client(), handler)


def counts():
    """How many rows every table of the house has, by name."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'select count(*) from "{table}"')
            found[table] = cursor.fetchone()[0]
    return found


def begin(client, key=KEY):
    response = client.post(reverse("quality:start"), {"case": key})
    assert response.status_code == 302
    return PracticeAttempt.objects.get(finished_at=None)


def form(case, **more):
    known, decision = factories.model_answer(case)
    data = {"narrative": known.narrative, "channel": case.channel, "about": case.about}
    data |= {f"rationale_{name}": words for name, words in decision.rationales.items()}
    for key, value in known.answers.items():
        data[key] = {True: "yes", False: "no"}.get(value, value)
    return data | {"grade": decision.grade, "seen_grade": decision.grade, "action": "record"} | more


def test_a_whole_call_writes_its_attempt_and_the_ledger_alone(client):
    before = counts()
    case = cases.everybody()[KEY]
    attempt = begin(client)

    client.get(reverse("quality:callers"))
    client.get(reverse("quality:attempt", args=[attempt.pk]))
    for _ in case.lines:
        client.post(reverse("quality:say", args=[attempt.pk]), {"say": "more"})
    for key in case.exemplar.must_ask:
        client.post(reverse("quality:say", args=[attempt.pk]), {"ask": key})
    client.post(reverse("quality:score", args=[attempt.pk]), form(case))
    response = client.post(reverse("quality:attempt", args=[attempt.pk]), form(case))
    page = client.get(reverse("quality:outcome", args=[attempt.pk]))

    assert response.url == reverse("quality:outcome", args=[attempt.pk])
    assert "Practice: 100 of 100" in page.content.decode()
    changed = {name for name, count in counts().items() if count != before[name]}
    assert changed == {"quality_practiceattempt", "audit_entry"}
    for model in (Incident, Assessment, ReportDraft, Contact, Notification, StaffTask):
        assert not model.objects.exists()
    assert [e.type for e in Entry.objects.filter(about_type="quality.practiceattempt")] == [
        "practice.finished",
        "practice.started",
    ]


def writers():
    """Everything that reaches somebody real, each tried behind the shield."""
    at = now()
    report = intake.NewReport("999", "He is at the door", intake.Person(name="Robin"))
    return {
        "incident": lambda person: intake.record(
            report, force=person.forces.get(), decision=Decision(1), by=person, at=at
        ),
        "contact": lambda person: rows.contact(),
        "notification": lambda person: outbox.queue(
            "portal_message", to=person.known, about=person.known, context={"link": "x"}, at=at
        ),
        "task": lambda person: staff_tasks.raise_task(
            "call_back", force=person.forces.get(), about=None, reason="Ring", at=at
        ),
        "draft": lambda person: ReportDraft.objects.create(
            handler=person, started_at=at, saved_at=at
        ),
        "bulk": lambda person: StaffTask.objects.bulk_create(
            [StaffTask(force=person.forces.get(), kind="call_back", reason="x", raised_at=at)]
        ),
        "update": lambda person: Contact.objects.filter(pk=person.known.pk).update(created_at=at),
        "delete": lambda person: ContactPlan.objects.filter(contact=person.known).delete(),
    }


@pytest.mark.parametrize("what", writers())
def test_nothing_that_reaches_anybody_passes_the_shield(handler, what):
    handler.known = rows.contact()
    rows.plan(handler.known)
    before = counts()

    with pytest.raises(shield.PracticeBreach), transaction.atomic(), shield.raised():
        writers()[what](handler)

    assert counts() == before


@pytest.mark.parametrize("what", ["incident", "notification", "task", "draft", "update"])
def test_the_same_writes_without_the_shield(handler, what):
    """So that the test above cannot pass because the writers do nothing."""
    handler.known = rows.contact()
    rows.plan(handler.known)
    before = counts()

    writers()[what](handler)

    if what != "update":
        assert counts() != before


@pytest.mark.parametrize(
    "statement",
    [
        'insert into "messaging_notification" (id) values (%s)',
        "INSERT INTO messaging_stafftask VALUES (1)",
        'update "triage_incident" set grade = 1',
        "delete from people_contact",
        "with gone as (delete from people_contact returning 1) select * from gone",
        "select 1; insert into people_contact values (1)",
        'update "quality_practiceattempt" set heard = 2; delete from "people_contact"',
        "truncate people_contact",
        "merge into people_contact using (select 1) one on true when matched then delete",
        "copy people_contact from stdin",
        "select pg_notify('sending', 'now')",
        "do $$ begin delete from people_contact; end $$",
        "call anything()",
    ],
)
def test_shield_refuses(statement):
    assert not shield.is_allowed(statement)


@pytest.mark.parametrize(
    "statement",
    [
        'SELECT "triage_policy"."id" FROM "triage_policy" WHERE status = %s',
        'SELECT 1 FROM "quality_practiceattempt" FOR UPDATE',
        'INSERT INTO "quality_practiceattempt" ("id") VALUES (%s)',
        'UPDATE "quality_practiceattempt" SET "heard" = %s WHERE id = %s',
        'INSERT INTO "audit_entry" ("id") VALUES (%s)',
        'SAVEPOINT "s1"',
        'RELEASE SAVEPOINT "s1"',
    ],
)
def test_shield_lets_practice_be_kept(statement):
    assert shield.is_allowed(statement)


def test_every_view_of_practice_is_behind_the_shield(client, monkeypatch):
    """What a view does inside is refused: here by writing a task wherever it asks for a form."""
    attempt = begin(client)
    force = attempt.handler.forces.get()

    def breach(*args, **kwargs):
        staff_tasks.raise_task("call_back", force=force, about=None, reason="Ring", at=now())

    for name in ("everybody", "_read"):
        assert hasattr(cases, name)
    monkeypatch.setattr(cases, "everybody", breach)
    for method, name in [
        ("get", "callers"),
        ("post", "start"),
        ("get", "attempt"),
        ("post", "attempt"),
        ("post", "score"),
        ("post", "say"),
    ]:
        argument = [] if name in ("callers", "start") else [attempt.pk]
        with pytest.raises(shield.PracticeBreach):
            getattr(client, method)(reverse(f"quality:{name}", args=argument), {"case": KEY})
    assert not StaffTask.objects.exists()


def test_a_number_that_is_known_is_not_looked_up(client):
    known = rows.contact(name="Wilhelmina Real", phone="+447700900555")
    rows.incident(victim=known, grade=1)
    attempt = begin(client)

    page = client.post(
        reverse("quality:score", args=[attempt.pk]),
        form(cases.everybody()[KEY], caller_phone="07700 900555"),
    )

    assert page.status_code == 200
    assert "Wilhelmina" not in page.content.decode()


def test_the_caller_speaks_line_by_line_and_answers_what_is_asked(client):
    case = cases.everybody()[KEY]
    attempt = begin(client)
    address = reverse("quality:attempt", args=[attempt.pk])

    first = client.get(address).content.decode()
    client.post(reverse("quality:say", args=[attempt.pk]), {"say": "more"})
    second = client.get(address).content.decode()
    part = client.post(
        reverse("quality:say", args=[attempt.pk]), {"ask": "where"}, headers={"HX-Request": "true"}
    ).content.decode()

    assert case.lines[0] in first
    assert case.lines[1] not in first.replace("&#x27;", "'")
    assert case.lines[1] in second.replace("&#x27;", "'")
    assert case.answers["where"] in part
    assert case.answers["weapon"] not in part.replace("&#x27;", "'")
    assert "<html" not in part


def test_what_was_typed_is_there_again(client):
    attempt = begin(client)

    client.post(
        reverse("quality:score", args=[attempt.pk]),
        {"narrative": "He has a knife", "weapon": "yes"},
    )
    page = client.get(reverse("quality:attempt", args=[attempt.pk])).content.decode()

    assert "He has a knife</textarea>" in page
    assert begin(client).pk == attempt.pk


def test_words_survive_asking_without_script(client):
    attempt = begin(client)

    client.post(
        reverse("quality:say", args=[attempt.pk]),
        {"narrative": "A man is shouting", "ask": "weapon"},
    )

    attempt.refresh_from_db()
    assert (attempt.form["narrative"], attempt.asked) == (["A man is shouting"], ["weapon"])


def test_decision_needs_what_a_real_one_needs(client):
    attempt = begin(client)
    case = cases.everybody()[KEY]

    low = client.post(reverse("quality:attempt", args=[attempt.pk]), form(case, grade=3))
    unseen = client.post(reverse("quality:attempt", args=[attempt.pk]), form(case, seen_grade=4))

    assert (low.status_code, unseen.status_code) == (422, 422)
    assert "Give a reason: grade 3 is less urgent than the recommended grade 1" in (
        low.content.decode()
    )
    attempt.refresh_from_db()
    assert attempt.finished_at is None


def test_score_is_the_same_each_time(handler):
    attempt = factories.attempt(handler)
    known, decision = factories.model_answer(attempts.case_of(attempt))

    again = attempts.score(
        attempt, known=known, decision=decision, policy=policies.published(at=now())
    )

    assert sum(part.points for part in again) == attempt.points == 100
    assert [part.says for part in again] == [part["says"] for part in attempt.outcome["parts"]]
    other = factories.attempt(handler)
    assert other.pk != attempt.pk
    assert other.outcome["parts"] == attempt.outcome["parts"]


def test_a_finished_attempt_stays_as_it_was(handler, client):
    attempt = factories.attempt(handler)

    for do in (
        lambda: attempts.ask(attempt.pk, "weapon", by=handler, at=now()),
        lambda: attempts.hear_more(attempt.pk, by=handler, at=now()),
        lambda: attempts.save(attempt.pk, form={}, by=handler, at=now()),
    ):
        with pytest.raises(attempts.Finished):
            do()
    response = client.post(reverse("quality:say", args=[attempt.pk]), {"ask": "weapon"})

    assert response.url == reverse("quality:outcome", args=[attempt.pk])


def test_nobody_sees_another_persons_tries(handler):
    attempt = factories.attempt(handler)
    other = rows.sign_in(Client(), rows.user("team_leader"))

    for name in ("attempt", "outcome"):
        assert other.get(reverse(f"quality:{name}", args=[attempt.pk])).status_code == 404
    assert "100 of 100" not in other.get(reverse("quality:callers")).content.decode()


def test_every_page_says_practice(client, handler):
    done = factories.attempt(handler)
    open_ = begin(client)

    for name, argument in (("callers", []), ("attempt", [open_.pk]), ("outcome", [done.pk])):
        page = client.get(reverse(f"quality:{name}", args=argument)).content.decode()
        assert "<strong>PRACTICE.</strong>" in page
        assert "<title>Practice" in page


def test_unknown_caller_and_question(client):
    attempt = begin(client)

    assert client.post(reverse("quality:start"), {"case": "nobody"}).status_code == 404
    say = reverse("quality:say", args=[attempt.pk])
    assert client.post(say, {"ask": "favourite_colour"}).status_code == 404
    assert client.get(reverse("quality:attempt", args=[uuid.uuid4()])).status_code == 404
