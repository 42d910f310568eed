from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from tests import factories
from triage import offers, signals
from triage.models import Offer
from victimcontact.audit.models import Entry

pytestmark = pytest.mark.django_db
NOON = factories.NOON


def make(incident, by, chosen, at=NOON):
    return offers.make(incident, chosen=chosen, by=by, at=at)


@pytest.mark.parametrize(
    ("grade", "video", "expected"),
    [
        (2, False, ["visit", "station"]),
        (3, False, ["visit", "station"]),
        (3, True, ["video", "visit", "station"]),
        (4, False, ["visit", "station", "none"]),
    ],
)
def test_options_always_hold_visit_and_station(grade, video, expected):
    incident = factories.incident()
    assessment = factories.assessment(incident, grade=grade, video_offer=video)

    assert offers.options(assessment) == expected


def test_choice_is_kept_with_the_words_and_the_assessment(handler):
    incident = factories.incident(grade=3)
    said = []
    signals.response_chosen.connect(lambda sender, **news: said.append(news), weak=False)

    offer = make(incident, handler, "video")

    signals.response_chosen.receivers.pop()
    signals.response_chosen.sender_receivers_cache.clear()
    assert (offer.chosen, offer.options) == ("video", ["video", "visit", "station"])
    assert (offer.words_version, offer.video_eligible) == (offers.WORDS_VERSION, True)
    assert (offer.assessment, offer.recorded_by) == (incident.current_assessment, handler)
    incident.refresh_from_db()
    assert incident.response == "video"
    assert [news["offer"] for news in said] == [offer]
    assert Entry.objects.get(type="offer.made").detail["chosen"] == "video"


def test_video_cannot_be_chosen_where_it_was_not_offered(handler):
    incident = factories.incident(grade=2)

    with pytest.raises(offers.NotOffered):
        make(incident, handler, "video")

    assert not Offer.objects.exists()
    incident.refresh_from_db()
    assert incident.response == ""


def test_video_ends_with_the_assessment_that_allowed_it(handler):
    incident = factories.incident(grade=3)
    make(incident, handler, "video")
    factories.assessment(incident, grade=2, at=NOON + timedelta(hours=1))

    with pytest.raises(offers.NotOffered):
        make(incident, handler, "video", NOON + timedelta(hours=2))


def test_they_may_choose_again_and_twice_the_same_is_once(handler):
    incident = factories.incident(grade=3)

    first = make(incident, handler, "video")
    again = make(incident, handler, "video")
    other = make(incident, handler, "visit", NOON + timedelta(minutes=1))

    assert first == again
    assert Offer.objects.count() == 2
    incident.refresh_from_db()
    assert incident.response == other.chosen == "visit"


def test_nothing_to_offer_before_an_assessment(handler):
    with pytest.raises(offers.NotAssessed):
        make(factories.incident(), handler, "visit")


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"options": ["video"], "chosen": "video"}, "offer_has_visit_and_station"),
        (
            {"options": ["video", "visit", "station"], "video_eligible": False},
            "offer_video_only_when_eligible",
        ),
        ({"options": ["visit", "station"], "chosen": "video"}, "offer_chosen_was_offered"),
    ],
)
def test_database_itself_refuses(fields, name):
    incident = factories.incident(grade=3)
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        factories.offer(incident, **fields)
