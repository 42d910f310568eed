"""What is kept must answer as if it were put together afresh."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.timezone import now

from appointments.models import Shift
from tests import factories
from tests.appointments import factories as diary
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


def test_a_range_of_moments_is_filled_in_and_rows_come_as_they_are():
    @Prepared
    def around(user, at):
        span = (at - timedelta(hours=1), at + timedelta(minutes=1))
        found = Shift.objects.filter(officer=user, during__overlap=span).order_by("during")
        return found.values_list("during__startswith", "officer__username")

    officer, noon = factories.user("video_officer", username="Amara"), factories.NOON
    diary.shift(officer=officer, starts_at=noon, hours=2)
    begins = (noon, "Amara")

    assert around.rows(user=officer.pk, at=noon - timedelta(hours=3)) == []
    assert around.rows(user=officer.pk, at=noon - timedelta(seconds=30)) == [begins]
    assert around(user=officer.pk, at=noon + timedelta(minutes=179)) == [begins]
    assert around(user=officer.pk, at=noon + timedelta(minutes=181)) == []
    assert around._kept


def test_any_of_some_keys_is_the_same_question_however_many_there_are():
    @Prepared
    def some(incidents):
        return Incident.objects.filter(pk__any=incidents, reviews__incident__any=incidents)

    made = [factories.incident(grade=3) for _ in range(3)]

    assert some(incidents=[]) == []
    assert {one.pk for one in some(incidents=[made[0].pk])} == {made[0].pk}
    assert {one.pk for one in some(incidents=[one.pk for one in made])} == {one.pk for one in made}
    assert some._kept


@pytest.mark.django_db(transaction=True)
def test_what_is_kept_locks_inside_a_transaction_alone():
    @Prepared
    def to_lock(user):
        return User.objects.select_for_update().filter(pk=user)

    leader = factories.user("team_leader")
    with transaction.atomic():
        assert to_lock(user=leader.pk) == [leader]

    with pytest.raises(transaction.TransactionManagementError):
        to_lock(user=leader.pk)
