"""What was offered and what was chosen: counted by group, and by who recorded it."""

from datetime import timedelta

import pytest
from django.urls import reverse

from tests import factories as rows
from tests.triage.quality import factories
from triage.quality import choices

pytestmark = pytest.mark.django_db

AT = rows.NOON + timedelta(days=1)  # noon in May is 1pm in London


def chose(way, *, by=None, at=rows.NOON, flags=(), channel="999", of=None, video=True, **offer):
    of = of or rows.incident(grade=3, channel=channel, at=at)
    made = rows.assessment(of, flags=list(flags), at=at)
    return rows.offer(
        of,
        chosen=way,
        assessment=made,
        options=[*(["video"] if video else []), "visit", "station"],
        video_eligible=video,
        recorded_by=by or factories.handler(),
        at=at,
        **offer,
    )


def groups():
    return {one.name: one for one in choices.by_group(rows.force(), at=AT)}


def test_each_choice_is_counted_in_all_its_groups():
    for way in ("video", "video", "visit", "station", "visit"):
        chose(way)
    chose("visit", flags=["domestic_abuse"], channel="online", video=False)
    chose("video", at=rows.NOON - timedelta(hours=14))  # 11pm in London

    found = groups()

    everybody = found["Everybody"]
    assert everybody.chosen == {"video": 3, "visit": 3, "station": 1}
    assert (everybody.many, everybody.offered_video) == (7, 6)
    assert [(piece.name, piece.count) for piece in everybody.pieces][:2] == [
        ("video", 3),
        ("visit", 3),
    ]
    assert found["Domestic abuse, stalking or honour"].chosen == {"visit": 1}
    assert not found["Domestic abuse, stalking or honour"].is_shown
    assert found["Came online, by chat or otherwise"].many == 1
    assert found["Asked at night, 10pm to 7am"].many == 1


def test_a_mind_that_changed_is_counted_and_a_witness_and_an_old_choice_are_not():
    first = chose("video", at=rows.NOON - timedelta(hours=2))
    chose("visit", of=first.incident)
    chose("visit", contact=rows.contact())
    chose("station", at=AT - timedelta(days=29))

    everybody = groups()["Everybody"]

    assert everybody.chosen == {"video": 1, "visit": 1}
    assert everybody.changed == 1


def test_handlers_are_dots_from_five_of_ten_on():
    handlers = [factories.handler() for _ in range(5)]
    for place, handler in enumerate(handlers):
        for number in range(10):
            if place == 4 and number == 9:
                break
            chose("video" if number < place * 2 else "visit", by=handler)

    assert choices.by_handler(rows.force(), at=AT).funnel is None
    chose("visit", by=handlers[4])
    spread = choices.by_handler(rows.force(), at=AT)

    assert (spread.handlers, spread.assessments) == (5, 50)
    assert [dot.says for dot in spread.funnel.dots] == [
        "0 of 10",
        "2 of 10",
        "4 of 10",
        "6 of 10",
        "8 of 10",
    ]


def test_choices_are_counted_by_who_recorded_them_and_by_the_link():
    steers, asks = factories.handler(last_name="Alder"), factories.handler(last_name="Birch")
    for _ in range(3):
        chose("video", by=steers)
    chose("video", by=asks)
    first = chose("station", by=asks, at=rows.NOON - timedelta(hours=1))
    rows.offer(
        first.incident,
        chosen="visit",
        assessment=first.assessment,
        options=["video", "visit", "station"],
        video_eligible=True,
        recorded_by=None,
        at=rows.NOON,
    )

    found = choices.by_recorder(rows.force(), at=AT)

    assert [(row["many"], row["video"], row["share"], row["changed"]) for row in found] == [
        (3, 3, 100, 0),
        (2, 1, 50, 1),
        (1, 0, 0, 0),
    ]
    assert found[-1]["name"] == "The victim, by the link"


def test_the_page_draws_what_was_chosen(client, monkeypatch):
    for way in ("video", "visit", "visit", "station", "visit"):
        chose(way)
    monkeypatch.setattr("triage.quality.views_trend.now", lambda: AT)
    rows.sign_in(client, factories.reviewer())

    page = client.get(reverse("quality:choices")).content.decode()

    assert "Officer&#x27;s visit 3" in page or "Officer's visit 3" in page
    assert "vc-bar__piece--station" in page
