import html
import re
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from tests import factories
from tests.triage.partners.factories import DAY, agency, asked, referral
from tests.triage.partners.test_repeats import reported
from triage.models import Incident, ReportDraft
from triage.partners import jobs, steps
from triage.partners.models import CardTick, PartnerAgency, Referral, StepTaken
from victimcontact.accounts.roles import Role
from victimcontact.audit.models import Entry

pytestmark = pytest.mark.django_db
CUCKOOED = "Men moved into my flat and they won't leave. They've got my key."


@pytest.fixture
def handler(db):
    return factories.user(Role.CALL_HANDLER)


@pytest.fixture
def as_handler(client, handler):
    return factories.sign_in(client, handler)


@pytest.fixture
def incident(db):
    made = factories.incident()
    factories.assessment(made, grade=2, at=now(), flags=["cuckooing"])
    return made


def page(client, name, *args, **query):
    answer = client.get(reverse(f"partners:{name}", args=args), query)
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def refer(client, incident, to, **fields):
    data = {**asked(), "agency": to.pk, **fields}
    return client.post(reverse("partners:refer", args=[incident.pk]), data)


def move(client, of, **fields):
    data = {"seen": of.status, "note": "They visit tomorrow", **fields}
    return client.post(reverse("partners:move", args=[of.pk]), data)


# The report that is typed


def typed(**fields):
    return {
        "draft": str(uuid.uuid4()),
        "version": "0",
        "channel": "101",
        "about": "self",
        "narrative": CUCKOOED,
        "seen_grade": "2",
        "grade": "2",
        "action": "record",
        **fields,
    }


def score(client, data):
    answer = client.post(reverse("triage:score", args=[data["draft"]]), data)
    return html.unescape(answer.content.decode())


def cards_in(body):
    return re.findall(r'id="demand-(\w+)"', body)


def test_report_shows_the_card_of_its_words_with_what_never_to_do(as_handler):
    body = score(as_handler, typed())

    assert "cuckooing" in cards_in(body)
    assert "Never ring back before knowing who holds the telephone" in body
    assert "modern_slavery" not in cards_in(body)


def test_report_shows_a_card_that_was_asked_for_until_it_is_unticked(as_handler):
    asked_for = score(as_handler, typed(narrative="My bike is gone.", **{"card-missing": "on"}))
    not_asked = score(as_handler, typed(narrative="My bike is gone."))

    assert cards_in(asked_for) == ["missing", "more"]
    assert cards_in(not_asked) == ["more"]
    assert re.search(r'id="card-missing" value="on" checked', asked_for)


def test_repeat_card_stays_over_the_threshold_though_the_flag_is_dismissed(as_handler):
    victim = factories.contact(phone="+447700900111")
    reported(2, victim=victim, at=now())
    dismissed = {
        "dismiss_repeat_victimisation": "on",
        "dismiss_why_repeat_victimisation": "Another matter",
    }
    data = typed(narrative="My bike is gone.", caller_phone="07700 900111", **dismissed)
    second = score(as_handler, data)

    reported(1, victim=victim, at=now())

    assert "repeat_caller" not in cards_in(second)
    assert "repeat_caller" in cards_in(score(as_handler, data))


def test_steps_typed_beside_the_report_are_saved_and_kept_with_it(as_handler, handler):
    said = {
        "step-cuckooing-inside": "done",
        "step-cuckooing-meet": "not",
        "why-cuckooing-meet": "They are here",
        "step-cuckooing-adult": "not",
        "card-missing": "on",
    }
    data = typed(**said)

    saved = score(as_handler, data)
    draft = page_of_draft(as_handler)
    answer = as_handler.post(reverse("triage:new_report"), data)

    for body in (saved, draft):
        assert 'value="They are here"' in body
        assert re.search(r'value="done" id="step-cuckooing-inside-1" checked', body)
    incident = Incident.objects.get()
    assert answer.status_code == 302
    assert {
        key: (taken.is_done, taken.because, taken.by)
        for key, taken in steps.standing(incident).items()
    } == {
        ("cuckooing", "inside"): (True, "", handler),
        ("cuckooing", "meet"): (False, "They are here", handler),
    }
    assert steps.ticked(incident) == {"missing"}


