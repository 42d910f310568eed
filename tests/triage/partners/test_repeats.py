from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import factories
from tests.triage.partners.factories import DAY, MINUTE, NOON, referral
from triage.models import Trace
from triage.partners import jobs, repeats
from triage.partners.models import Repeat, ToCount
from triage.signals import assessed
from victimcontact.accounts.roles import Role

pytestmark = pytest.mark.django_db
WEEK, MONTH, YEAR = repeats.RULES


@pytest.fixture
def handler(db):
    return factories.user(Role.CALL_HANDLER)


def reported(*days_ago, victim, flags=(), at=NOON, **fields):
    """A report by ``victim`` of so many days ago each, at another place each, to be counted."""
    made = []
    for days in days_ago:
        place = f"{Trace.objects.count() + 1} Elsewhere Road"
        then = at - timedelta(days=days)
        incident = factories.incident(victim=victim, at=then, **{"location": place, **fields})
        assessment = factories.assessment(incident, at=then, flags=list(flags))
        assessed.send(
            sender=type(incident),
            incident=incident,
            assessment=assessment,
            before=None,
            by=None,
            at=then,
        )
        made.append(incident)
    return made


def kinds(user, rule, at=NOON):
    return sorted(row.kind for row in repeats.over(user, rule=rule, at=at))


def test_third_report_in_seven_days_makes_number_and_person_a_repeat(handler):
    victim = factories.contact(date_of_birth="")
    reported(6, 3, victim=victim)
    jobs.count_repeats(NOON)
    before = kinds(handler, WEEK)

    reported(0, victim=victim)
    jobs.count_repeats(NOON)

    assert before == []
    assert kinds(handler, WEEK) == ["number", "person"]
    assert kinds(handler, MONTH) == kinds(handler, YEAR) == []


def test_repeat_ends_when_the_oldest_that_is_needed_leaves_the_week(handler):
    reported(6, 3, 1, victim=factories.contact())
    jobs.count_repeats(NOON)

    last = NOON + DAY - MINUTE
    assert kinds(handler, WEEK, at=last) == ["number", "person"]
    assert kinds(handler, WEEK, at=NOON + DAY) == []


def test_five_in_thirty_days_and_four_are_not(handler):
    victim = factories.contact()
    reported(29, 22, 15, 8, victim=victim)
    jobs.count_repeats(NOON)
    before = kinds(handler, MONTH)

    reported(7.5, victim=victim)
    jobs.count_repeats(NOON)

    assert (before, kinds(handler, MONTH)) == ([], ["number", "person"])
    assert kinds(handler, WEEK) == []


def test_three_of_domestic_abuse_in_a_year_and_other_reports_do_not_count(handler):
    victim = factories.contact()
    reported(300, 200, 100, 40, victim=victim, flags=["fraud"])
    reported(250, 150, victim=victim, flags=["domestic_abuse"])
    jobs.count_repeats(NOON)
    before = kinds(handler, YEAR)

    reported(35, victim=victim, flags=["domestic_abuse"])
    jobs.count_repeats(NOON)

    assert (before, kinds(handler, YEAR)) == ([], ["number", "person"])


def test_address_repeats_whoever_calls(handler):
    for _ in range(3):
        reported(1, victim=factories.contact(), location="7 Hope Terrace, Northmoor")
    jobs.count_repeats(NOON)

    assert kinds(handler, WEEK) == ["address"]


def test_domestic_abuse_that_is_dismissed_later_counts_no_more(handler):
    victim = factories.contact()
    found = reported(200, 100, 50, victim=victim, flags=["domestic_abuse"])
    jobs.count_repeats(NOON)
    before = kinds(handler, YEAR)

    again = factories.assessment(found[0], at=NOON, flags=[])
    assessed.send(sender=None, incident=found[0], assessment=again, before=None, by=None, at=NOON)
    jobs.count_repeats(NOON)

    assert (before, kinds(handler, YEAR)) == (["number", "person"], [])
    assert not Repeat.objects.exists()


def test_another_force_sees_and_counts_its_own_alone(handler):
    south = factories.force("southmoor")
    victim = factories.contact()
    theirs = factories.contact(south, phone=victim.phone)
    reported(2, 1, victim=victim)
    reported(0, victim=theirs)
    jobs.count_repeats(NOON)
    shared = Repeat.objects.count()

    reported(0, victim=victim)
    jobs.count_repeats(NOON)

    stranger = factories.user(Role.CALL_HANDLER, at_force=south)
    assert shared == 0
    assert (kinds(handler, WEEK), kinds(stranger, WEEK)) == (["number", "person"], [])


def test_job_takes_what_waits_once():
    reported(2, 1, 0, victim=factories.contact())

    counted = [jobs.count_repeats(NOON) for _ in range(2)]

    assert counted == [3, 0]
    assert not ToCount.objects.exists()


def test_lines_say_who_how_often_and_what_was_done(handler):
    victim = factories.contact(name="Robin Example", phone="+447700900111")
    incidents = reported(6, 3, 1, 0, victim=victim)
    jobs.count_repeats(NOON)
    told = referral(incidents[1], at=NOON)

    lines = repeats.lines(repeats.over(handler, rule=WEEK, at=NOON), at=NOON)

    assert sorted(line.says for line in lines) == ["+447700900111", "Robin Example"]
    for line in lines:
        assert [(rule.days, number, is_over) for rule, number, is_over in line.counts] == [
            (7, 4, True),
            (30, 4, False),
            (365, 0, False),
        ]
        assert line.reports == incidents[:0:-1]
        assert (line.more, line.referrals) == (1, [told])


def test_person_known_by_two_keys_is_one_line(handler):
    victim = factories.contact(name="Robin Example", phone="", date_of_birth="1985-03-27")
    reported(2, 1, 0, victim=victim)
    jobs.count_repeats(NOON)

    rows = list(repeats.over(handler, rule=WEEK, at=NOON))

    assert [row.kind for row in rows] == ["person", "person"]
    assert [line.says for line in repeats.lines(rows, at=NOON)] == ["Robin Example"]


def test_page_asks_as_often_for_one_as_for_five(handler):
    def asked():
        with CaptureQueriesContext(connection) as queries:
            repeats.lines(repeats.over(handler, rule=WEEK, at=NOON)[:25], at=NOON)
        return len(queries)

    reported(2, 1, 0, victim=factories.contact())
    jobs.count_repeats(NOON)
    one = asked()
    for _ in range(4):
        reported(2, 1, 0, victim=factories.contact())
    jobs.count_repeats(NOON)

    assert asked() == one
