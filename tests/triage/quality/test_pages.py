"""The reviewer's, the handler's and the leader's pages."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from messaging.models import StaffTask
from tests import factories as rows
from tests.triage.quality import factories
from triage.quality.models import Draw, FeedbackAnswer, QualityReview, Sample, SecondOpinion
from victimcontact.audit.models import Entry

pytestmark = pytest.mark.django_db

NOON = rows.NOON
AFTERWARDS = "He came back and broke the door"


@pytest.fixture
def reviewer():
    return factories.reviewer()


@pytest.fixture
def client(reviewer):
    return rows.sign_in(Client(), reviewer)


@pytest.fixture
def drawn():
    """An assessment of a handler who is easily recognised, and one that came after it."""
    handler = factories.handler(first_name="Wilhelmina", last_name="Oxlip")
    incident = rows.incident(narrative=factories.WORDS, location="")
    of = factories.sample(
        factories.assessment(
            handler, of=incident, grade=3, rationales={"harm": "A bruise, looked at"}
        )
    )
    later = NOON + timedelta(hours=2)
    factories.assessment(handler, of=incident, grade=1, at=later, narrative=AFTERWARDS)
    return of


def page(client, name, *args, **query):
    response = client.get(reverse(f"quality:{name}", args=args), query)
    assert response.status_code == 200
    return response.content.decode()


def test_review_shows_what_was_known_then_and_nothing_after(client, drawn):
    shown = page(client, "review", drawn.pk)

    assert factories.WORDS in shown
    assert "A bruise, looked at" in shown
    assert f"policy {drawn.policy.version}" in shown
    for after in (
        AFTERWARDS,
        "Oxlip",
        "Assessment 2",
        reverse("triage:incident", args=[drawn.incident_id]),
    ):
        assert after not in shown


def test_once_it_is_saved_the_reviewer_sees_what_happened_next(client, drawn, reviewer):
    address = reverse("quality:review", args=[drawn.pk])

    response = client.post(address, factories.posted(feedback="Good questions", right_grade="2"))
    shown = page(client, "review", drawn.pk)

    assert (response.status_code, response.url) == (302, address)
    review = QualityReview.objects.get()
    assert (review.reviewer, review.points, review.most) == (reviewer, 22, 33)
    for after in (AFTERWARDS, "Wilhelmina Oxlip", "Assessment 2", "Good questions"):
        assert after in shown


def test_second_reviewer_does_not_see_the_first_ones_opinion(drawn):
    first = factories.reviewer()
    factories.review(drawn, first, feedback="I think grade 2")
    rows_ = SecondOpinion.objects.create(assessment=drawn, asked_by=first, asked_at=NOON)

    shown = page(rows.sign_in(Client(), factories.reviewer()), "review", drawn.pk)

    assert rows_.assessment == drawn
    assert "I think grade 2" not in shown
    assert "Save the review" in shown


def test_form_says_what_is_missing(client, drawn):
    data = factories.posted() | {"points_risk": "1", "overall": ""}
    del data["points_told"]

    response = client.post(reverse("quality:review", args=[drawn.pk]), data)

    said = response.content.decode()
    assert response.status_code == 422
    assert "Say why “Risk” gets so little" in said
    assert "Say how it was overall" in said
    assert "Score “Told what happens next”, or say that it does not apply" in said
    assert AFTERWARDS not in said
    assert not QualityReview.objects.exists()


def test_everything_left_out_is_no_score(client, drawn):
    response = client.post(
        reverse("quality:review", args=[drawn.pk]), factories.posted(points="none")
    )

    assert response.status_code == 422
    assert "Score at least one criterion" in response.content.decode()


def test_own_or_undrawn_assessment_is_not_found(drawn):
    both = rows.user(["call_handler", "quality_reviewer"])
    own = factories.sample(factories.assessment(both))
    client = rows.sign_in(Client(), both)

    for name in ("review", "unsafe", "second"):
        for pk in (own.pk, factories.assessment().pk):
            response = client.post(reverse(f"quality:{name}", args=[pk]), factories.posted())
            assert response.status_code == 404
    assert own.incident.reference not in page(client, "reviews")


def test_list_names_no_handler(client, drawn):
    shown = page(client, "reviews")

    assert drawn.incident.reference in shown
    assert "Oxlip" not in shown


def test_list_asks_as_little_for_three_as_for_one(client, django_assert_max_num_queries):
    factories.sample()
    page(client, "reviews")
    with django_assert_max_num_queries(100) as one:
        page(client, "reviews")
    factories.sample()
    factories.sample()

    with django_assert_max_num_queries(100) as three:
        page(client, "reviews")

    assert len(one) == len(three)


def test_draw_by_the_button(client, reviewer):
    handler = factories.handler()
    at = now() - timedelta(days=1)
    of = factories.assessment(handler, at=at, grade=3, flags=["domestic_abuse"])

    client.post(reverse("quality:draw"))
    shown = client.post(reverse("quality:draw"), follow=True).content.decode()

    assert Sample.objects.get(assessment=of, kind="abuse").drawn_by == reviewer
    assert "Nothing new" in shown


def test_unsafe_now_from_the_page(client, drawn):
    empty = client.post(reverse("quality:unsafe", args=[drawn.pk]), {"unsafe-why": ""})
    assert empty.status_code == 422
    assert "Say what makes you fear for them now" in empty.content.decode()

    response = client.post(
        reverse("quality:unsafe", args=[drawn.pk]), {"unsafe-why": "Alone with him"}
    )

    drawn.incident.refresh_from_db()
    assert response.status_code == 302
    assert drawn.incident.review_due_at <= now()
    assert StaffTask.objects.get().about_id == drawn.incident_id
    shown = page(client, "review", drawn.pk)
    assert "You raised this" in shown
    assert AFTERWARDS not in shown


def test_second_opinion_is_asked_for_after_ones_own(client, drawn, reviewer):
    address = reverse("quality:second", args=[drawn.pk])
    assert client.post(address, {"why": "Is it me?"}).status_code == 404
    factories.review(drawn, reviewer)

    client.post(address, {"why": "Is it me?"})

    assert drawn.second_opinion.why == "Is it me?"


def test_who_looked_is_in_the_ledger(client, drawn, reviewer):
    page(client, "review", drawn.pk)

    entry = Entry.objects.get(type="quality.opened")
    assert (entry.actor, entry.about_id) == (f"user:{reviewer.pk}", str(drawn.pk))


@pytest.mark.parametrize("name", ["review", "unsafe"])
def test_who_looked_by_a_form_that_is_not_right_is_in_the_ledger(client, drawn, name):
    answer = client.post(reverse(f"quality:{name}", args=[drawn.pk]), {})

    assert answer.status_code == 422
    assert factories.WORDS in answer.content.decode()
    assert Entry.objects.get(type="quality.opened").about_id == str(drawn.pk)


# The handler


def test_handler_reads_and_answers(drawn):
    review = factories.review(drawn, feedback="Ask who has a key", good_practice="Calm")
    client = rows.sign_in(Client(), drawn.decided_by)
    address = reverse("quality:feedback", args=[review.pk])

    assert "To read" in page(client, "feedback_list")
    assert "Ask who has a key" in page(client, "feedback", review.pk)
    response = client.post(address, {"kind": "read", "words": "I will"})
    assert response.status_code == 302

    answer = FeedbackAnswer.objects.get()
    assert (answer.kind, answer.words, answer.handler) == ("read", "I will", drawn.decided_by)
    shown = page(client, "feedback_list")
    assert "To read" not in shown
    assert "Read and understood" in shown


def test_handler_who_does_not_agree_says_why(drawn):
    review = factories.review(drawn)
    client = rows.sign_in(Client(), drawn.decided_by)
    address = reverse("quality:feedback", args=[review.pk])

    silent = client.post(address, {"kind": "disagree", "words": ""})
    client.post(address, {"kind": "disagree", "words": "He had gone"})

    assert silent.status_code == 422
    assert "Say what you do not agree with" in silent.content.decode()
    assert SecondOpinion.objects.get().assessment == drawn


def test_nobody_reads_another_handlers_feedback(drawn):
    review = factories.review(drawn, feedback="Ask who has a key")

    for other in (factories.handler(), rows.user("team_leader"), rows.user("supervisor")):
        client = rows.sign_in(Client(), other)
        assert client.get(reverse("quality:feedback", args=[review.pk])).status_code == 404
        assert drawn.incident.reference not in page(client, "feedback_list")


def test_navigation_counts_what_waits(client, drawn):
    review = factories.review(factories.sample(factories.assessment(drawn.decided_by)))
    handler = rows.sign_in(Client(), drawn.decided_by)

    assert 'Quality <span class="vc-count">1' in page(client, "reviews")
    assert 'Feedback <span class="vc-count">1' in page(handler, "feedback_list")
    handler.post(reverse("quality:feedback", args=[review.pk]), {"kind": "read"})
    assert 'Feedback <span class="vc-count">' not in page(handler, "feedback_list")


# The trend


def test_trend_shows_teams_and_no_names(client, drawn):
    factories.review(
        factories.sample(
            factories.assessment(drawn.decided_by, at=now() - timedelta(days=7)), at=now()
        )
    )

    shown = page(client, "trend") + page(client, "fairness")

    assert "Blue" in shown
    assert "Oxlip" not in shown
    assert "<svg" in shown
    assert " style=" not in shown


def test_leader_sees_their_own_team_and_the_whole(drawn):
    leader = rows.user("team_leader")
    green = factories.handler("Green").teams.get()
    leader.teams.add(green)
    client = rows.sign_in(Client(), leader)

    shown = page(client, "trend")

    assert "Green" in shown
    assert "Blue" not in shown
    assert "The whole force" in shown


def test_trend_of_another_force_is_not_given(client):
    rows.force("southmoor", name="Southmoor Police")

    assert "Southmoor" not in page(client, "trend", force="southmoor")


def test_draws_are_listed(client):
    team = factories.handler("Blue").teams.get()
    Draw.objects.create(
        force=team.force,
        team=team,
        week_on=NOON.date(),
        assessed=40,
        drawn=4,
        seed="violet",
        share_percent=10,
        at_least=0,
        per="handler",
        drawn_at=NOON,
    )

    assert "4 of 40, by lot with seed violet" in page(client, "reviews")