def page_of_draft(client):
    draft = ReportDraft.objects.get()
    return html.unescape(client.get(reverse("triage:draft", args=[draft.pk])).content.decode())


def test_report_sent_twice_keeps_its_steps_once(as_handler):
    data = typed(**{"step-cuckooing-inside": "done"})

    for _ in range(2):
        as_handler.post(reverse("triage:new_report"), data)

    assert StepTaken.objects.count() == 1


def test_reassessment_shows_what_stands_and_keeps_what_is_new(as_handler, handler, incident):
    steps.take(incident, card="cuckooing", step="inside", is_done=True, by=handler, at=now())
    address = reverse("triage:reassess", args=[incident.pk])

    shown = as_handler.get(address).content.decode()
    answer = as_handler.post(
        address,
        {
            "narrative": CUCKOOED,
            "after": "1",
            "seen_at": now().isoformat(),
            "draft": str(uuid.uuid4()),
            "version": "0",
            "seen_grade": "2",
            "grade": "2",
            "action": "record",
            "step-cuckooing-inside": "done",
            "step-cuckooing-meet": "done",
        },
    )

    assert re.search(r'value="done" id="step-cuckooing-inside-1" checked', shown)
    assert answer.status_code == 302
    assert sorted(step for _, step in steps.standing(incident)) == ["inside", "meet"]
    assert StepTaken.objects.count() == 2


# The incident's page


def test_incident_shows_cards_steps_and_referrals(as_handler, handler, incident):
    steps.take(incident, card="cuckooing", step="inside", is_done=True, by=handler, at=now())
    made = referral(incident, at=now())

    body = as_handler.get(reverse("triage:incident", args=[incident.pk])).content.decode()

    assert cards_in(body) == ["cuckooing"]
    assert ": 1 of 4 done" in body
    assert reverse("partners:referral", args=[made.pk]) in body
    assert "Referral made (Housing)" in body
    assert "Step done (cuckooing)" in body


def test_incident_lets_a_card_be_asked_for_and_taken_away(as_handler, incident):
    address = reverse("partners:tick", args=[incident.pk])
    incident_page = reverse("triage:incident", args=[incident.pk])

    as_handler.post(address, {"card": "missing", "is_on": "yes"})
    with_it = cards_in(as_handler.get(incident_page).content.decode())
    as_handler.post(address, {"card": "missing", "is_on": "no"})
    without = cards_in(as_handler.get(incident_page).content.decode())

    assert (with_it, without) == (["cuckooing", "missing"], ["cuckooing"])
    assert CardTick.objects.count() == 2


def test_steps_of_a_card_are_kept_and_a_missing_reason_is_asked_for(as_handler, incident):
    address = reverse("partners:card", args=[incident.pk, "cuckooing"])
    said = {"step-cuckooing-inside": "done", "step-cuckooing-meet": "not"}

    refused = as_handler.post(address, said)
    nothing = StepTaken.objects.count()
    taken = as_handler.post(address, said | {"why-cuckooing-meet": "He listens"})

    assert (refused.status_code, nothing) == (422, 0)
    assert b"Say why it is not done: agree to meet away from the home" in refused.content
    assert taken.status_code == 302
    assert StepTaken.objects.count() == 2


def test_reviewer_of_quality_sees_neither_cards_nor_referrals(client, incident):
    referral(incident, at=now())
    factories.sign_in(client, factories.user(Role.QUALITY_REVIEWER))

    body = client.get(reverse("triage:incident", args=[incident.pk])).content.decode()

    assert "Partner agencies" not in body


# Referring


