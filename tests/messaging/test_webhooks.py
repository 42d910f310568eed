"""Only what Twilio signed is believed; told twice, late or out of order, it does no harm."""

from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse

from messaging import sending, webhooks
from messaging.models import InboundText, Notification, Receipt, StaffTask
from messaging.signals import text_received
from tests import factories
from tests.messaging.twilio_server import AUTH_TOKEN, sign
from victimcontact.people.models import ContactPlan

Status = Notification.Status
PUBLIC = "https://appointments.example.org"
INBOUND = "/webhooks/twilio/inbound/"


def post(path, params, *, url=None, signature=None, token=AUTH_TOKEN, **headers):
    """Post as Twilio does; the client enforces CSRF, as production does."""
    pairs = list(params.items()) if isinstance(params, dict) else params
    signature = sign(url or PUBLIC + path, pairs, token) if signature is None else signature
    return Client(enforce_csrf_checks=True).post(
        path,
        urlencode(pairs),
        content_type="application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": signature} | headers,
    )


@pytest.fixture
def sent(queue, twilio):
    notification = queue()
    sending.send_next()
    notification.refresh_from_db()
    return notification


@pytest.fixture
def receipt(sent, twilio):
    def _receipt(status, code=None):
        url, params = twilio.receipt(sent.provider_id, status, code)
        return url.removeprefix(PUBLIC), params

    return _receipt


def test_a_signed_receipt_settles_the_text_and_answers_nothing(sent, receipt):
    answer = post(*receipt("delivered"))

    sent.refresh_from_db()
    assert (answer.status_code, answer.content, sent.status) == (204, b"", Status.DELIVERED)
    assert answer.cookies == {}


def test_the_address_in_the_text_is_the_address_of_the_view(sent, twilio):
    path = reverse("messaging:twilio_status", args=[sent.pk])

    assert twilio.journal[0]["status_callback"] == PUBLIC + path


def test_a_failed_delivery_keeps_its_code(sent, receipt):
    post(*receipt("undelivered", 30003))

    sent.refresh_from_db()
    assert (sent.status, sent.error_code) == (Status.UNDELIVERED, "30003")


@pytest.mark.parametrize(
    "forge",
    [
        {"signature": ""},
        {"signature": "wrong"},
        {"signature": "ŵ"},
        {"token": "another token"},
        {"token": ""},
        {"url": "http://testserver/webhooks/twilio/inbound/"},
    ],
)
def test_what_is_not_signed_by_twilio_is_refused(sent, receipt, forge):
    answer = post(*receipt("delivered"), **forge)

    sent.refresh_from_db()
    assert (answer.status_code, sent.status) == (403, Status.SENT)
    assert Receipt.objects.count() == 0


def test_a_signature_of_other_words_is_refused(sent, receipt):
    path, params = receipt("undelivered")
    signature = sign(PUBLIC + path, params)

    answer = post(path, params | {"MessageStatus": "delivered"}, signature=signature)

    assert answer.status_code == 403


def test_a_receipt_replayed_at_another_texts_address_is_refused(sent, receipt, queue):
    path, params = receipt("delivered")
    signature = sign(PUBLIC + path, params)
    other = queue()

    answer = post(reverse("messaging:twilio_status", args=[other.pk]), params, signature=signature)

    assert answer.status_code == 403


def test_behind_a_proxy_the_public_address_is_what_was_signed(sent, receipt):
    answer = post(*receipt("delivered"), host="localhost")

    assert answer.status_code == 204


@pytest.mark.parametrize(
    "forged",
    [
        {"x-forwarded-host": "evil.example", "x-forwarded-proto": "http"},
        {"x-forwarded-host": "evil.example", "x-forwarded-port": "8443", "forwarded": "host=evil"},
    ],
)
def test_what_a_proxy_or_a_stranger_forwards_moves_no_signature(sent, receipt, forged):
    path, params = receipt("delivered")

    theirs = post(path, params, url=f"http://evil.example{path}", **forged)
    ours = post(path, params, **forged)

    assert (theirs.status_code, ours.status_code) == (403, 204)


def test_a_query_that_was_not_signed_is_refused(sent, receipt):
    path, params = receipt("delivered")
    signature = sign(PUBLIC + path, list(params.items()))

    assert post(f"{path}?x=1", params, signature=signature).status_code == 403


def test_without_a_token_nothing_is_believed(sent, receipt, settings):
    settings.TWILIO_AUTH_TOKEN = ""

    assert post(*receipt("delivered"), token="").status_code == 403


def test_a_repeated_key_is_refused_though_it_is_signed(sent, receipt):
    path, params = receipt("delivered")

    answer = post(path, [*params.items(), ("MessageStatus", "failed")])

    assert answer.status_code == 400


def test_too_much_is_refused_unread(sent, receipt):
    path, params = receipt("delivered")

    assert post(path, params | {"Padding": "x" * 20_000}).status_code == 413


def test_reading_is_not_offered(sent, receipt):
    assert Client().get(receipt("delivered")[0]).status_code == 405


def test_a_receipt_for_nothing_of_ours_is_not_found(twilio, db):
    path = "/webhooks/twilio/status/019cf7a0-0000-7000-8000-000000000000/"

    assert post(path, {"MessageSid": "SM1", "MessageStatus": "sent"}).status_code == 404


