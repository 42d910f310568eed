import csv
import io
import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now

from messaging.models import Notification
from tests import factories
from tests.appointments import factories as diary
from tests.triage.control import factories as control
from tests.triage.control.conftest import assess
from triage import drafts
from triage.control import closing, dispatching, telling
from triage.control.models import Advice, Dispatch, Safeguarding, SystemCheck
from triage.models import Incident, ReportDraft
from victimcontact.accounts.roles import Role
from victimcontact.audit.models import Entry

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(handler):
    """An incident of now at grade 3, with a victim."""
    return factories.incident(grade=3, at=now(), location="12 Mill Lane")


@pytest.fixture
def desk(client, handler):
    factories.sign_in(client, handler)
    return client


def address(name, incident):
    return reverse(f"control:{name}", args=[incident.pk])


def filled(page):
    """What a browser would send back of the page's form, untouched."""
    form = page.context["form"]
    return {name: form[name].value() or "" for name in form.fields}


# Send officers


def test_send_is_two_key_presses_from_the_incident(desk, made, handler):
    page = desk.get(reverse("triage:incident", args=[made.pk])).content.decode()
    assert f'aria-keyshortcuts="F10" href="{address("send", made)}"' in page
    confirm = desk.get(address("send", made))
    assert "autofocus" in confirm.content.decode()

    answer = desk.post(address("send", made), filled(confirm))

    assert answer.url == reverse("triage:incident", args=[made.pk])
    made.refresh_from_db()
    dispatch = Dispatch.objects.get()
    assert (made.grade, dispatch.asked_by, dispatch.where) == (1, handler, "12 Mill Lane")
    assert dispatch.came_from == "incident"
    told = made.told.get()
    assert (told.how, told.because) == (
        "not_told",
        "Not on the line with them when officers were sent",
    )


@pytest.mark.parametrize(("came_from", "how"), [("choice", "call"), ("room", "in_person")])
def test_send_knows_from_where_and_that_they_are_there(desk, made, came_from, how):
    confirm = desk.get(address("send", made) + f"?from={came_from}")

    desk.post(address("send", made), filled(confirm))

    assert Dispatch.objects.get().came_from == came_from
    assert made.told.get().how == how


def test_send_same_form_twice_sends_once(desk, made):
    confirm = filled(desk.get(address("send", made)))

    for _ in range(2):
        desk.post(address("send", made), confirm)

    assert Dispatch.objects.get().steps.count() == 1
    assert made.told.count() == 1


def test_send_without_a_reason_is_asked_for(desk, made):
    confirm = filled(desk.get(address("send", made))) | {"reason": "", "because": ""}

    page = desk.post(address("send", made), confirm)

    assert page.status_code == 422
    body = page.content.decode()
    assert "Say why officers are needed now" in body
    assert "Say why they were not told" in body
    assert not Dispatch.objects.exists()


def test_send_from_the_assessment_takes_along_what_was_typed(desk, made):
    confirm = desk.post(
        address("send", made),
        {"action": "officers", "narrative": "He is back and has broken the door"},
    )
    assert confirm.status_code == 200
    assert not Dispatch.objects.exists()

    desk.post(address("send", made), filled(confirm))

    assert made.current_assessment.narrative == "He is back and has broken the door"
    assert Dispatch.objects.get().came_from == "assess"


def test_send_again_takes_new_words_too(desk, made):
    control.dispatch(made)
    confirm = desk.post(
        address("send", made), {"action": "officers", "narrative": "Now he has a knife"}
    )

    desk.post(address("send", made), filled(confirm) | {"reason": "A knife"})

    assert made.current_assessment.narrative == "Now he has a knife"
    assert [step.note for step in Dispatch.objects.get().steps.all()] == ["", "A knife"]


def test_send_ends_the_appointment_and_keeps_both_in_one(desk, handler):
    booked = diary.appointment()
    confirm = filled(desk.get(address("send", booked.incident)))

    desk.post(address("send", booked.incident), confirm)

    booked.refresh_from_db()
    assert (booked.status, booked.cancelled_reason) == ("cancelled", "worse grade")
    assert telling.owed_for(booked.incident, at=now()) == []


def test_send_that_fails_leaves_the_appointment(desk, handler, monkeypatch):
    booked = diary.appointment()
    confirm = filled(desk.get(address("send", booked.incident)))

    def fail(*args, **kwargs):
        raise RuntimeError("no")

    monkeypatch.setattr(telling, "record", fail)
    with pytest.raises(RuntimeError):
        desk.post(address("send", booked.incident), confirm)

    booked.refresh_from_db()
    assert booked.status == "booked"
    assert not Dispatch.objects.exists()
    assert Incident.objects.get(pk=booked.incident_id).grade == 3


