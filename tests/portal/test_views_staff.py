from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.urls import reverse

from messaging import conversations
from messaging.models import Message, Notification
from portal import selectors, talk
from portal.models import Case, CaseEvent
from tests import factories
from tests.portal import factories as portal
from victimcontact.accounts.roles import Role
from victimcontact.audit.models import Entry

pytestmark = pytest.mark.django_db


def now():
    return datetime.now(UTC)


@pytest.fixture
def officer():
    return factories.user(Role.OFFICER_IN_CHARGE)


@pytest.fixture
def case(officer):
    return portal.invited(officer=officer, at=now())


@pytest.fixture
def staff(client, officer):
    return factories.sign_in(client, officer)


def page(client, name, *args, **query):
    return client.get(reverse(f"portal:{name}", args=args), query)


def send(client, name, *args, **data):
    return client.post(reverse(f"portal:{name}", args=args), data)


def from_victim(case, body="When will I hear more?", at=None):
    return talk.write(case, author=conversations.VICTIM, body=body, key=uuid4(), at=at or now())


def test_cases_shows_an_officer_their_own_and_no_other(staff, case):
    portal.case(at=now())
    portal.case(at=now(), of=portal.victim(at_force=factories.force("southmoor")))

    shown = page(staff, "cases").context["cases"]

    assert shown == [case]


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.AUDITOR])
def test_cases_shows_a_supervisor_and_an_auditor_all_of_their_force(client, case, role):
    elsewhere = portal.case(at=now(), of=portal.victim(at_force=factories.force("southmoor")))
    boss = factories.sign_in(client, factories.user(role))

    assert page(boss, "cases").context["cases"] == [case]
    assert page(boss, "case", elsewhere.pk).status_code == 404


@pytest.mark.parametrize(
    "name", ["case", "message", "update", "needs", "invite", "owed", "assign", "open_case"]
)
def test_another_officer_gets_404_and_another_role_403(client, case, name):
    pk = case.crime.incident_id if name == "open_case" else case.pk
    args = [pk, case.entitlements.first().pk] if name == "owed" else [pk]
    ask = send if name in ("message", "open_case") else page

    supervisor_only = name == "assign"
    role = Role.SUPERVISOR if supervisor_only else Role.OFFICER_IN_CHARGE
    elsewhere = factories.user(role, at_force=factories.force("southmoor"))
    factories.sign_in(client, elsewhere)
    assert ask(client, name, *args).status_code == 404

    factories.sign_in(client, factories.user(Role.CALL_HANDLER))
    assert ask(client, name, *args).status_code == 403


@pytest.mark.parametrize("many", [1, 3])
def test_cases_asks_as_little_for_three_as_for_one(
    staff, officer, many, django_assert_max_num_queries
):
    for _ in range(many):
        from_victim(portal.invited(officer=officer, at=now()))

    with django_assert_max_num_queries(15):
        shown = page(staff, "cases")

    assert len(shown.context["cases"]) == many


def test_case_asks_as_little_with_much_in_it_as_with_little(
    staff, case, officer, django_assert_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from_victim(case)
    page(staff, "case", case.pk)
    with CaptureQueriesContext(
        connection,
    ) as before:
        page(staff, "case", case.pk)
    for number in range(5):
        from_victim(case, f"And {number}?")
        talk.write(case, author=officer, body=f"Yes, {number}.", key=uuid4(), at=now())

    with CaptureQueriesContext(connection) as after:
        page(staff, "case", case.pk)

    assert len(after) == len(before)


def test_case_is_an_entry_in_the_ledger(staff, case, officer):
    page(staff, "case", case.pk)

    entry = Entry.objects.filter(type="case.viewed").get()
    assert (entry.actor, entry.about_id) == (f"user:{officer.pk}", str(case.pk))


def test_case_joins_report_appointments_events_messages_and_texts(staff, case):
    from_victim(case)

    kinds = {moment.kind for moment in page(staff, "case", case.pk).context["timeline"]}

    assert kinds == {"report", "event", "message", "text"}


def test_inbox_shows_who_waits_longest_first_and_empties_with_an_answer(staff, officer, case):
    later = portal.invited(officer=officer, at=now())
    from_victim(later, at=now() - timedelta(hours=1))
    from_victim(case, at=now() - timedelta(hours=2))
    assert page(staff, "inbox").context["cases"] == [case, later]

    answer = send(staff, "message", case.pk, body="By Friday.", key=uuid4())

    assert answer.status_code == 302
    assert page(staff, "inbox").context["cases"] == [later]
    assert selectors.waiting_count(officer) == 1


def test_message_reaches_the_portal_once_and_a_text_tells_nothing_of_it(staff, case):
    Notification.objects.update(status=Notification.Status.SENT)
    key = uuid4()

    for _ in range(2):
        send(staff, "message", case.pk, body="We found the camera.", key=key)

    assert [m.body for m in Message.objects.all()] == ["We found the camera."]
    text = Notification.objects.get(template="portal_message")
    assert text.body == (
        f"You have a new message. Use http://localhost:8000/p/{portal.token_of(text)} to read it"
        " whenever it suits you."
    )


def test_message_with_other_words_and_the_same_key_is_said_too(staff, case):
    key = uuid4()
    send(staff, "message", case.pk, body="We found the camera.", key=key)
    send(staff, "message", case.pk, body="We found the camera. It works.", key=key)

    assert [m.body for m in Message.objects.order_by("sent_at")] == [
        "We found the camera.",
        "We found the camera. It works.",
    ]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("  ", "Write your message"),
        (
            "é" * 20_001,
            "Your message must be 20,000 characters or fewer. It has 20,001",
        ),
    ],
)
def test_message_refused_keeps_what_was_typed(staff, case, body, error):
    answer = send(staff, "message", case.pk, body=body, key=uuid4())

    assert answer.status_code == 422
    assert answer.context["form"].errors == {"body": [error]}
    assert answer.context["form"]["body"].value() == body
    assert not Message.objects.exists()


