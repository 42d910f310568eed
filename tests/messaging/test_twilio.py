"""The client itself: how it is made, and that threads do not get each other's answers."""

from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from uuid import uuid4

from messaging.transports import Parcel, Way
from messaging.transports import twilio as transport

FIRST = Way("first")


def test_each_thread_has_a_client_of_its_own_and_keeps_it(twilio):
    def two():
        return transport.client(), transport.client()

    with ThreadPoolExecutor(1) as pool:
        first, again = pool.submit(two).result()

    assert first is again
    assert first.http_client is not transport.client().http_client


def test_what_many_threads_send_at_once_is_answered_to_each(twilio):
    parcels = [Parcel(uuid4(), f"+4477009000{n:02d}", f"Text {n}") for n in range(60)]

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(transport.send, parcels, repeat(FIRST)))

    said = {message["sid"]: message["body"] for message in twilio.journal}
    assert [said[answer.provider_id] for answer in answers] == [parcel.body for parcel in parcels]


def test_the_environment_does_not_choose_the_host(twilio, monkeypatch):
    monkeypatch.setenv("TWILIO_EDGE", "sydney")
    monkeypatch.setenv("TWILIO_REGION", "au1")
    transport._client.cache_clear()

    answer = transport.send(Parcel(uuid4(), "+447700900001", "Hello"), FIRST)

    assert [message["sid"] for message in twilio.journal] == [answer.provider_id]


def test_the_forces_neutral_name_is_the_sender_where_there_is_one(twilio):
    transport.send(Parcel(uuid4(), "+447700900001", "Hello", sender="Diary"), FIRST)
    transport.send(Parcel(uuid4(), "+447700900001", "Hello"), FIRST)

    assert [message["from"] for message in twilio.journal] == ["Diary", "+447700900999"]


def test_a_messaging_service_takes_the_place_of_the_number(twilio, settings):
    settings.TWILIO_MESSAGING_SERVICE_SID = "MG1"

    transport.send(Parcel(uuid4(), "+447700900001", "Hello"), FIRST)

    assert twilio.journal[0]["messaging_service_sid"] == "MG1"
