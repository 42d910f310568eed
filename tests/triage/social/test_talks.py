"""What is written on WhatsApp and Messenger becomes incidents; answers leave by the one way out."""

import uuid
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils.timezone import now

from messaging import asking, inbox, outbox, sending
from messaging.models import Account, InboundText, Notification, StaffTask
from tests import factories
from tests.messaging.twilio_server import sign
from tests.triage.conftest import AT_THE_DOOR
from tests.triage.social.factories import OURS, talk, write
from triage.models import Channel, Incident
from triage.social import talks
from triage.social.models import TalkLine
from victimcontact.accounts.roles import Role
from victimcontact.people import plans
from victimcontact.people.models import ContactPlan

pytestmark = pytest.mark.django_db
THEM = "whatsapp:+447700900123"
MESSENGER = "messenger:1029384756"
Status = Notification.Status


@pytest.fixture(autouse=True)
def house(settings, monkeypatch):
    factories.policy()
    monkeypatch.setattr(outbox, "wake", lambda: None)
    return factories.force()


@pytest.fixture
def operator():
    return factories.user(Role.CALL_HANDLER)


def answer(found, operator, body="Are you safe to talk?", **more):
    return talks.answer(
        found.pk, **({"body": body, "key": uuid.uuid4(), "by": operator, "at": now()} | more)
    )


def make_safe(found, operator, is_safe=True):
    talks.say_safe(found.pk, is_safe=is_safe, note="They asked", by=operator, at=now())


def post(params, path="/webhooks/twilio/inbound/"):
    pairs = list(params.items())
    return Client(enforce_csrf_checks=True).post(
        path,
        urlencode(pairs),
        content_type="application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": sign(f"https://appointments.example.org{path}", pairs)},
    )


# What comes in


@pytest.mark.parametrize("sender", [THEM, MESSENGER])
def test_a_stranger_becomes_an_incident_that_nobody_has_seen(twilio, sender):
    answered = post(
        {"MessageSid": "SM1", "From": sender, "To": OURS, "Body": AT_THE_DOOR, "NumMedia": "0"}
    )

    incident = Incident.objects.get()
    assert (answered.status_code, answered.cookies) == (200, {})
    assert (incident.channel, incident.grade, incident.is_seen) == (Channel.SOCIAL, 1, False)
    assert incident.narrative == AT_THE_DOOR
    assert incident.review_due_at <= now()
    caller = Account.objects.get().contact
    assert caller.phone == ("+447700900123" if sender == THEM else "")
    assert (Notification.objects.count(), twilio.journal) == (0, [])


def test_told_of_twice_it_is_heard_once():
    first, again = (write(provider_id="SM-same") for _ in range(2))

    assert first == again
    assert (Incident.objects.count(), TalkLine.objects.count()) == (1, 1)


def test_what_they_write_next_goes_on_with_the_incident_and_may_make_it_more_urgent():
    found = talk("Somebody scratched my car last week")
    before = Incident.objects.get().grade

    write(AT_THE_DOOR)

    incident = Incident.objects.get()
    assert (before > 1, incident.grade) == (True, 1)
    lines = [(line.author, line.body) for line in found.lines.all()]
    assert lines == [("them", "Somebody scratched my car last week"), ("them", AT_THE_DOOR)]


def test_after_a_month_of_rest_what_they_write_is_another_incident():
    found = talk()
    old = now() - timedelta(days=40)
    Incident.objects.update(status="closed", closed_at=old, closed_by=factories.user())

    write("It is me again, my bicycle was stolen")

    found.refresh_from_db()
    assert Incident.objects.count() == 2
    assert found.incident.narrative == "It is me again, my bicycle was stolen"


def test_twenty_thousand_characters_are_kept_whole(twilio):
    words = "Mae ŵy ar y bwrdd. " * 1_060

    answered = post({"MessageSid": "SM-long", "From": THEM, "To": OURS, "Body": words})

    assert (answered.status_code, len(words) > 20_000) == (200, True)
    assert InboundText.objects.get().body == words
    assert len(Incident.objects.get().narrative) == talks.LONGEST_HEARD


def test_a_picture_or_a_sticker_is_not_fetched_and_a_person_is_told(twilio):
    post(
        {
            "MessageSid": "SM-sticker",
            "From": MESSENGER,
            "To": OURS,
            "Body": "",
            "NumMedia": "1",
            "MediaContentType0": "image/webp",
            "MediaUrl0": f"{twilio.url}/media/1",
        }
    )

    line = TalkLine.objects.get()
    assert (line.body, line.media) == (talks.NO_WORDS, ["image/webp"])
    assert StaffTask.objects.get().kind == StaffTask.Kind.MEDIA_LEFT
    assert (twilio.journal, twilio.lookups) == ([], 0)