def typed(desk, handler, **form):
    """A draft as the report's page posts it with the button that sends officers."""
    key = uuid.uuid4()
    answer = desk.post(
        reverse("control:send_report", args=[key]),
        {"action": "officers", "draft": key, "version": 0, "channel": "999"} | form,
    )
    assert answer.url == reverse("control:send_report", args=[key])
    return ReportDraft.objects.get(pk=key)


def test_send_from_a_report_records_it_as_it_stands(desk, handler):
    draft = typed(
        desk,
        handler,
        narrative="He is kicking the door",
        caller_name="Vera Sample",
        caller_phone="07700 900123",
        location="12 Mill Lane",
        about="self",
    )
    confirm = desk.get(reverse("control:send_report", args=[draft.pk]))

    answer = desk.post(reverse("control:send_report", args=[draft.pk]), filled(confirm))

    incident = Incident.objects.get()
    assert answer.url == reverse("triage:incident", args=[incident.pk])
    assert (incident.grade, incident.location, incident.handler) == (1, "12 Mill Lane", handler)
    assert incident.victim.phone == "+447700900123"
    assessment = incident.current_assessment
    assert (assessment.number, assessment.decided_grade, assessment.decided_by) == (1, 1, handler)
    dispatch = Dispatch.objects.get()
    assert (dispatch.came_from, dispatch.assessment) == ("report", assessment)
    assert incident.told.get().how == "call"


def test_send_from_a_report_with_errors_loses_nothing_and_waits_for_nothing(desk, handler):
    draft = typed(
        desk,
        handler,
        narrative="",
        caller_phone="07700 9001",
        victim_born="soon",
        location="12 Mill Lane",
    )
    confirm = desk.get(reverse("control:send_report", args=[draft.pk]))

    desk.post(reverse("control:send_report", args=[draft.pk]), filled(confirm))

    incident = Incident.objects.get()
    assert incident.grade == 1
    assert "07700 9001" in incident.narrative
    assert "soon" in incident.narrative


def test_send_from_a_report_twice_is_one_incident(desk, handler):
    draft = typed(desk, handler, narrative="He is kicking the door")
    where = reverse("control:send_report", args=[draft.pk])
    confirm = filled(desk.get(where))

    desk.post(where, confirm)
    again = desk.post(where, confirm)

    assert again.url == reverse("control:send", args=[Incident.objects.get().pk])
    assert Dispatch.objects.count() == 1


def test_send_from_a_report_that_another_tab_changed_keeps_both(desk, handler):
    draft = typed(desk, handler, narrative="First")
    drafts.save(draft.pk, form={"narrative": ["Other tab"]}, version=1, by=handler, at=now())

    desk.post(
        reverse("control:send_report", args=[draft.pk]),
        {"action": "officers", "version": 1, "narrative": "This tab"},
    )

    words = [one.form["narrative"] for one in ReportDraft.objects.all()]
    assert sorted(words) == [["Other tab"], ["This tab"]]
    assert ReportDraft.objects.get(pk=draft.pk).form["narrative"] == ["This tab"]


def test_send_another_s_draft_is_not_there(desk, leader):
    other = ReportDraft.objects.create(
        handler=leader, form={"narrative": ["Private"]}, started_at=now(), saved_at=now()
    )
    where = reverse("control:send_report", args=[other.pk])

    assert desk.get(where).status_code == 404
    assert desk.post(where, {"action": "officers", "narrative": "Mine"}).status_code == 404


@pytest.mark.parametrize(
    "name", ["triage:incident", "triage:choice", "triage:reassess", "appointments:room"]
)
def test_button_stands_on_every_page(client, name):
    booked = diary.appointment()
    booked.officer.roles = [Role.CALL_HANDLER, Role.VIDEO_OFFICER]
    booked.officer.save()
    factories.sign_in(client, booked.officer)
    key = booked.pk if name == "appointments:room" else booked.incident_id

    page = client.get(reverse(name, args=[key])).content.decode()

    assert page.count('data-module="officers"') == 1
    assert address("send", booked.incident) in page


def test_button_stands_on_a_new_report(desk):
    page = desk.get(reverse("triage:new_report")).content.decode()

    assert page.count('data-module="officers"') == 1


# Officers on the way


