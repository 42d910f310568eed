import re
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from messaging.models import Notification
from tests import factories
from tests.triage.conftest import AT_THE_DOOR, YESTERDAY
from triage.models import Assessment, Crime, Incident, Offer, Participant, ReportDraft
from victimcontact.accounts.models import User
from victimcontact.audit.models import Entry
from victimcontact.people.models import Contact, ContactPlan

pytestmark = pytest.mark.django_db
NEW = "/triage/new/"


@pytest.fixture
def as_handler(client, handler):
    return factories.sign_in(client, handler)


@pytest.fixture
def as_leader(client, leader):
    return factories.sign_in(client, leader)


def typed(**fields):
    return {
        "draft": str(uuid.uuid4()),
        "version": "0",
        "channel": "101",
        "about": "self",
        "narrative": YESTERDAY,
        "seen_grade": "3",
        "grade": "3",
        "action": "record",
        **fields,
    }


def score(client, data):
    return client.post(reverse("triage:score", args=[data["draft"]]), data)


# Who may


@pytest.mark.parametrize(
    "role",
    [
        "call_handler",
        "team_leader",
        "video_officer",
        "officer_in_charge",
        "quality_reviewer",
        "auditor",
        "administrator",
        "supervisor",
    ],
)
def test_pages_by_role(client, role):
    incident = factories.incident(grade=3, at=now())
    person = factories.user(role)
    factories.sign_in(client, person)
    wanted = {
        "triage:queue": ("incident.view", []),
        "triage:new_report": ("incident.create", []),
        "triage:incident": ("incident.view", [incident.pk]),
        "triage:reassess": ("incident.assess", [incident.pk]),
        "triage:choice": ("offer.make", [incident.pk]),
        "triage:plan": ("contact.change", [incident.pk]),
        "triage:record": ("crime.record", [incident.pk]),
    }

    answers = {
        name: client.get(reverse(name, args=args)).status_code for name, (_, args) in wanted.items()
    }

    assert answers == {
        name: 200 if permission in person.permissions else 403
        for name, (permission, _) in wanted.items()
    }


def test_strangers_and_those_with_one_factor_are_sent_to_sign_in(client, handler):
    paths = [NEW, "/triage/", reverse("triage:incident", args=[factories.incident().pk])]
    refused = [client.get(path).status_code for path in paths]
    client.force_login(handler, backend="django.contrib.auth.backends.ModelBackend")
    half = [client.get(path).status_code for path in paths]

    assert (refused, half) == ([302] * 3, [302] * 3)


@pytest.mark.parametrize("name", ["incident", "reassess", "choice", "plan", "record"])
def test_another_forces_incident_is_not_there(client, name):
    theirs = factories.incident(factories.force("southshire"), grade=3)
    factories.sign_in(client, factories.user(["call_handler", "supervisor"]))

    assert client.get(reverse(f"triage:{name}", args=[theirs.pk])).status_code == 404


# A new report


def test_typing_is_saved_and_scored(as_handler, handler):
    data = typed(narrative=AT_THE_DOOR, caller_phone="077", grade="")

    answer = score(as_handler, data)

    assert answer["X-Draft-Version"] == "1"
    page = answer.content.decode()
    assert 'data-grade="1"' in page
    assert re.search(r"<mark[^>]*>knife", page)
    draft = ReportDraft.objects.get()
    assert (str(draft.pk), draft.handler) == (data["draft"], handler)
    assert draft.form["narrative"] == [AT_THE_DOOR]
    assert draft.form["caller_phone"] == ["077"]
    assert not {"csrfmiddlewaretoken", "version", "seen_grade", "action"} & set(draft.form)
    assert not Incident.objects.exists()


def test_a_pause_in_typing_asks_little_of_the_database(as_handler):
    data = typed()
    for words in ("He hit me", "He hit me and"):
        data["version"] = score(as_handler, data | {"narrative": words})["X-Draft-Version"]
    with CaptureQueriesContext(connection) as constant:
        as_handler.get(reverse("triage:token"))

    with CaptureQueriesContext(connection) as queries:
        score(as_handler, data | {"narrative": "He hit me and ran"})

    # The draft found and kept within a savepoint, the handler's forces, the policy in force.
    assert len(queries) - len(constant) == 6