def test_what_broke_half_way_is_kept_and_heard_by_the_sweep(monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(talks.intake, "receive", lambda *a, **k: 1 / 0)
        write(AT_THE_DOOR)
    assert (InboundText.objects.count(), Incident.objects.count()) == (1, 0)

    heard = [inbox.hear_left(now() + timedelta(minutes=1)) for _ in range(2)]

    assert (heard, Incident.objects.get().grade) == ([1, 0], 1)


def test_stop_shuts_the_account_at_once(operator):
    found = talk()
    make_safe(found, operator)

    write("Stopiwch")

    assert Account.objects.get().contact.plan.channels == {"whatsapp": "unsafe"}
    with pytest.raises(talks.NotSafe):
        answer(found, operator)


def test_stop_on_whatsapp_shuts_it_for_everyone_who_has_the_number(operator):
    known = factories.contact(phone=THEM.removeprefix("whatsapp:"))
    factories.plan(known, at=now(), channels={"sms": "safe", "whatsapp": "safe"})
    make_safe(talk(), operator)

    write("STOP")

    account = Account.objects.get()
    assert known.plan.channels == {"sms": "safe", "whatsapp": "unsafe"}
    assert account.contact.plan.channels["whatsapp"] == "unsafe"
    asked = StaffTask.objects.filter(kind=StaffTask.Kind.STOP_RECEIVED)
    assert {task.about_id for task in asked} == {known.pk, account.contact_id}


def test_an_account_that_the_provider_says_opted_out_is_shut_as_by_stop(operator, twilio):
    found = talk()
    make_safe(found, operator)
    line = answer(found, operator)
    twilio.once("400:21610")
    sending.send_next()

    line.notification.refresh_from_db()
    assert (line.notification.status, line.notification.error_code) == (Status.FAILED, "21610")
    assert Account.objects.get().contact.plan.channels["whatsapp"] == "unsafe"


# What the desk answers


def test_nothing_is_sent_before_somebody_said_that_it_is_safe(operator, twilio):
    found = talk()

    with pytest.raises(talks.NotSafe):
        answer(found, operator)

    make_safe(found, operator)
    line = answer(found, operator)
    sending.send_next()
    line.notification.refresh_from_db()
    assert (line.notification.status, line.notification.error_code) == (Status.SENT, "")
    (sent,) = twilio.journal
    assert (sent["to"], sent["from"], sent["body"]) == (THEM, OURS, "Are you safe to talk?")
    found.refresh_from_db()
    assert (found.waiting_since, found.taken_by) == (None, operator)


def test_words_that_name_the_police_need_a_plan_that_says_so(operator):
    found = talk()
    make_safe(found, operator)

    with pytest.raises(talks.NotSafe, match="not agreed with this person. Leave out: police"):
        answer(found, operator, "This is the police. Are you safe?")

    ContactPlan.objects.filter(replaced_at=None).update(wording="named")
    assert answer(found, operator, "This is the police. Are you safe?").number == 2


def test_a_day_after_their_last_words_nothing_leaves(operator, twilio):
    found = talk()
    make_safe(found, operator)
    line = answer(found, operator)
    Account.objects.update(last_heard_at=now() - asking.SESSION)

    with pytest.raises(talks.NotSafe, match="A day has gone by"):
        answer(found, operator)
    sending.send_next()

    line.notification.refresh_from_db()
    assert (line.notification.status, line.notification.held_reason) == ("held", "session_over")
    assert twilio.journal == []


def test_somebody_else_with_the_number_who_said_no_is_heeded(operator):
    other = factories.contact(phone="+447700900123")
    factories.plan(other, at=now(), channels={"sms": "unsafe"})
    found = talk()
    make_safe(found, operator)

    with pytest.raises(talks.NotSafe, match="Somebody else with this number"):
        answer(found, operator)


def test_no_contact_is_not_opened_by_one_way(operator):
    found = talk()
    contact = Account.objects.get().contact
    factories.plan(contact, at=now(), safe="no_contact", channels={})

    with pytest.raises(plans.NoContact):
        make_safe(found, operator)


def test_the_same_form_twice_is_one_answer_and_one_person_has_it(operator):
    found = talk()
    make_safe(found, operator)
    key = uuid.uuid4()

    first, again = (answer(found, operator, key=key) for _ in range(2))

    assert first == again
    assert Notification.objects.count() == 1
    with pytest.raises(talks.Taken):
        answer(found, factories.user(Role.CALL_HANDLER))


def test_who_waits_for_an_answer_is_not_closed(operator):
    from triage.control import closing

    found = talk()
    says = closing.stands_open(found.incident, by=operator, at=now())
    talks.needs_no_answer(found.pk, by=operator, at=now())

    waits = "They wrote and nobody has answered: answer at the desk, or say that none is needed."
    assert waits in says
    assert waits not in closing.stands_open(found.incident, by=operator, at=now())
