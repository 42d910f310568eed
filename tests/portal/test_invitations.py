from datetime import timedelta

import pytest

from messaging import asking, outbox
from messaging.models import Notification, StaffTask
from portal import cases, invitations, permissions, selectors
from portal.models import Case
from tests import factories
from tests.portal import factories as portal
from triage import assessing
from triage.thrive.vocabulary import FLAGS
from victimcontact.accounts.roles import Role
from victimcontact.people import visits
from victimcontact.people.models import ContactPlan, Link

pytestmark = pytest.mark.django_db
NOON = factories.NOON
LATER = NOON + timedelta(days=1)
SAFE = permissions.InvitationFacts(
    marks=frozenset(),
    earlier_flags=frozenset(),
    age=40,
    obstacle=None,
    phone_watched=False,
    needs_interpreter=False,
)


def facts(**changed):
    return permissions.InvitationFacts(**{**SAFE.__dict__, **changed})


@pytest.mark.parametrize(
    ("changed", "reasons"),
    [
        ({}, ()),
        ({"age": None}, ()),
        ({"age": 18}, ()),
        ({"age": 17}, ("under_18",)),
        ({"marks": frozenset({"fraud", "adult_at_risk", "evidence_perishable"})}, ()),
        ({"marks": frozenset({"domestic_abuse"})}, ("known_suspect",)),
        ({"marks": frozenset({"stalking"})}, ("known_suspect",)),
        ({"marks": frozenset({"honour_based_abuse"})}, ("honour",)),
        ({"marks": frozenset({"sexual_offence"})}, ("sexual",)),
        ({"marks": frozenset({"modern_slavery"})}, ("exploitation",)),
        ({"marks": frozenset({"threats_to_kill"})}, ("threat",)),
        ({"marks": frozenset({"hate_crime"})}, ("hate",)),
        ({"marks": frozenset({"unable_to_speak_freely"})}, ("watched",)),
        ({"earlier_flags": frozenset({"domestic_abuse"})}, ("earlier_marker",)),
        ({"earlier_flags": frozenset({"fraud"})}, ()),
        ({"obstacle": "not_asked"}, ("no_plan",)),
        ({"obstacle": "plan_expired"}, ("no_plan",)),
        ({"obstacle": "do_not_contact"}, ("no_contact",)),
        ({"obstacle": "channel_unsafe"}, ("no_channel",)),
        ({"obstacle": "phone_watched", "phone_watched": True}, ("phone_watched",)),
        ({"needs_interpreter": True}, ("interpreter",)),
        (
            {"marks": frozenset({"coercive_control"}), "age": 15, "obstacle": "no_plan"},
            ("known_suspect", "under_18", "no_plan"),
        ),
    ],
)
def test_who_may_be_invited(changed, reasons):
    assert permissions.reasons_against_invitation(facts(**changed)) == reasons


def test_every_barring_flag_is_one_that_assessments_raise():
    assert set(permissions.BARRING_FLAGS) <= set(FLAGS)


def invite(case, at=NOON):
    return invitations.invite(case, by=case.officer_in_charge, at=at)


def test_invite_sends_a_link_that_the_agreed_word_opens(rf):
    case = portal.case()

    made = invite(case)

    case.refresh_from_db()
    assert (case.invited_at, case.not_invited_reason) == (NOON, "")
    token = portal.token_of(made.notification)
    assert made.notification.body == (
        f"You can now see updates online. Use http://localhost:8000/p/{token}"
        " whenever it suits you."
    )
    opened, _ = visits.open_visit(token, portal.WORD, rf.post("/"), LATER)
    assert selectors.case_of_visit(opened) == case