def test_officers_step_by_step(desk, made):
    dispatch = control.dispatch(made)
    where = reverse("control:officers_step", args=[dispatch.pk])

    desk.post(where, {"state": "acknowledged"})
    answer = desk.post(where, {"state": "arrived", "back": "officers"})

    assert answer.url == reverse("control:officers")
    assert dispatch.state == "arrived"
    refused = desk.post(where, {"state": "stood_down", "note": "No"}, follow=True)
    assert "with the victim already" in refused.content.decode()


def test_officers_stood_down_needs_why_and_owes_the_caller(desk, made):
    dispatch = control.dispatch(made)
    where = reverse("control:officers_step", args=[dispatch.pk])

    refused = desk.post(where, {"state": "stood_down"}, follow=True)
    assert "Say why they were stood down" in refused.content.decode()
    page = desk.post(where, {"state": "stood_down", "note": "He left"}, follow=True)

    assert "The caller has not been told" in page.content.decode()


def test_officers_page_shows_our_force_alone(desk, made):
    control.dispatch(made)
    elsewhere = factories.incident(factories.force("eastvale"), grade=3, at=now())
    control.dispatch(elsewhere)

    page = desk.get(reverse("control:officers")).content.decode()

    assert made.reference in page
    assert elsewhere.reference not in page


def test_export_gives_rows_once_as_table_and_json(client, made):
    leader = factories.user(Role.TEAM_LEADER)
    factories.sign_in(client, leader)
    control.dispatch(made, reason='=HYPERLINK("x")')
    control.dispatch(factories.incident(factories.force("eastvale"), grade=3, at=now()))

    rows = client.get(reverse("control:officers_json")).json()["dispatches"]
    table = list(
        csv.DictReader(io.StringIO(client.get(reverse("control:officers_csv")).content.decode()))
    )

    assert [row["incident"] for row in rows] == [made.reference]
    assert [row["incident"] for row in table] == [made.reference]
    assert rows[0]["reason"] == '=HYPERLINK("x")'
    assert table[0]["reason"] == '\'=HYPERLINK("x")'
    assert rows[0]["grade"] == 1
    exported = Entry.objects.filter(type="officers.exported")
    assert [entry.detail for entry in exported] == [{"count": 1}] * 2


@pytest.mark.parametrize("since", ["yesterday", "2026-05-05T12:00:00", "2026-99-99T12:00:00Z"])
def test_export_refuses_a_time_that_is_none(client, since):
    factories.sign_in(client, factories.user(Role.TEAM_LEADER))

    assert client.get(reverse("control:officers_json"), {"since": since}).status_code == 404


# Checks, advice, safeguarding, told


def test_checks_are_ticked_and_missing_ones_named(desk, made):
    page = desk.get(reverse("triage:incident", args=[made.pk])).content.decode()
    assert "Missing for this grade and these flags:" in page

    desk.post(
        address("checks", made),
        {
            "result-police-records": "found",
            "note-police-records": "Warned in March",
            "result-address-markers": "not_done",
            "note-address-markers": "System down",
        },
    )

    assert sorted(SystemCheck.objects.values_list("kind", "result")) == [
        ("address-markers", "not_done"),
        ("police-records", "found"),
    ]
    after = desk.get(reverse("triage:incident", args=[made.pk])).content.decode()
    assert "Warned in March" in after
    assert "Missing for this grade" not in after


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({}, "Tick what you looked up"),
        ({"result-custody": "found"}, "Say what was found"),
        ({"result-custody": "not_done"}, "Say why it was not done"),
        ({"note-custody": "Let out"}, "Say what came of it"),
    ],
)
def test_checks_half_said_are_refused_whole(desk, made, typed, says):
    page = desk.post(
        address("checks", made), {"result-vehicle": "nothing"} | typed if typed else {}
    )

    assert page.status_code == 422
    assert says in page.content.decode()
    assert not SystemCheck.objects.exists()


def test_advice_read_out_is_kept(desk, made, handler):
    desk.post(address("advice", made), {"items": ["ring-999", "locks"], "action": "give"})

    assert sorted(Advice.objects.values_list("item", "how")) == [
        ("locks", "read_out"),
        ("ring-999", "read_out"),
    ]


def test_advice_sent_shows_its_state(desk):
    made = diary.video_incident()

    page = desk.post(address("advice", made), {"items": ["locks"], "action": "send"}, follow=True)

    assert "A text is on its way" in page.content.decode()
    assert "By text" in page.content.decode()
    assert Notification.objects.get().template == "advice_sent"
    assert "waiting to be sent" in page.content.decode()


def test_advice_to_nobody_reachable_is_refused(desk, made):
    made.victim.plans.all().delete()

    page = desk.post(address("advice", made), {"items": ["locks"], "action": "send"})

    assert page.status_code == 422
    assert "Agree safe contact and a word with the victim first" in page.content.decode()