def test_closed_tab_is_found_on_the_queue_and_goes_on(as_handler):
    data = typed(narrative="He hit me <b>&", victim_name="Jo", about="other", weapon="no")
    score(as_handler, data)

    queue = as_handler.get("/triage/").content.decode()
    address = reverse("triage:draft", args=[data["draft"]])
    page = as_handler.get(address).content.decode()

    assert address in queue
    assert "He hit me &lt;b&gt;&amp;" in queue
    assert ">\nHe hit me &lt;b&gt;&amp;</textarea>" in page
    assert re.search(r'name="weapon" value="no"[^>]*checked', page)
    assert 'name="version" value="1"' in page


def test_second_tab_is_told_and_nothing_is_overwritten(as_handler):
    data = typed(narrative="He hit me")
    score(as_handler, data)

    answer = score(as_handler, {**data, "narrative": "He ran off", "version": "0"})

    page = answer.content.decode()
    assert "X-Draft-Version" not in answer
    assert "open in another tab" in page
    assert 'id="panel"' in page
    assert ReportDraft.objects.get().form["narrative"] == ["He hit me"]


def test_second_tab_may_take_over_and_both_are_kept(as_handler):
    data = typed(narrative="He hit me")
    score(as_handler, data)

    address = reverse("triage:take_over", args=[data["draft"]])
    answer = as_handler.post(address, {**data, "narrative": "He ran off"})

    assert answer["X-Draft-Version"] == "2"
    words = sorted(draft.form["narrative"][0] for draft in ReportDraft.objects.all())
    assert words == ["He hit me", "He ran off"]


def test_another_handlers_draft_is_not_there(as_handler):
    draft = ReportDraft.objects.create(
        handler=factories.user("call_handler"), form={}, started_at=now(), saved_at=now()
    )
    data = typed(draft=str(draft.pk))

    answers = [
        as_handler.get(reverse("triage:draft", args=[draft.pk])),
        score(as_handler, data),
        as_handler.post(NEW, data),
        as_handler.post(reverse("triage:discard", args=[draft.pk])),
    ]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert [draft.form for draft in ReportDraft.objects.all()] == [{}]


def test_recorded_from_the_form(as_handler, handler):
    data = typed(
        about="other",
        caller_name="Sam Neighbour",
        victim_name="Robin Example",
        victim_phone="07700 900123",
        victim_born="27/3/1942",
        interpreter="Polish",
        location="12 Example Street",
        suspect="Tall, red coat",
        crime_type="assault",
        weapon="no",
        rationale_harm="A bruise on the arm",
    )

    answer = as_handler.post(NEW, data)

    incident = Incident.objects.get()
    assert answer.headers["Location"] == reverse("triage:choice", args=[incident.pk])
    assert (incident.grade, incident.crime_type, incident.handler) == (3, "assault", handler)
    assert incident.victim.needs == {"interpreter": "Polish"}
    assert incident.victim.date_of_birth == "1942-03-27"
    assert Participant.objects.get(role="suspect").description == "Tall, red coat"
    assessment = Assessment.objects.get()
    assert assessment.answers["weapon"] is False
    assert assessment.rationales == {"harm": "A bruise on the arm"}
    assert ReportDraft.objects.get().incident == incident


def test_double_click_records_one_incident(as_handler):
    data = typed()

    answers = [as_handler.post(NEW, data) for _ in range(2)]

    assert [a.headers["Location"] for a in answers] == [
        reverse("triage:choice", args=[Incident.objects.get().pk])
    ] * 2


def test_words_typed_after_recording_in_another_tab_are_not_lost(as_handler):
    data = typed()
    as_handler.post(NEW, data)

    answer = as_handler.post(NEW, {**data, "narrative": "He came back"})

    page = answer.content.decode()
    assert Incident.objects.get().narrative == YESTERDAY
    assert f"was recorded as {Incident.objects.get().reference}" in page
    assert "He came back</textarea>" in page


def test_less_urgent_without_a_reason_keeps_all_and_says_so_by_the_field(as_handler):
    data = typed(narrative=AT_THE_DOOR, grade="3", seen_grade="1", caller_name="Jo")

    answer = as_handler.post(NEW, data)

    page = answer.content.decode()
    assert answer.status_code == 422
    said = "Give a reason: grade 3 is less urgent than the recommended grade 1"
    assert re.search(rf'id="id_reason_error"[^>]*>.*{said}', page)
    assert f'<a href="#id_reason">{said}</a>' in page
    assert AT_THE_DOOR in page
    assert 'name="caller_name" value="Jo"' in page
    assert not Incident.objects.exists()

    done = as_handler.post(NEW, {**data, "reason": "Officers are there", "version": "1"})
    assert done.status_code == 302
    assert Assessment.objects.get().reason == "Officers are there"