@pytest.mark.parametrize(
    ("of", "changed", "reasons"),
    [
        ({"plan": {"safe": ContactPlan.Safe.NO_CONTACT}}, {}, "no_contact"),
        ({"plan": {"expires_at": NOON - timedelta(days=1)}}, {}, "no_plan"),
        ({"plan": {"channels": {"sms": "unsafe"}}}, {}, "no_channel"),
        ({"plan": {"phone_watched": True}}, {}, "phone_watched"),
        ({"date_of_birth": "2008-05-06"}, {}, "under_18"),  # 18 tomorrow
        ({"date_of_birth": "2008-05-05"}, {}, ""),  # 18 today
        ({"needs": {"interpreter": "Polish"}}, {}, "interpreter"),
        ({}, {"flags": ["domestic_abuse"]}, "known_suspect"),
        ({}, {"crime_type": "sexual-offence"}, "sexual"),
    ],
)
def test_invite_keeps_the_reason_and_sends_nothing(of, changed, reasons):
    case = portal.case(of=portal.victim(**of), **changed)

    made = invite(case)

    case.refresh_from_db()
    assert (made.is_made, case.not_invited_reason) == (reasons == "", reasons)
    assert Notification.objects.count() == Link.objects.count() == (reasons == "")


def test_a_mark_on_an_earlier_report_counts_for_five_years():
    person = portal.victim()
    old = factories.incident(victim=person, at=NOON - timedelta(days=6 * 365))
    factories.assessment(old, at=NOON - timedelta(days=6 * 365), flags=["domestic_abuse"])
    case = portal.case(of=person)
    assert selectors.invitation_facts(case, NOON).earlier_flags == frozenset()

    recent = factories.incident(victim=person, at=NOON - timedelta(days=100))
    factories.assessment(recent, at=NOON - timedelta(days=100), flags=["stalking"])

    assert invite(case).reasons == ("earlier_marker",)


def test_invite_needs_an_opening_word():
    case = portal.case(of=portal.victim(plan={"word": ""}))

    with pytest.raises(invitations.NoOpeningWord):
        invite(case)

    assert not Notification.objects.exists()


def test_inviting_again_shuts_the_old_link_and_its_visit(client, rf):
    case = portal.case()
    old = portal.token_of(invite(case).notification)
    opened = portal.visit(client, case, at=NOON + timedelta(minutes=1))

    new = portal.token_of(invite(case, at=LATER).notification)

    opened.refresh_from_db()
    assert (opened.ended_why, opened.ended_at) == ("revoked", LATER)
    with pytest.raises(visits.NotOpened):
        visits.open_visit(old, portal.WORD, rf.post("/"), LATER)
    assert visits.open_visit(new, portal.WORD, rf.post("/"), LATER)
    # The text that had not left yet never will.
    assert [n.status for n in Notification.objects.order_by("queued_at")] == ["dropped", "queued"]


def test_invited_twice_within_a_minute_is_one_text():
    case = portal.case()

    first = invite(case)
    again = invite(case, at=NOON + timedelta(seconds=59))

    assert again.notification == first.notification
    assert Notification.objects.count() == 1


def test_a_link_lives_ninety_days_and_a_day(rf):
    case = portal.case()
    token = portal.token_of(invite(case).notification)
    end = NOON + timedelta(days=91)

    assert visits.open_visit(token, portal.WORD, rf.post("/"), end - timedelta(seconds=1))
    with pytest.raises(visits.NotOpened):
        visits.open_visit(token, portal.WORD, rf.post("/"), end)


def _sent(notification):
    """As if a worker had sent it."""
    Notification.objects.filter(pk=notification.pk).update(status=Notification.Status.SENT)


def test_each_message_brings_a_new_link_and_the_one_before_stays_open(rf):
    case = portal.case()
    tokens = [portal.token_of(invite(case).notification)]
    _sent(Notification.objects.get())
    for number in (1, 2):
        told = invitations.tell(case, by=case.officer_in_charge, at=NOON + timedelta(hours=number))
        _sent(told)
        tokens.append(portal.token_of(told))

    at = NOON + timedelta(hours=3)
    with pytest.raises(visits.NotOpened):
        visits.open_visit(tokens[0], portal.WORD, rf.post("/"), at)
    assert visits.open_visit(tokens[1], portal.WORD, rf.post("/"), at)
    assert visits.open_visit(tokens[2], portal.WORD, rf.post("/"), at)


