from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.conf import settings
from django.urls import reverse

from appointments import sealing
from appointments.models import ContinuityEntry, Statement, StatementVersion
from messaging.models import Message, Notification, StaffTask
from portal import cases, invitations, talk
from portal.models import CaseEvent
from tests import factories
from tests.portal import factories as portal
from victimcontact.accounts.roles import Role
from victimcontact.audit.models import Entry
from victimcontact.people.models import ContactPlan, Visit

pytestmark = pytest.mark.django_db
HOME = "/portal/"


def now():
    return datetime.now(UTC)


@pytest.fixture
def case():
    officer = factories.user(
        Role.OFFICER_IN_CHARGE, first_name="Amara", last_name="Osei", collar_number="4417"
    )
    return portal.invited(officer=officer, at=now() - timedelta(minutes=5))


@pytest.fixture
def victim(client, case):
    portal.visit(client, case)
    return client


def text_of(response):
    return " ".join(response.content.decode().split())


def write(client, body, key=None):
    return client.post(HOME, {"body": body, "key": key or uuid4()})


def test_home_is_neutral_in_title_and_says_all_that_belongs_to_the_victim(victim, case):
    shown = text_of(victim.get(HOME))

    assert "<title>Appointment</title>" in shown
    for words in (
        "Your report is recorded",
        "PC Amara Osei 4417",
        case.crime.reference,
        "You are offered support",
        "Victim Support",
        "If you are in danger, call 999.",
    ):
        assert words in shown
    assert "no-store" in victim.get(HOME).headers["Cache-Control"]


def test_home_names_no_officer_where_a_name_is_not_safe(victim, case):
    talk.write(case, author=case.officer_in_charge, body="Hello.", key=uuid4(), at=now())
    ContactPlan.objects.update(officer_name_safe=False)

    shown = text_of(victim.get(HOME))

    assert "Osei" not in shown
    assert "4417" not in shown
    assert "The officer in charge of your case" in shown
    assert "Hello." in shown


def test_home_keeps_what_is_internal_to_itself(victim, case):
    cases.publish(
        case,
        key=uuid4(),
        internal_note="Suspect named Dobbins, planned arrest.",
        by=case.officer_in_charge,
        at=now(),
    )

    page = victim.get(HOME)

    assert CaseEvent.objects.filter(case=case, type="update").exists()
    assert [event.type for event in page.context["page"].events] == ["recorded"]
    assert "Dobbins" not in text_of(page)


def test_opening_meets_what_the_page_itself_gives(victim, case):
    victim.get(HOME)
    victim.get(HOME)

    met = case.entitlements.filter(met_at__isnull=False)
    assert sorted(one.right for one in met) == ["VC2-REC", "VC3-ACK", "VC3-INFO"]
    assert Entry.objects.filter(type="entitlement.met", detail__right="VC3-ACK").count() == 1


def test_message_goes_both_ways(victim, case):
    assert write(victim, "When will I hear more?").url == HOME
    talk.write(case, author=case.officer_in_charge, body="By Friday.", key=uuid4(), at=now())

    lines = victim.get(HOME).context["page"].lines

    assert [(line.message.body, str(line.who), line.is_new) for line in lines] == [
        ("When will I hear more?", "You", False),
        ("By Friday.", "PC Amara Osei 4417", True),
    ]
    assert not any(line.is_new for line in victim.get(HOME).context["page"].lines)


def test_message_sent_twice_is_said_once_and_the_page_says_it_is_sent(victim):
    key = uuid4()
    write(victim, "Hello?", key)
    write(victim, "Hello?", key)

    assert Message.objects.count() == 1
    assert "Your message is sent." in text_of(victim.get(HOME))


def test_message_without_a_readable_key_is_not_lost(victim):
    victim.post(HOME, {"body": "Hello?", "key": "broken"})

    assert [one.body for one in Message.objects.all()] == ["Hello?"]


def test_message_of_20000_characters_arrives_whole_and_one_more_is_kept_on_the_page(victim):
    longest = "é" * 20_000
    write(victim, longest)
    assert Message.objects.get().body == longest

    refused = write(victim, longest + "🙂")

    assert refused.status_code == 422
    assert refused.context["form"].errors == {
        "body": ["Your message must be 20,000 characters or fewer. It has 20,001"]
    }
    assert longest + "🙂" in refused.content.decode()


def test_message_that_sounds_like_danger_asks_for_a_call_and_changes_no_grade(victim, case):
    grade = case.crime.incident.grade
    write(victim, "He is outside my door now with a knife, he says he will kill me")

    task = StaffTask.objects.get(about_id=case.pk)
    assert task.reason == "A message in the portal may need somebody now. Read it and ring."
    case.crime.incident.refresh_from_db()
    assert case.crime.incident.grade == grade


def test_ordinary_message_raises_no_alarm(victim, case):
    write(victim, "Thank you. Did you get the photo I sent?")

    assert not StaffTask.objects.exists()