def test_grade_is_never_decided_unseen(as_handler):
    answer = as_handler.post(NEW, typed(seen_grade=""))

    assert "The recommendation is grade 3. Read why, then decide" in answer.content.decode()
    assert not Incident.objects.exists()


def test_too_long_a_report_loses_nothing(as_handler):
    words = "He hit me 😢 " * 1700

    answer = as_handler.post(NEW, typed(narrative=words))

    page = answer.content.decode()
    assert "must be 20,000 characters or fewer" in page
    assert words.strip() in page
    assert ReportDraft.objects.get().form["narrative"] == [words]


def test_known_person_is_shown_and_joined_only_when_confirmed(as_handler):
    known = factories.contact(name="Robin Known", phone="+447700900123")
    earlier = factories.incident(victim=known, grade=2, at=now() - timedelta(days=40))
    other = factories.contact(factories.force("southshire"), name="X", phone="+447700900123")
    data = typed(caller_phone="07700 900123", caller_name="Robin Known")

    page = score(as_handler, data).content.decode()

    assert "Robin Known" in page
    assert earlier.reference in page
    assert str(other.pk) not in page
    as_handler.post(NEW, {**data, "version": "1"})
    assert [c.name for c in Contact.objects.all()].count("Robin Known") == 2

    second = typed(caller_phone="07700 900123", caller_contact=str(known.pk))
    as_handler.post(NEW, second)
    latest = Incident.objects.order_by("-created_at").first()
    assert latest.victim == known
    assert Assessment.objects.get(incident=latest).answers["history"]["previous_reports_12m"] == 2


def test_earlier_than_a_year_is_not_shown(as_handler):
    known = factories.contact(phone="+447700900123")
    old = factories.incident(victim=known, grade=2, at=now() - timedelta(days=366))

    page = score(as_handler, typed(caller_phone="07700 900123")).content.decode()

    assert old.reference not in page


def test_without_script_a_questions_button_puts_the_answer_in(as_handler):
    data = typed(action="", give="weapon=yes")

    answer = as_handler.post(NEW, data)

    page = answer.content.decode()
    assert answer.status_code == 200
    assert re.search(r'name="weapon" value="yes"[^>]*checked', page)
    assert "There is a problem" not in page
    assert ReportDraft.objects.get().form["weapon"] == ["yes"]
    assert not Incident.objects.exists()


def test_signed_out_the_draft_stays_and_a_fresh_token_is_given_after(client, handler):
    factories.sign_in(client, handler)
    data = typed()
    score(client, data)
    client.logout()

    lost = score(client, {**data, "narrative": "more"})
    assert lost.status_code == 302
    assert ReportDraft.objects.get().form["narrative"] == [YESTERDAY]

    factories.sign_in(client, handler)
    assert len(client.get(reverse("triage:token")).json()["token"]) == 64
    assert score(client, {**data, "narrative": "more", "version": "1"})["X-Draft-Version"] == "2"


def test_draft_is_thrown_away_by_post_alone(as_handler):
    data = typed()
    score(as_handler, data)
    address = reverse("triage:discard", args=[data["draft"]])

    refused, done = as_handler.get(address), as_handler.post(address)

    assert (refused.status_code, done.headers["Location"]) == (405, "/triage/")
    assert not ReportDraft.objects.exists()


def test_force_is_chosen_where_a_handler_serves_two(client, handler):
    south = factories.force("southshire")
    handler.forces.add(south)
    factories.sign_in(client, handler)

    client.post(NEW, typed(force_choice=str(south.pk)))

    assert Incident.objects.get().force == south


# The queue


def asked(client, path):
    """How many queries a page asks, once the session has noted that somebody is there."""
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        client.get(path)
    return len(queries)


def rows(page):
    return re.findall(r'<a[^>]*id="incident-[^>]*>([\w-]+)</a>', page)