def test_one_text_is_enough_while_it_waits_to_go():
    case = portal.invited()

    assert invitations.tell(case, by=None, at=LATER) is not None
    assert invitations.tell(case, by=None, at=LATER) is None


def test_texts_can_be_stopped_and_wanted_again(client):
    case = portal.invited()
    opened = portal.visit(client, case, at=NOON + timedelta(minutes=1))

    invitations.choose_texts(case, wanted=False, visit=opened, at=NOON + timedelta(minutes=2))
    assert invitations.tell(case, by=None, at=LATER) is None
    invitations.choose_texts(case, wanted=True, visit=opened, at=LATER)
    assert invitations.tell(case, by=None, at=LATER) is not None


def test_a_new_danger_shuts_the_portal_at_once_and_asks_for_a_call(client):
    case = portal.invited()
    opened = portal.visit(client, case, at=NOON + timedelta(minutes=1))
    known = assessing.Known(
        channel="101",
        narrative="It was my husband who hit me. He controls everything.",
        answers={},
    )

    assessing.assess(
        case.crime.incident,
        known=known,
        decision=assessing.Decision(grade=1),
        by=factories.user(Role.CALL_HANDLER),
        at=LATER,
    )

    case.refresh_from_db()
    opened.refresh_from_db()
    assert (case.invited_at, case.not_invited_reason) == (None, "known_suspect")
    assert opened.ended_at == LATER
    assert selectors.case_of_visit(opened) is None
    assert [t.reason for t in StaffTask.objects.filter(about_id=case.pk)] == [
        "The portal was shut: it is not safe any more. Give updates by a safe call."
    ]
    # Nothing more is said to that phone.
    cases.assign(
        case,
        officer=factories.user(Role.OFFICER_IN_CHARGE),
        by=factories.user(Role.SUPERVISOR),
        at=LATER,
    )
    assert not Notification.objects.filter(template="portal_message").exists()


def test_a_plan_that_became_unsafe_stops_the_text_and_shuts_the_portal():
    case = portal.invited()
    ContactPlan.objects.update(safe=ContactPlan.Safe.NO_CONTACT)

    assert invitations.tell(case, by=None, at=LATER) is None

    assert Case.objects.get(pk=case.pk).not_invited_reason == "no_contact"


@pytest.mark.parametrize(
    "change", [{"expires_at": NOON}, {"channels": {"sms": "unsafe"}}], ids=["lapsed", "stop"]
)
def test_a_plan_that_ran_out_holds_the_text_but_leaves_the_portal_open(change):
    case = portal.invited()
    ContactPlan.objects.update(**change)

    told = invitations.tell(case, by=None, at=LATER)

    assert told.status == Notification.Status.HELD
    assert StaffTask.objects.get(notification=told).kind == "text_held"
    assert Case.objects.get(pk=case.pk).invited_at == NOON


def test_five_wrong_words_ask_for_a_call(rf):
    case = portal.invited()
    token = portal.token_of(Notification.objects.get())

    for _ in range(5):
        with pytest.raises(visits.NotOpened):
            visits.open_visit(token, "guess", rf.post("/"), LATER)

    task = StaffTask.objects.get(about_id=case.pk)
    assert (task.kind, task.reason) == (
        "link_locked",
        "The portal link took five wrong words. Ring, safely, before inviting again.",
    )


def test_the_obstacles_of_the_outbox_are_all_understood():
    """A plan that the outbox would not use is never one that invites."""
    case = portal.case(of=portal.victim(plan={"channels": {}}))

    assert asking.standing_obstacle(case.contact, "sms", NOON) is not None
    assert invite(case).reasons == ("no_channel",)
    assert outbox.cancel_unsent(about=case, at=NOON) == 0