def test_message_seen_leaves_a_later_one_waiting(staff, case, officer):
    shown = from_victim(case, at=now() - timedelta(minutes=2))
    from_victim(case, "One more thing.", at=now() - timedelta(minutes=1))

    send(staff, "message", case.pk, step="seen", last=str(shown.pk))

    assert selectors.waiting_count(officer) == 1


def update(**changed):
    tomorrow = now() + timedelta(days=1)
    return {
        "status": "investigating",
        "said": "We have looked at the pictures 🙂",
        "internal_note": "Camera 4.",
        "happened": "",
        "next_update_on": f"{tomorrow:%-d/%-m/%Y}",
        "key": str(uuid4()),
        "step": "preview",
        **changed,
    }


def test_update_is_shown_before_it_is_published(staff, case):
    data = update()

    preview = send(staff, "update", case.pk, **data)
    assert preview.template_name == "portal/update_preview.html"
    assert CaseEvent.objects.filter(case=case, type="status").count() == 0
    changing = send(staff, "update", case.pk, **{**data, "step": "change"})
    assert changing.context["form"]["said"].value() == data["said"]

    for _ in range(2):
        assert send(staff, "update", case.pk, **{**data, "step": "publish"}).status_code == 302

    event = CaseEvent.objects.get(case=case, type="status")
    assert (event.words, event.internal_note) == (data["said"], "Camera 4.")
    assert Case.objects.get(pk=case.pk).status == "investigating"


@pytest.mark.parametrize(
    ("changed", "field", "error"),
    [
        ({"next_update_on": ""}, "next_update_on", "Enter the day of the next update"),
        ({"next_update_on": "31/2/2027"}, "next_update_on", "Enter a day, like 27/3/2027"),
        (
            {"next_update_on": "1/1/2020"},
            "next_update_on",
            "Enter a day which is today or in the future",
        ),
        (
            {"status": "closed", "said": ""},
            "said",
            "Write why the case is closed: the victim reads it",
        ),
        (
            {"happened": "charged"},
            "happened_on",
            "Enter the day and the time it happened",
        ),
        (
            {"happened": "charged", "happened_on": "29/3/2026", "happened_time": "01:30"},
            "happened_time",
            "The clocks went forward over this time. Enter another time",
        ),
        (
            {"happened": "charged", "happened_on": "yesterday", "happened_time": "14:30"},
            "is_spoken",
            "Tell the victim this by phone or in person first. Then publish the words",
        ),
        (
            {"happened_on": "yesterday", "happened_time": "14:30"},
            "happened",
            "Choose what happened then",
        ),
        ({"said": "a" * 5_001}, "said", None),
    ],
)
def test_update_refused_says_why_beside_the_field(staff, case, changed, field, error):
    answer = send(staff, "update", case.pk, **update(**changed))

    assert answer.status_code == 422
    form = answer.context["form"]
    assert list(form.errors) == [field]
    assert error is None or form.errors[field] == [error]
    assert form["internal_note"].value() == "Camera 4."


