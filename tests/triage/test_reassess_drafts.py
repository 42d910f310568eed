"""A fresh assessment is kept while it is typed, and two people at it lose nothing."""

import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from tests import factories
from triage import presence
from triage.models import Assessment, AssessmentDraft, Presence
from victimcontact.audit.models import Entry

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident(db):
    return factories.incident(grade=3, at=now())


@pytest.fixture
def one(handler):
    return factories.sign_in(Client(), handler)


@pytest.fixture
def other(incident):
    person = factories.user("call_handler", username="osei", first_name="Ama", last_name="Osei")
    return factories.sign_in(Client(), person)


def typed(narrative="He is back and shouting.", **fields):
    # Grade 1 may be decided whatever is recommended.
    return {
        "draft": str(uuid.uuid4()),
        "version": "0",
        "after": "1",
        "narrative": narrative,
        "grade": "1",
        "seen_grade": "1",
        **fields,
    }


def score(client, incident, data):
    return client.post(reverse("triage:reassess_score", args=[incident.pk]), data)


def page(client, incident):
    return client.get(reverse("triage:reassess", args=[incident.pk])).content.decode()


def keep(client, incident, data):
    address = reverse("triage:reassess", args=[incident.pk])
    return client.post(address, {**data, "action": "record"})


def test_typing_is_kept_and_a_closed_tab_goes_on(one, handler, incident):
    data = typed()
    answer = score(one, incident, data)

    assert answer.headers["X-Draft-Version"] == "1"
    draft = AssessmentDraft.objects.get(pk=data["draft"])
    assert (draft.of, draft.handler, draft.after) == (incident, handler, 1)
    again = page(one, incident)
    assert "He is back and shouting." in again
    assert "have not kept it" in again
    assert data["draft"] in again


def test_begun_and_not_kept_stands_above_the_queue(one, other, incident):
    data = typed()
    score(one, incident, data)

    queue = one.get("/triage/").content.decode()
    assert f"Go on assessing {incident.reference}" in queue
    assert reverse("triage:reassess_draft", args=[incident.pk, data["draft"]]) in queue
    assert "Go on assessing" not in other.get("/triage/").content.decode()

    keep(one, incident, data)
    assert "Go on assessing" not in one.get("/triage/").content.decode()


def test_another_handlers_words_are_not_shown(one, other, incident):
    data = typed("Only mine to read")
    score(one, incident, data)

    assert "Only mine to read" not in page(other, incident)
    address = reverse("triage:reassess_draft", args=[incident.pk, data["draft"]])
    assert other.get(address).status_code == 404
    assert score(other, incident, data).status_code == 404


def test_a_draft_belongs_to_its_incident(one, incident):
    data = typed()
    score(one, incident, data)
    elsewhere = factories.incident(grade=3)

    assert score(one, elsewhere, data).status_code == 404
    address = reverse("triage:reassess_draft", args=[elsewhere.pk, data["draft"]])
    assert one.get(address).status_code == 404


def test_second_tab_is_told_and_may_take_over(one, incident):
    data = typed()
    score(one, incident, data)
    score(one, incident, {**data, "version": "1", "narrative": "From the first tab"})

    behind = score(one, incident, {**data, "version": "1", "narrative": "From the second tab"})
    assert "This assessment is open in another tab" in behind.content.decode()
    assert AssessmentDraft.objects.get(pk=data["draft"]).form["narrative"] == ["From the first tab"]

    address = reverse("triage:reassess_take_over", args=[incident.pk])
    one.post(address, {**data, "narrative": "From the second tab"})
    kept = {draft.form["narrative"][0] for draft in AssessmentDraft.objects.filter(of=incident)}
    assert kept == {"From the first tab", "From the second tab"}


def test_kept_once_however_often_it_is_sent(one, incident):
    data = typed()
    for _ in range(2):
        answer = keep(one, incident, data)
        assert answer.url == reverse("triage:incident", args=[incident.pk])

    assert Assessment.objects.filter(incident=incident).count() == 2
    draft = AssessmentDraft.objects.get(pk=data["draft"])
    assert draft.assessment == incident.current_assessment
    assert "have not kept it" not in page(one, incident)
    late = score(one, incident, {**data, "narrative": "One word more"}).content.decode()
    assert "kept as assessment 2 in another tab" in late