def test_queue_by_grade_and_due_time_of_our_forces(as_handler):
    at = now()
    third = factories.incident(grade=3, at=at)
    second = factories.incident(grade=2, at=at)
    first = factories.incident(grade=2, at=at - timedelta(minutes=30))
    theirs = factories.incident(factories.force("southshire"), grade=1)
    closed = factories.incident(grade=1)
    closed.status, closed.closed_at, closed.closed_by = "closed", at, factories.user("team_leader")
    closed.save()

    page = as_handler.get("/triage/").content.decode()

    assert rows(page) == [first.reference, second.reference, third.reference]
    assert theirs.reference not in page
    assert rows(as_handler.get("/triage/rows/").content.decode()) == rows(page)


def test_queue_shows_lateness_review_flags_response_and_handler(as_handler, handler):
    at = now()
    incident = factories.incident(handler=handler, at=at - timedelta(minutes=185))
    factories.assessment(
        incident, grade=2, at=at - timedelta(minutes=185), flags=["stalking", "weapon_involved"]
    )
    Incident.objects.update(response="visit")

    page = as_handler.get("/triage/rows/").content.decode()

    assert re.search(r"vc-clock--late[^>]*>2 h 05 late", page)
    assert re.search(r"vc-clock--soon[^>]*>in 24 min", page)
    for words in ("Stalking", "Weapon", "Officer&#x27;s visit", str(handler)):
        assert words in page


def test_unseen_stands_first_in_its_grade_and_is_marked(as_handler):
    at = now()
    seen = factories.incident(grade=2, at=at - timedelta(minutes=50))
    unseen = factories.incident(grade=2, at=at)
    urgent = factories.incident(grade=1, at=at)
    Incident.objects.filter(pk=unseen.pk).update(is_seen=False)

    page = as_handler.get("/triage/rows/").content.decode()

    assert rows(page) == [urgent.reference, unseen.reference, seen.reference]
    assert page.count("Not seen yet") == 1
    assert "no person has looked yet: first in its grade" in page


def test_queue_says_why_each_line_stands_where_it_stands(as_handler):
    at = now()
    victim = factories.contact(phone="+447700900123")
    for minutes in (100, 90, 80):
        incident = factories.incident(
            grade=2, victim=victim, at=at - timedelta(minutes=minutes), location=f"{minutes} Row"
        )
    incident.reviews.update(because="text received")

    page = as_handler.get("/triage/rows/").content.decode()

    assert (
        "Grade 2 Priority · response 20 min late · review due in 2 h 09 (text received)"
        " · repeat caller · repeat victim"
    ) in page
    assert "<strong>Repeat caller</strong> 3 in 7 days, by number" in page


def test_a_line_that_was_shown_before_is_drawn_anew_when_anything_in_it_changes(
    as_handler, handler
):
    incident = factories.incident(grade=3)
    colleague = factories.user("call_handler", first_name="Noor", last_name="Amin")
    Incident.objects.filter(pk=incident.pk).update(owner=handler)
    row = Incident.objects.filter(pk=incident.pk)
    people = User.objects.filter(pk=colleague.pk)
    changes = {
        "<strong>You</strong>": lambda: None,
        "Grade 1 Immediate": lambda: row.update(grade=1),
        "30 min late": lambda: row.update(due_at=now() - timedelta(minutes=30, seconds=5)),
        "(text received)": lambda: incident.reviews.update(because="text received"),
        "<td>Noor Amin</td>": lambda: row.update(owner=colleague),
        "<td>Noor Said</td>": lambda: people.update(last_name="Said"),
        "Not seen yet": lambda: row.update(is_seen=False),
    }
    for words, change in changes.items():
        change()
        shown = as_handler.get("/triage/rows/").content.decode()
        assert words in shown


def test_queue_shows_ones_own_or_nobodys_and_stays_so_while_it_looks_again(as_handler, handler):
    mine, colleagues, nobodys = (factories.incident(grade=3) for _ in range(3))
    for incident, owner in ((mine, handler), (colleagues, factories.user("call_handler"))):
        Incident.objects.filter(pk=incident.pk).update(owner=owner)

    pages = {
        whose: as_handler.get(f"/triage/?whose={whose}").content.decode()
        for whose in ("mine", "unowned", "all", "nonsense")
    }

    assert {whose: set(rows(page)) for whose, page in pages.items()} == {
        "mine": {mine.reference},
        "unowned": {nobodys.reference},
        "all": {mine.reference, colleagues.reference, nobodys.reference},
        "nonsense": {mine.reference, colleagues.reference, nobodys.reference},
    }
    polls = re.search(r'hx-get="([^"]+)"', pages["mine"])[1]
    assert rows(as_handler.get(polls).content.decode()) == [mine.reference]
    counts = re.findall(r'vc-whose__count">(\d+)<', pages["unowned"])
    assert counts == ["3", "1", "1"]