def test_refer_shows_likely_agencies_first_and_records(as_handler, incident):
    adults = agency(kind="adult_social_care", name="Adults' Front Door")
    agency(kind="ambulance", name="Ambulance")

    body = page(as_handler, "refer", incident.pk)
    answer = refer(as_handler, incident, adults, card="cuckooing")

    assert re.findall(r'<optgroup label="([^"]+)"', body) == [
        "Adult social care, likely",
        "Ambulance service",
    ]
    made = Referral.objects.get()
    assert answer.headers["Location"] == reverse("partners:referral", args=[made.pk])
    assert (made.agency, made.card, made.incident) == (adults, "cuckooing", incident)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"agency": ""}, "Choose the agency you told"),
        ({"asked": " "}, "Say what you told the agency"),
        ({"way": ""}, "Choose how you told the agency"),
        ({"consent": ""}, "Choose whether the person agrees"),
        ({"consent": "refused"}, "Choose why it is shared although the person did not agree"),
        (
            {"consent": "refused", "ground": "adult"},
            "Without consent, National Referral Mechanism first responder is told only to protect"
            " a child, or the law requires it",
        ),
    ],
)
def test_refer_says_what_is_missing(as_handler, incident, fields, says):
    nrm = agency(kind="nrm_first_responder")

    answer = refer(as_handler, incident, nrm, **fields)

    assert answer.status_code == 422
    assert html.unescape(answer.content.decode()).count(says) == 2
    assert not Referral.objects.exists()


def test_refer_where_it_waits_already_says_who_did(as_handler, incident):
    first = referral(incident, at=now())

    answer = refer(as_handler, incident, first.agency)

    assert answer.status_code == 422
    assert f"{first.made_by} referred this incident there" in answer.content.decode()
    assert Referral.objects.count() == 1


def test_refer_without_agencies_says_who_adds_them(as_handler, incident):
    assert "An administrator adds them" in page(as_handler, "refer", incident.pk)


# Following


def test_referral_is_followed_to_its_answer(as_handler, incident):
    made = referral(incident, at=now())

    move(as_handler, made, to="received", note="")
    made.refresh_from_db()
    move(as_handler, made, to="chased", note="They look today")
    move(as_handler, made, to="answered")

    made.refresh_from_db()
    body = page(as_handler, "referral", made.pk)
    assert made.status == "answered"
    assert re.findall(r"<strong>(Answered|Asked again|Received|Made)</strong>", body) == [
        "Answered",
        "Asked again",
        "Received",
        "Made",
    ]
    assert "What happened next" not in body


def test_move_that_was_overtaken_keeps_the_words_and_says_so(as_handler, incident):
    made = referral(incident, at=now())
    move(as_handler, made, to="declined")

    answer = move(as_handler, made, to="answered", note="My long note")

    assert answer.status_code == 422
    body = answer.content.decode()
    assert "the referral is declined now" in body
    assert "My long note" in body
    made.refresh_from_db()
    assert made.status == "declined"


def test_form_tells_the_agency_how_to_reach_the_person_and_no_agreed_word(as_handler, incident):
    factories.plan(
        incident.victim, word="lighthouse", help_word="umbrella", do_not_say="the police"
    )
    made = referral(incident, at=now(), asked="Please visit her.")

    body = page(as_handler, "form", made.pk)

    for words in ("Please visit her.", "Do not say", "the police", incident.victim.name):
        assert words in body
    for secret in ("umbrella", "lighthouse", incident.narrative):
        assert secret not in body
    assert Entry.objects.filter(type="referral.form_opened", about_id=str(made.pk)).exists()


def test_form_without_a_plan_asks_to_reach_nobody(as_handler, incident):
    body = page(as_handler, "form", referral(incident, at=now()).pk)

    assert "No safe way is agreed." in body


def test_form_leaves_out_the_person_suspected(as_handler, incident):
    incident.participants.create(role="suspect", description="Tall, scar, called Vince")

    assert "Vince" not in page(as_handler, "form", referral(incident, at=now()).pk)


# Lists


def rows(body):
    return re.findall(r"/triage/[\w-]+/\">([\w-]+)</a>", body)