def test_what_cannot_be_kept_stays_as_it_was_typed(one, incident):
    factories.assessment(incident, grade=1, at=now())
    data = typed(after="2", grade="3", seen_grade="1")

    answer = keep(one, incident, data)

    assert answer.status_code == 422
    assert AssessmentDraft.objects.get(pk=data["draft"]).assessment is None
    assert "He is back and shouting." in page(one, incident)


def test_two_handlers_at_once_and_neither_loses_a_word(one, other, incident):
    mine, theirs = typed("Mine: he is back."), typed("Theirs: a neighbour called.")
    score(one, incident, mine)
    score(other, incident, theirs)
    assert keep(other, incident, theirs).status_code == 302

    answer = keep(one, incident, mine)

    assert answer.status_code == 422
    assert "Ama Osei assessed this incident meanwhile (grade 1)" in answer.content.decode()
    again = page(one, incident)
    assert "Mine: he is back." in again
    assert "Ama Osei assessed this incident after you began" in again
    assert keep(one, incident, {**mine, "after": "2"}).status_code == 302
    words = [a.narrative for a in incident.assessments.order_by("number")][1:]
    assert words == ["Theirs: a neighbour called.", "Mine: he is back."]


def test_thrown_away_by_its_own_handler_alone(one, other, incident):
    data = typed()
    score(one, incident, data)
    address = reverse("triage:reassess_discard", args=[incident.pk, data["draft"]])

    assert one.get(address).status_code == 405
    assert other.post(address).status_code == 404
    assert AssessmentDraft.objects.count() == 1
    assert one.post(address).status_code == 302
    assert AssessmentDraft.objects.count() == 0
    assert Entry.objects.filter(type="draft.discarded").count() == 1


# Who else is here


def here(client, incident, **fields):
    return client.post(reverse("triage:here", args=[incident.pk]), {"after": "1", **fields})


def test_two_on_one_incident_see_each_other_and_who_types(one, other, incident):
    assert "also here" not in page(one, incident)
    here(other, incident)

    assert "<strong>Ama Osei is also here.</strong>" in here(one, incident).content.decode()
    score(other, incident, typed())
    assert "<strong>Ama Osei is also here, typing.</strong>" in here(one, incident).content.decode()


def test_what_is_said_already_is_not_said_again(one, other, incident):
    here(other, incident)
    first = here(one, incident)
    digest = first.context["here"].digest

    assert here(one, incident, known=digest).status_code == 204
    score(other, incident, typed())
    assert here(one, incident, known=digest).status_code == 200


def test_presence_lapses_by_itself_and_a_begun_assessment_stays_named(handler, incident):
    at = now()
    osei = factories.user("call_handler", username="osei", first_name="Ama", last_name="Osei")
    presence.note(incident, osei, at=at, is_typing=True)
    assert [o.is_typing for o in presence.others(incident, handler, at=at)] == [True]

    assert presence.others(incident, handler, at=at + timedelta(seconds=20)) == []
    AssessmentDraft.objects.create(handler=osei, of=incident, started_at=at, saved_at=at)
    (left,) = presence.others(incident, handler, at=at + timedelta(seconds=20))
    assert (left.is_here, left.is_typing, bool(left.begun_at)) == (False, False, True)

    presence.note(incident, handler, at=at + timedelta(hours=2))
    assert [row.user for row in Presence.objects.all()] == [handler]


def test_an_assessment_made_meanwhile_is_named_while_one_types(one, incident):
    osei = factories.user("call_handler", username="osei", first_name="Ama", last_name="Osei")
    factories.assessment(incident, grade=2, decided_by=osei, at=now())

    answer = here(one, incident, assessing="1").content.decode()

    assert "<strong>Ama Osei has assessed it meanwhile: grade 2.</strong>" in answer
    assert "before you decide" in answer
    assert "assessed it meanwhile" not in here(one, incident, after="2").content.decode()


def test_another_forces_incident_tells_nobody_who_is_there(one):
    theirs = factories.incident(factories.force("southshire"), grade=1)

    assert here(one, theirs).status_code == 404