def test_update_of_what_happened_in_the_doubled_hour_is_accepted(staff, case):
    answer = send(
        staff,
        "update",
        case.pk,
        **update(
            happened="hearing_listed",
            happened_on="25/10/2026",
            happened_time="01:30",
            said="",
        ),
    )

    assert answer.template_name == "portal/update_preview.html"


def test_owed_records_how_a_right_was_given(staff, case, officer):
    referral = case.entitlements.get(right="VC4-REF")
    answer = send(staff, "owed", case.pk, referral.pk, how="referred", note="Victim Support")

    assert answer.status_code == 302
    referral.refresh_from_db()
    assert (referral.met_by, referral.proof_type) == (officer, "portal.caseevent")


def test_owed_refuses_no_reason_and_another_cases_right(staff, case, officer):
    referral = case.entitlements.get(right="VC4-REF")
    refused = send(staff, "owed", case.pk, referral.pk, how="cannot", note="")
    assert refused.context["form"].errors == {"note": ["Write why it cannot be given"]}

    other = portal.case(officer=officer, at=now()).entitlements.first()
    assert page(staff, "owed", case.pk, other.pk).status_code == 404


def test_needs_sets_the_standard_limit(staff, case):
    assert send(staff, "needs", case.pk, reason="none").status_code == 302

    case.refresh_from_db()
    assert (case.is_enhanced, case.enhanced_reason) == (False, "none")


def test_assign_gives_the_case_away(client, case):
    other = factories.user(Role.OFFICER_IN_CHARGE)
    boss = factories.sign_in(client, factories.user(Role.SUPERVISOR))

    assert send(boss, "assign", case.pk, officer=other.pk).status_code == 302
    stranger = factories.user(Role.CALL_HANDLER)
    refused = send(boss, "assign", case.pk, officer=stranger.pk)

    assert Case.objects.get(pk=case.pk).officer_in_charge == other
    assert refused.context["form"].errors == {"officer": ["Choose an officer from the list"]}


def test_invite_asks_for_a_word_and_for_what_only_a_person_can_ask(staff, officer):
    case = portal.case(officer=officer, at=now(), of=portal.victim(plan={"word": ""}))

    refused = send(staff, "invite", case.pk)
    assert refused.context["form"].errors == {
        "has_asked": ["Ask the victim these first, and tick when all of it is so"],
        "word": ["Agree a word with the victim by voice, and enter it"],
    }
    known = send(staff, "invite", case.pk, has_asked="on", word="Robin")
    assert known.context["form"].errors == {
        "word": ["Choose a word that someone at home would not guess"]
    }
    assert send(staff, "invite", case.pk, has_asked="on", word="Copper kettle").status_code == 302

    case.refresh_from_db()
    assert case.invited_at is not None
    assert Notification.objects.get().template == "portal_invitation"


def test_invite_where_it_is_not_safe_keeps_the_reasons(staff, officer):
    case = portal.case(officer=officer, at=now(), flags=["stalking"])

    shown = page(staff, "invite", case.pk).context["reasons"]
    send(staff, "invite", case.pk, has_asked="on")

    assert shown == ["Abuse, stalking or a breach: the person suspected may share the phone"]
    case.refresh_from_db()
    assert (case.invited_at, case.not_invited_reason) == (None, "known_suspect")
    assert not Notification.objects.exists()


def test_open_case_when_the_victim_became_known(staff, officer):
    incident = factories.incident(grade=3)
    incident.participants.all().delete()
    factories.crime(incident, officer=officer)

    refused = send(staff, "open_case", incident.pk)
    assert refused.url == reverse("portal:cases")
    incident.participants.create(role="victim", contact=portal.victim())
    opened = send(staff, "open_case", incident.pk)

    assert opened.url == reverse("portal:case", args=[Case.objects.get().pk])


def test_cases_pages_by_key(staff, officer, monkeypatch):
    monkeypatch.setattr(selectors, "PAGE", 2)
    made = [portal.case(officer=officer, at=now() + timedelta(minutes=n)) for n in range(3)]

    first = page(staff, "cases").context
    second = page(staff, "cases", before=first["next_before"]).context

    assert first["cases"] == [made[2], made[1]]
    assert (second["cases"], second["next_before"]) == ([made[0]], None)
    assert page(staff, "cases", before="nonsense").status_code == 404


def test_every_staff_page_counts_what_waits(staff, officer, case):
    from_victim(case)
    from_victim(portal.invited(officer=officer, at=now()))
    from_victim(portal.invited(at=now()))  # another officer's

    shown = " ".join(page(staff, "cases").content.decode().split())

    assert (
        'Cases <span class="vc-count">2<span class="govuk-visually-hidden"> waiting</span></span>'
        in shown
    )