def test_report_that_nobody_assessed_stands_on_top(as_handler):
    incident = factories.incident()

    page = as_handler.get("/triage/").content.decode()

    assert "Not assessed yet (1)" in page
    assert reverse("triage:reassess", args=[incident.pk]) in page


@pytest.mark.parametrize("path", ["/triage/", "/triage/rows/"])
def test_queue_asks_as_often_for_three_rows_as_for_one(as_handler, handler, path):
    factories.incident(grade=3, handler=handler)
    ReportDraft.objects.create(handler=handler, form={}, started_at=now(), saved_at=now())
    one = asked(as_handler, path)
    for _ in range(2):
        factories.incident(grade=2, handler=factories.user("call_handler"))
        ReportDraft.objects.create(handler=handler, form={}, started_at=now(), saved_at=now())

    assert asked(as_handler, path) == one


# An incident


def test_incident_page_tells_all_and_reading_it_is_an_entry(as_handler, handler):
    victim = factories.contact(name="Robin Example", phone="+447700900123")
    incident = factories.incident(
        victim=victim, grade=3, safety_note="Dog in the yard", handler=handler, at=now()
    )
    factories.plan(victim, cover_story="A survey", word="marmalade")
    factories.offer(incident)
    Notification.objects.create(
        force=incident.force,
        contact=victim,
        template="appointment_booked",
        channel="sms",
        body="secret words",
        about_type="triage.incident",
        about_id=incident.pk,
        next_attempt_at=now(),
        queued_at=now(),
        status="delivered",
    )

    page = as_handler.get(reverse("triage:incident", args=[incident.pk])).content.decode()

    for words in (
        "Robin Example",
        "07700 900123",
        "Dog in the yard",
        "A survey",
        incident.narrative,
        "Video appointment",
        "Delivered",
        "Agreed (nobody can read it back)",
    ):
        assert words in page
    assert "marmalade" not in page
    assert "secret words" not in page
    entry = Entry.objects.get(type="incident.viewed")
    assert (entry.actor, entry.about_id) == (f"user:{handler.pk}", str(incident.pk))


def test_incident_asks_as_often_with_a_long_history(as_handler):
    # Late from the beginning: only then is it asked whether anybody was told so.
    incident = factories.incident(grade=3, at=now() - timedelta(days=9))
    address = reverse("triage:incident", args=[incident.pk])
    one = asked(as_handler, address)
    for _ in range(3):
        factories.assessment(incident, decided_by=factories.user("call_handler"))

    assert asked(as_handler, address) == one


def again(incident, **fields):
    return {
        "narrative": AT_THE_DOOR,
        "grade": "1",
        "seen_grade": "1",
        "after": "1",
        "action": "record",
        **fields,
    }


def test_assessed_again_from_the_page(as_handler, handler):
    incident = factories.incident(grade=3, at=now())

    answer = as_handler.post(reverse("triage:reassess", args=[incident.pk]), again(incident))

    assert answer.headers["Location"] == reverse("triage:incident", args=[incident.pk])
    incident.refresh_from_db()
    assert (incident.grade, incident.current_assessment.decided_by) == (1, handler)


def test_handler_may_not_lower_and_keeps_what_was_written(as_handler):
    incident = factories.incident(grade=1, at=now())
    data = again(incident, narrative=YESTERDAY, grade="3", seen_grade="3", reason="In custody")

    answer = as_handler.post(reverse("triage:reassess", args=[incident.pk]), data)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Only a team leader or supervisor may make grade 1 less urgent" in page
    assert "In custody</textarea>" in page
    incident.refresh_from_db()
    assert incident.grade == 1


def test_leader_may_lower_with_a_reason(as_leader):
    incident = factories.incident(grade=1, at=now())
    address = reverse("triage:reassess", args=[incident.pk])
    data = again(incident, narrative=YESTERDAY, grade="3", seen_grade="3")

    refused = as_leader.post(address, data)
    done = as_leader.post(address, {**data, "reason": "In custody"})

    assert "Give a reason: grade 3 is less urgent than 1 now" in refused.content.decode()
    assert done.status_code == 302
    incident.refresh_from_db()
    assert incident.grade == 3