# Texts that come in


def text(body="Hello", sender="+447700900001", sid="SM-in-1"):
    return post(INBOUND, {"MessageSid": sid, "From": sender, "Body": body, "To": "+447700900999"})


def test_a_text_is_kept_once_and_nothing_is_answered_to_the_phone(twilio, contact):
    heard = []
    text_received.connect(listen := lambda text, **_: heard.append(text))

    answers = [text(sender=contact.phone) for _ in range(3)]

    text_received.disconnect(listen)
    kept = InboundText.objects.get()
    assert (kept.contact, kept.body, kept.sent_from) == (contact, "Hello", contact.phone)
    assert heard == [kept]
    assert {(a.status_code, a.content, a["Content-Type"]) for a in answers} == {
        (200, webhooks.EMPTY_ANSWER.encode(), "text/xml")
    }
    assert StaffTask.objects.get().kind == StaffTask.Kind.TEXT_RECEIVED


def test_it_changes_nothing_by_itself(twilio, contact, queue):
    waiting, plan = queue(), contact.plan

    text("I am fine now, please close it", sender=contact.phone)

    waiting.refresh_from_db()
    assert (waiting.status, contact.plan.pk) == (Status.QUEUED, plan.pk)


def test_a_number_of_nobody_or_of_several_joins_no_one(twilio, contact):
    factories.contact(phone=contact.phone)

    text(sid="SM-several", sender=contact.phone)
    text(sid="SM-nobody", sender="+447700900000")
    text(sid="SM-withheld", sender="")

    assert [kept.contact for kept in InboundText.objects.all()] == [None, None, None]
    several = InboundText.objects.get(provider_id="SM-several")
    task = StaffTask.objects.get(kind=StaffTask.Kind.TEXT_UNSURE)
    assert (task.about_type, task.about_id) == ("messaging.inboundtext", several.pk)


@pytest.mark.parametrize(
    "word", ["STOP", " stop. ", "Stop All", "UNSUBSCRIBE", "Stopiwch", "DIM MWY"]
)
def test_stop_makes_texts_unsafe_at_once_and_holds_what_waits(twilio, contact, queue, word):
    old_plan, waiting = contact.plan, queue()

    text(word, sender=contact.phone)
    sending.send_next()

    plan = contact.plan
    assert plan.pk != old_plan.pk
    assert (plan.channels, plan.safe) == ({"sms": "unsafe"}, ContactPlan.Safe.AS_BELOW)
    old_plan.refresh_from_db()
    assert old_plan.channels == {"sms": "safe"}
    waiting.refresh_from_db()
    assert (waiting.status, waiting.held_reason, twilio.journal) == (
        Status.HELD,
        "channel_unsafe",
        [],
    )
    assert {task.kind for task in StaffTask.objects.all()} == {"stop_received", "text_held"}


def test_stop_counts_for_everyone_who_has_the_number(twilio, contact, now):
    other = factories.contact(phone=contact.phone)
    factories.plan(other, at=now, opening_word_hash="kept")

    text("STOP", sender=contact.phone)

    assert contact.plan.channels["sms"] == other.plan.channels["sms"] == "unsafe"
    assert other.plan.opening_word_hash == "kept"
    assert StaffTask.objects.count() == 2


def test_stop_is_heeded_whatever_breaks_after_it(twilio, contact, monkeypatch):
    monkeypatch.setattr(text_received, "send", lambda **_: 1 / 0)

    answer = text("STOP", sender=contact.phone)

    assert (answer.status_code, contact.plan.channels) == (200, {"sms": "unsafe"})
    assert InboundText.objects.get().heard_at is None


def test_stop_from_somebody_without_a_plan_is_remembered(twilio, db):
    person = factories.contact()

    text("STOP", sender=person.phone)

    assert (person.plan.safe, person.plan.channels) == ("not_asked", {"sms": "unsafe"})


@pytest.mark.parametrize("sender", ["+447700900001", "whatsapp:+447700900001", "messenger:1"])
def test_what_is_answered_is_empty_and_sets_no_cookie(twilio, db, sender):
    answer = post(
        INBOUND,
        {"MessageSid": "SM-any", "From": sender, "To": "whatsapp:+447700900999", "Body": "Hi"},
    )

    assert (answer.status_code, answer.content, answer.cookies) == (
        200,
        webhooks.EMPTY_ANSWER.encode(),
        {},
    )
    assert (twilio.journal, twilio.lookups) == ([], 0)


def test_a_place_that_is_sent_is_kept_as_words(twilio, db):
    post(
        INBOUND,
        {
            "MessageSid": "SM-place",
            "From": "whatsapp:+447700900001",
            "To": "whatsapp:+447700900999",
            "Body": "",
            "Latitude": "51.5",
            "Longitude": "-0.1",
            "Label": "The bus station",
        },
    )

    assert InboundText.objects.get().body == "Place sent: The bus station, 51.5, -0.1"


def test_a_word_among_others_is_not_stop(twilio, contact):
    text("please stop him", sender=contact.phone)

    assert contact.plan.channels == {"sms": "safe"}
