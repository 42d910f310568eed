from datetime import timedelta

import pytest
from django.utils.timezone import now

from messaging import wording
from messaging.models import Notification
from tests.appointments import factories as diary
from tests.factories import NOON
from tests.triage.control.conftest import AT_THE_DOOR, assess
from triage import crime_types, thrive
from triage.control import advice, library
from triage.control.models import Advice
from victimcontact.people.models import Link

LATER = NOON + timedelta(minutes=3)


def suggested(incident):
    return [one.piece.slug for one in advice.standing(incident) if one.is_suggested]


def test_suggested_follows_the_flags_of_the_assessment_that_stands(incident, handler):
    assert "abuse-plan" not in suggested(incident)

    assess(incident, 1, by=handler, at=LATER, narrative=AT_THE_DOOR)

    assert suggested(incident)[0] == "ring-999"
    assert {"abuse-plan", "safe-place", "keep-messages"} <= set(suggested(incident))


def test_suggested_follows_the_type_of_crime(incident):
    assert "fraud-159" not in suggested(incident)

    incident.crime_type = "fraud"

    assert "fraud-159" in suggested(incident)


def test_give_keeps_the_words_time_and_by_whom(incident, handler):
    given = advice.give(incident, items=["ring-999", "locks"], by=handler, at=LATER)

    assert [(row.item, row.how, row.given_at, row.given_by) for row in given] == [
        ("ring-999", "read_out", LATER, handler),
        ("locks", "read_out", LATER, handler),
    ]
    assert given[0].words == library.advice()["ring-999"].words
    assert "ring-999" not in {piece.slug for piece in advice.missing(incident)}


def test_give_twice_by_one_form_is_one(incident, handler):
    for _ in range(2):
        advice.give(incident, items=["locks"], by=handler, at=LATER)

    assert Advice.objects.count() == 1


def test_give_an_unknown_item_is_refused(incident, handler):
    with pytest.raises(advice.UnknownItem):
        advice.give(incident, items=["locks", "pray"], by=handler, at=LATER)

    assert not Advice.objects.exists()


def test_send_writes_neutral_words_and_a_link_behind_the_word(handler, client):
    made = diary.video_incident()

    rows = advice.send(made, items=["fraud-159", "locks"], by=handler, at=now())

    text = Notification.objects.get()
    assert {row.notification for row in rows} == {text}
    assert wording.telling_words(text.body) == []
    for row in rows:
        assert row.words not in text.body
    address = text.body.split("Use ")[1].split(" to ")[0]
    path = "/n/" + address.split("/n/")[1]

    assert client.get("/n/").status_code == 403
    shown = client.post(path, {"word": diary.WORD}, follow=True)

    assert shown.redirect_chain == [("/n/", 303)]
    page = shown.content.decode()
    assert "159" in page
    assert page.index("Stop all contact") < page.index("Once officers say")


def test_page_shows_only_what_was_sent_to_this_person(handler, client):
    made, other = diary.video_incident(), diary.video_incident()
    advice.send(other, items=["suicide-help"], by=handler, at=now())
    advice.give(made, items=["hate-support"], by=handler, at=now())
    advice.send(made, items=["locks"], by=handler, at=now())
    text = Notification.objects.get(contact=made.victim)
    path = "/n/" + text.body.split("/n/")[1].split()[0]

    page = client.post(path, {"word": diary.WORD}, follow=True).content.decode()

    assert library.advice()["locks"].words[:30] in page
    assert "Samaritans" not in page
    assert "how it felt to you" not in page


def test_send_again_shuts_the_link_before(handler):
    made = diary.video_incident()

    advice.send(made, items=["locks"], by=handler, at=now())
    advice.send(made, items=["ring-999"], by=handler, at=now())

    first, second = Link.objects.filter(purpose="advice").order_by("issued_at")
    assert (first.revoked_reason, second.revoked_at) == ("advice sent again", None)
    assert advice.sent_to(made) == [
        library.advice()["ring-999"].words,
        library.advice()["locks"].words,
    ]


def test_send_without_an_agreed_word_is_refused(incident, handler):
    with pytest.raises(advice.NotReachable):
        advice.send(incident, items=["locks"], by=handler, at=LATER)

    assert (Advice.objects.count(), Notification.objects.count()) == (0, 0)


def test_send_where_texts_are_unsafe_is_held_and_says_so(handler):
    made = diary.video_incident()
    made.victim.plans.update(channels={"sms": "unsafe"})

    rows = advice.send(made, items=["locks"], by=handler, at=now())

    assert rows[0].notification.status == "held"


def test_library_is_plain_and_names_only_what_there_is():
    for piece in library.advice().values():
        assert piece.flags <= set(thrive.FLAGS), piece.slug
        assert piece.crime_types <= set(crime_types.all_types()), piece.slug
        assert piece.kind in library.KINDS
        assert piece.flags or piece.crime_types or piece.always, piece.slug
        longest = max(len(sentence.split()) for sentence in piece.words.split(". "))
        assert longest <= 40, piece.slug