def test_two_people_assess_at_once_and_the_second_is_told(as_handler, leader):
    incident = factories.incident(grade=3, at=now())
    factories.assessment(incident, grade=2, decided_by=leader)
    address = reverse("triage:reassess", args=[incident.pk])

    answer = as_handler.post(address, again(incident))

    page = answer.content.decode()
    assert f"{leader} assessed this incident meanwhile (grade 2)" in page
    assert AT_THE_DOOR in page
    assert 'name="after" value="2"' in page
    assert as_handler.post(address, again(incident, after="2")).status_code == 302


def test_panel_while_assessing_again_saves_nothing(as_handler):
    incident = factories.incident(grade=3, at=now())

    answer = as_handler.post(
        reverse("triage:reassess_score", args=[incident.pk]), {"narrative": AT_THE_DOOR}
    )

    assert 'data-grade="1"' in answer.content.decode()
    assert incident.assessments.count() == 1
    assert not ReportDraft.objects.exists()


# The choice, safe contact, the crime


def test_choice_is_read_and_recorded(as_handler):
    incident = factories.incident(grade=3, at=now())
    address = reverse("triage:choice", args=[incident.pk])

    page = as_handler.get(address).content.decode()
    answer = as_handler.post(address, {"chosen": "video"})

    assert re.findall(r'name="chosen" value="(\w+)"', page) == ["video", "visit", "station"]
    assert answer.headers["Location"] == address
    assert Offer.objects.get().chosen == "video"
    after = as_handler.get(address).content.decode()
    assert 'name="opening_word"' in after
    assert 'id="booking"' not in after


def test_video_is_not_read_out_where_it_may_not_be_offered(as_handler):
    incident = factories.incident(grade=2, at=now())
    address = reverse("triage:choice", args=[incident.pk])

    page = as_handler.get(address).content.decode()
    answer = as_handler.post(address, {"chosen": "video"})

    assert re.findall(r'name="chosen" value="(\w+)"', page) == ["visit", "station"]
    assert "video appointment" not in page.lower()
    assert answer.status_code == 422
    assert not Offer.objects.exists()


PLAN = {
    "contact": "as_below",
    "phone": "07700 900222",
    "sms": "safe",
    "phone_watched": "no",
    "when": "any",
    "wording": "neutral",
    "officer_name_safe": "no",
    "opening_word": "marmalade",
    "help_word": "cushion",
}


def test_plan_is_agreed_and_opens_the_way_to_a_time(as_handler, handler):
    incident = factories.incident(grade=3, at=now())
    factories.offer(incident, chosen="video")

    answer = as_handler.post(reverse("triage:plan", args=[incident.pk]), PLAN)

    choice = reverse("triage:choice", args=[incident.pk])
    assert answer.headers["Location"] == choice
    plan = ContactPlan.objects.get(replaced_at=None)
    assert (plan.contact.phone, plan.confirmed_by) == ("+447700900222", handler)
    assert (
        reverse("appointments:booking", args=[incident.pk])
        in as_handler.get(choice).content.decode()
    )


def test_plan_errors_stand_by_the_field_and_keep_what_was_typed(as_handler):
    incident = factories.incident(grade=3, at=now())

    answer = as_handler.post(
        reverse("triage:plan", args=[incident.pk]),
        {**PLAN, "phone": "12", "cover_story": "Say it is the vet"},
    )

    page = answer.content.decode()
    assert answer.status_code == 422
    assert re.search(r'id="id_phone_error"[^>]*>.*Enter a phone number', page)
    assert "Say it is the vet</textarea>" in page
    assert not ContactPlan.objects.exists()


def test_crime_is_recorded_from_the_page(client):
    officer = factories.user("officer_in_charge")
    elsewhere = factories.user("officer_in_charge", at_force=factories.force("southshire"))
    factories.sign_in(client, factories.user("call_handler"))
    incident = factories.incident(grade=3, at=now())
    address = reverse("triage:record", args=[incident.pk])

    refused = client.post(address, {"crime_type": "assault", "officer": str(elsewhere.pk)})
    done = client.post(address, {"crime_type": "assault", "officer": str(officer.pk)})

    assert "Choose an officer of this force who can have a case" in refused.content.decode()
    assert done.headers["Location"] == reverse("triage:incident", args=[incident.pk])
    assert Crime.objects.get().officer_in_charge == officer
    assert Crime.objects.get().reference in client.get(done.headers["Location"]).content.decode()
