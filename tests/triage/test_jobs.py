from datetime import timedelta

import pytest
from django.utils.timezone import now

from messaging.models import StaffTask
from tests import factories
from triage import jobs, reviews, tasks
from triage.models import Review
from victimcontact.audit.models import Entry

pytestmark = pytest.mark.django_db
NOON = factories.NOON
DUE = NOON + timedelta(minutes=210)


def test_late_review_is_raised_once_and_not_before():
    incident = factories.incident(grade=2)

    counts = [jobs.raise_late_reviews(DUE + timedelta(seconds=later)) for later in (0, 1, 60)]

    assert counts == [0, 1, 0]
    task = StaffTask.objects.get()
    assert (task.kind, task.force, task.about_id) == ("review_late", incident.force, incident.pk)
    assert incident.reference in task.reason
    assert Entry.objects.filter(type="review.late", about_id=incident.pk).count() == 1
    assert Review.objects.get(incident=incident).raised_at == DUE + timedelta(seconds=1)


def test_what_was_asked_for_a_moment_ago_is_not_called_late():
    by_clock, by_news = factories.incident(grade=3), factories.incident(grade=3)
    reviews.ask([by_news.pk], because="appointment moved", at=DUE)

    jobs.raise_late_reviews(DUE + timedelta(seconds=1))

    said = dict(StaffTask.objects.values_list("about_id", "reason"))
    assert "assess it again (appointment moved)" in said[by_news.pk]
    assert "not assessed again in time (clock)" in said[by_clock.pk]


def test_most_urgent_grade_comes_first():
    for grade in (3, 1, 2):
        factories.incident(grade=grade)

    jobs.raise_late_reviews(DUE + timedelta(hours=1))

    raised = StaffTask.objects.order_by("id").values_list("reason", flat=True)
    assert ["grade 1" in raised[0], "grade 2" in raised[1], "grade 3" in raised[2]] == [True] * 3


def test_closed_incidents_and_done_reviews_are_left_alone():
    closed = factories.incident(grade=3)
    person = factories.user("team_leader")
    closed.status, closed.closed_at, closed.closed_by = "closed", NOON, person
    closed.save()
    again = factories.incident(grade=3)
    factories.assessment(again, at=NOON + timedelta(hours=3))

    assert jobs.raise_late_reviews(DUE + timedelta(minutes=1)) == 0


def test_beat_names_a_task_that_exists():
    factories.incident(grade=3, at=now() - timedelta(days=1))

    assert jobs.BEAT["raise late reviews"]["task"] == tasks.raise_late_reviews.name
    tasks.raise_late_reviews()

    assert StaffTask.objects.filter(kind="review_late").count() == 1