def test_texts_stop_and_start_by_choice(victim, case):
    victim.post(HOME, {"step": "texts", "texts": "no"})
    talk.write(case, author=case.officer_in_charge, body="Hello.", key=uuid4(), at=now())
    assert not Notification.objects.filter(template="portal_message").exists()

    victim.post(HOME, {"step": "texts", "texts": "yes"})
    talk.write(case, author=case.officer_in_charge, body="Hello again.", key=uuid4(), at=now())
    assert Notification.objects.filter(template="portal_message").count() == 1


def test_a_stranger_gets_the_closed_page_and_nothing_else(client, case):
    for path in (HOME, "/portal/copy/"):
        answer = client.post(path, {"body": "Hello", "key": uuid4()})
        assert answer.status_code == 403
        assert case.crime.reference not in answer.content.decode()
    assert client.get(HOME).status_code == 403
    assert not Message.objects.exists()


def test_another_victims_visit_shows_their_own_case(client, case):
    other = portal.invited(at=now())
    portal.visit(client, other)

    shown = client.get(HOME)

    assert shown.context["case"] == other
    assert case.crime.reference not in shown.content.decode()


def test_a_visit_of_an_appointment_link_does_not_open_the_case(client, case):
    opened = portal.visit(client, case)
    opened.link.purpose = "appointment"
    opened.link.save(update_fields=["purpose"])

    assert client.get(HOME).status_code == 403


def test_a_portal_that_was_shut_is_shut_on_the_next_request(victim, case):
    invitations.invite(case, by=case.officer_in_charge, at=now())
    assert victim.get(HOME).status_code == 403


def test_the_victim_of_another_contact_never_reaches_the_case(client, case):
    opened = portal.visit(client, case)
    type(case).objects.filter(pk=case.pk).update(contact=portal.victim())

    assert client.get(HOME).status_code == 404
    assert Visit.objects.get(pk=opened.pk).ended_at is None


@pytest.fixture
def signed(case, settings, tmp_path):
    """A sealed statement of this case's victim."""
    settings.EVIDENCE_ROOT = tmp_path
    return seal(case, b"%PDF-1.7 mine")


def seal(case, content):
    sealed = sealing.seal_bytes(content, suffix="pdf")
    statement = Statement.objects.create(
        incident=case.crime.incident,
        contact=case.contact,
        taken_by=case.officer_in_charge,
        created_at=now(),
    )
    return StatementVersion.objects.create(
        statement=statement,
        number=1,
        status=StatementVersion.Status.SIGNED,
        witness_name="Robin Example",
        body="I was outside the shop.",
        declaration_version="1",
        saved_at=now(),
        finalised_at=now(),
        page_count=1,
        final_file=sealed.name,
        final_sha256=sealed.sha256,
        signed_file=sealed.name,
        signed_sha256=sealed.sha256,
    )


def test_copy_gives_the_sealed_bytes_and_records_the_look(victim, case, signed):
    answer = victim.post("/portal/copy/", {"version": signed.pk})

    assert answer.content == b"%PDF-1.7 mine"
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="copy.pdf"'
    assert [entry.act for entry in ContinuityEntry.objects.all()] == ["viewed"]


def test_copy_of_anything_else_is_not_found(victim, case, signed):
    theirs = seal(portal.invited(at=now()), b"%PDF-1.7 theirs")

    for version in (theirs.pk, uuid4(), "nonsense", ""):
        assert victim.post("/portal/copy/", {"version": version}).status_code == 404
    assert victim.get("/portal/copy/").status_code == 405
    assert not ContinuityEntry.objects.exists()


def test_home_asks_as_little_with_much_to_show_as_with_little(victim, case):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    write(victim, "Hello?")
    victim.get(HOME)
    with CaptureQueriesContext(connection) as before:
        victim.get(HOME)
    for number in range(4):
        talk.write(case, author=case.officer_in_charge, body=f"Yes {number}", key=uuid4(), at=now())
        cases.publish(case, key=uuid4(), said=f"News {number}", by=case.officer_in_charge, at=now())
    victim.get(HOME)

    with CaptureQueriesContext(connection) as after:
        victim.get(HOME)

    assert len(after) == len(before)


def test_no_address_of_the_portal_says_what_it_is():
    assert [reverse(f"portal:{name}") for name in ("home", "copy")] == [HOME, "/portal/copy/"]
    assert settings.VISIT_COOKIE_NAME.endswith("visit")


def test_the_link_in_the_text_and_the_agreed_word_lead_to_the_case(client, case):
    token = portal.token_of(Notification.objects.get(template="portal_invitation"))

    assert client.get(f"/p/{token}").status_code == 200
    assert client.get(HOME).status_code == 403  # the link alone opens nothing
    shown = client.post(f"/p/{token}", {"word": "bluebell LANTERN"}, follow=True)

    assert shown.redirect_chain == [(HOME, 303)]
    assert shown.context["case"] == case