def test_safeguarding_is_decided_and_decided_otherwise(desk, made):
    first = {"risk": "A key", "choice": "reduce", "what": "New lock", "why": "Stays at home"}
    desk.post(address("safeguarding", made), first)
    page = desk.get(address("safeguarding", made) + "?instead=1")

    desk.post(address("safeguarding", made), filled(page) | {"choice": "remove"})

    assert list(Safeguarding.objects.values_list("number", "choice", "supersedes__number")) == [
        (1, "reduce", None),
        (2, "remove", 1),
    ]


def test_safeguarding_of_another_incident_is_not_replaced(desk, made):
    other = control.one_of_each()
    theirs = other.safeguarding.get()
    said = {"risk": "A key", "choice": "reduce", "what": "New lock", "why": "Stays"}

    page = desk.post(address("safeguarding", made), said | {"instead_of": theirs.pk})

    assert page.status_code == 422
    assert not made.safeguarding.exists()


def test_told_takes_it_off_the_list(desk, made, handler):
    assess(made, 2, by=handler, at=now())
    listed = desk.get(reverse("control:untold")).content.decode()
    assert made.reference in listed
    form = desk.get(address("told", made))
    assert form.context["form"]["what"].value() == "grade"

    desk.post(address("told", made), {"what": "grade", "how": "call"})

    assert made.reference not in desk.get(reverse("control:untold")).content.decode()


def test_untold_asks_no_more_for_more(client, handler, django_assert_max_num_queries):
    factories.sign_in(client, handler)
    for _ in range(2):
        assess(factories.incident(grade=3, at=now()), 2, by=handler, at=now())
    client.get(reverse("control:untold"))
    with django_assert_max_num_queries(30) as few:
        client.get(reverse("control:untold"))
    for _ in range(4):
        assess(factories.incident(grade=3, at=now()), 2, by=handler, at=now())

    with django_assert_max_num_queries(len(few)):
        page = client.get(reverse("control:untold"))

    assert page.context["count"] == 6


# Closing


def test_close_says_what_stands_and_closes(desk, made, handler):
    dispatch = control.dispatch(made)
    said = {"outcome": "seen", "reason": "Spoken with", "how": "call"}

    refused = desk.post(address("close", made), said)
    assert refused.status_code == 422
    assert "Officers are on the way" in refused.content.decode()
    dispatching.step(dispatch, state="arrived", by=None, at=now())
    answer = desk.post(address("close", made), said)

    assert answer.url == reverse("triage:queue")
    made.refresh_from_db()
    assert made.status == "closed"
    page = desk.get(reverse("triage:incident", args=[made.pk])).content.decode()
    assert "Closed: Seen by an officer" in page


def test_close_without_told_or_why_not_is_refused(desk, made):
    page = desk.post(
        address("close", made), {"outcome": "advice", "reason": "Fine", "how": "not_told"}
    )

    assert page.status_code == 422
    assert "Say why they were not told" in page.content.decode()
    assert Incident.objects.get(pk=made.pk).status == "open"


def test_reopen_puts_it_back_into_the_queue(desk, made, handler):
    closing.close(made, outcome="advice", reason="Fine", told="call", by=handler, at=now())

    desk.post(address("reopen", made), {"note": "She rang again"})

    made.refresh_from_db()
    assert made.status == "open"
    assert made.reference in desk.get(reverse("triage:queue")).content.decode()


def test_pages_of_another_force_are_not_there(desk):
    elsewhere = factories.incident(factories.force("eastvale"), grade=3, at=now())

    for name in ("send", "checks", "advice", "safeguarding", "told", "close", "reopen"):
        assert desk.get(address(name, elsewhere)).status_code == 404, name
        assert desk.post(address(name, elsewhere)).status_code == 404, name


def test_pages_keep_nothing_personal_in_the_ledger(desk, made):
    control.one_of_each()
    confirm = filled(desk.get(address("send", made))) | {"reason": "Kowalski has a knife"}
    desk.post(address("send", made), confirm)

    for entry in Entry.objects.all():
        assert "Kowalski" not in str(entry.detail)
        assert "Mill Lane" not in str(entry.detail)


def test_lateness_counts_as_untold(desk, handler):
    late = factories.incident(grade=3, at=now() - timedelta(days=3))
    Incident.objects.filter(pk=late.pk).update(due_at=now() - timedelta(hours=1))

    page = desk.get(reverse("control:untold")).content.decode()

    assert late.reference in page
    assert "past its due time" in page