def test_list_shows_open_overdue_settled_and_by_agency(as_handler):
    late = referral(at=now() - 3 * DAY, to=agency(kind="ambulance"))
    open_ = referral(at=now(), to=agency(kind="housing"))
    done = referral(at=now(), to=agency(kind="housing"))
    move(as_handler, done, to="withdrawn")
    theirs = referral(factories.incident(factories.force("southmoor"), grade=3), at=now())

    def shown(**query):
        return rows(page(as_handler, "referrals", **query))

    refs = {
        name: one.incident.reference
        for name, one in (("late", late), ("open", open_), ("done", done))
    }
    assert shown() == [refs["late"], refs["open"]]
    assert shown(stands="overdue") == [refs["late"]]
    assert shown(stands="settled") == [refs["done"]]
    assert sorted(shown(stands="all")) == sorted(refs.values())
    assert shown(stands="all", agency=str(late.agency.pk)) == [refs["late"]]
    assert shown(stands="nonsense", agency=str(theirs.agency.pk)) == shown()
    assert "1 overdue" in page(as_handler, "referrals")


def test_list_asks_as_often_for_one_as_for_three(as_handler):
    def count():
        page(as_handler, "referrals")
        with CaptureQueriesContext(connection) as queries:
            page(as_handler, "referrals")
        return len(queries)

    referral(at=now(), to=agency())
    one = count()
    for _ in range(2):
        referral(at=now(), to=agency())

    assert count() == one


def test_repeats_are_listed_with_a_way_to_refer_and_what_was_done(as_handler):
    victim = factories.contact(name="Robin Example", phone="+447700900111")
    incidents = reported(2, 1, 0.01, victim=victim, at=now())
    jobs.count_repeats(now())
    told = referral(incidents[0], at=now())

    body = page(as_handler, "repeats")

    assert "07700 900111" in body
    assert "Robin Example" in body
    assert f"{reverse('partners:refer', args=[incidents[2].pk])}?card=repeat_caller" in body
    assert reverse("partners:referral", args=[told.pk]) in body
    assert "Robin Example" not in page(as_handler, "repeats", days="30")
    assert Entry.objects.filter(type="repeats.viewed").count() == 2


def test_missing_people_show_their_review_and_whom_it_was_told(as_handler):
    at = now()
    missing = factories.incident()
    factories.assessment(missing, grade=1, at=at, flags=["missing_person"])
    other = factories.incident()
    factories.assessment(other, grade=1, at=at, flags=["fraud"])

    before = page(as_handler, "missing")
    referral(missing, at=at, to=agency(kind="missing_people", name="Missing People's Desk"))
    after = page(as_handler, "missing")

    assert rows(before) == [missing.reference]
    assert "Nobody told yet." in before
    assert "in 3 h 29" in before
    assert "Missing People's Desk" in after


# Admin


@pytest.fixture
def as_administrator(client):
    return factories.sign_in(client, factories.user(Role.ADMINISTRATOR))


def test_administrator_adds_an_agency_that_can_be_reached(as_administrator):
    data = {
        "force": factories.force().pk,
        "kind": "housing",
        "name": "Northmoor Homes",
        "is_active": "on",
    }
    add = reverse("admin:partners_partneragency_add")

    refused = as_administrator.post(add, data)
    as_administrator.post(add, data | {"telephone": "020 7946 0140"})

    assert b"Give a telephone number, a portal or an e-mail address." in refused.content
    assert PartnerAgency.objects.get().telephone == "020 7946 0140"
    assert Entry.objects.filter(type="admin.added").count() == 1


def test_agency_that_was_ever_told_is_not_deleted(as_administrator):
    told, unused = referral(at=now()).agency, agency(kind="ambulance")

    for one in (told, unused):
        as_administrator.post(
            reverse("admin:partners_partneragency_delete", args=[one.pk]), {"post": "yes"}
        )

    assert list(PartnerAgency.objects.all()) == [told]
