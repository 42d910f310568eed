"""What is kept must answer as if it were put together afresh."""

from datetime import timedelta

import pytest
from django.db.models import Exists, OuterRef
from django.utils.timezone import now

from tests import factories
from triage.models import Incident, Review
from victimcontact.accounts.models import User
from victimcontact.lib.prepared import Prepared

pytestmark = pytest.mark.django_db


def test_what_is_kept_gives_instances_with_all_that_was_asked_for(django_assert_num_queries):
    @Prepared
    def due(user, at):
        soon = Review.objects.filter(incident=OuterRef("pk"), due_at__lt=at + timedelta(hours=5))
        return (
            Incident.objects.filter(force__staff=user, reported_at__lte=at)
            .select_related("force", "owner")
            .defer("narrative")
            .annotate(is_soon=Exists(soon))
            .order_by("reported_at")
        )

    at = now()
    leader = factories.user("team_leader")
    first = factories.incident(grade=3, at=at - timedelta(hours=1), owner=leader)
    second = factories.incident(grade=2, at=at)
    assert [one.pk for one in due(user=leader.pk, at=at)] == [first.pk, second.pk]

    with django_assert_num_queries(1):
        (one,) = due(user=leader.pk, at=at - timedelta(minutes=30))
        assert (one.pk, one.owner.pk, one.force.name) == (first.pk, leader.pk, first.force.name)
        assert one.is_soon
        assert one.location == first.location
    assert due.count(user=leader.pk, at=at) == 2
    assert (
        due(user=factories.user("team_leader", at_force=factories.force("south")).pk, at=at) == []
    )
    assert not due(user=leader.pk, at=at - timedelta(days=900))


def test_what_takes_a_weekday_from_a_moment_is_asked_each_time():
    @Prepared
    def on_its_day(at):
        return User.objects.filter(username=f"{at:%A}")

    monday = factories.user("team_leader", username="Monday")
    moment = now()
    while moment.weekday() != 0:
        moment += timedelta(days=1)

    assert on_its_day(at=moment + timedelta(days=1)) == []
    assert on_its_day(at=moment) == [monday]
    assert on_its_day.count(at=moment) == 1
