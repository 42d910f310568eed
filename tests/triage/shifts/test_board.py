import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from tests import factories
from tests.appointments import factories as diary
from triage import assessing, selectors
from triage.control import telling
from triage.control.models import News
from triage.models import Incident
from triage.shifts import board, charts, duty, ownership
from victimcontact.accounts.roles import Role
from victimcontact.lib.keys import uuid7

pytestmark = pytest.mark.django_db
NOON = factories.NOON


def numbers(user, at):
    return {tile.key: tile.number for tile in board.figures(user, at=at).tiles}


def shown(user, at, show=""):
    return incidents(board.lines(user, at=at, show=show)[0])


def incidents(lines):
    return [Incident.objects.get(pk=line.row.incident.pk) for line in lines]


def test_every_tile_counts_what_its_list_shows(leader, handler):
    at = NOON + timedelta(minutes=185)
    duty.say(handler, "free", at=at)
    late = factories.incident(grade=2, owner=handler)
    factories.assessment(late, grade=2, at=NOON - timedelta(hours=1))
    soon = factories.incident(grade=3, owner=handler, response="visit")
    fresh = factories.incident(grade=3, at=at, owner=factories.user(Role.CALL_HANDLER))
    unseen = factories.incident(grade=1, at=at, is_seen=False, owner=handler)
    handed = factories.incident(grade=4, at=at, owner=leader, response="none")
    ownership.hand_over(by=leader, to=None, note="Look at it", at=at)
    told = factories.incident(grade=3, at=at, owner=handler, response="visit")
    telling.owe(told, what=News.GRADE, because="grade 4 to 3", at=at)

    lists = {key: set(shown(leader, at, key)) for key in board.SHOWS}

    assert numbers(leader, at) == {key: len(found) for key, found in lists.items()}
    assert lists == {
        "": {late, soon, fresh, unseen, handed, told},
        "late": {late},
        "soon": {soon},
        "overdue": {late},
        "unowned": {handed},
        "away": {fresh},
        "handed": {handed},
        "choice": {fresh},
        "unseen": {unseen},
        "untold": {late, told},
    }


@pytest.mark.parametrize(
    ("minutes", "where"), [(179, None), (180, "soon"), (210, "soon"), (210.01, "late")]
)
def test_a_review_is_due_soon_after_three_hours_and_late_after_three_and_a_half(
    leader, minutes, where
):
    incident = factories.incident(grade=3)
    at = NOON + timedelta(minutes=minutes)

    found = {key: shown(leader, at, key) for key in ("soon", "late")}

    assert found == {key: [incident] if key == where else [] for key in ("soon", "late")}


def test_a_force_warns_when_it_says_so(leader):
    force = factories.force("southmoor", review_after_minutes=60, review_warn_minutes=50)
    leader.forces.add(force)
    incident = factories.incident(force, grade=3)

    assert shown(leader, NOON + timedelta(minutes=49), "soon") == []
    assert shown(leader, NOON + timedelta(minutes=51), "soon") == [incident]


def test_a_caller_told_of_the_delay_is_told(leader):
    incident = factories.incident(grade=2)
    at = NOON + timedelta(minutes=61)
    assert shown(leader, at, "untold") == [incident]

    telling.told(incident, what=News.DELAY, how="call", by=leader, at=at)

    assert (shown(leader, at, "untold"), shown(leader, at, "overdue")) == ([], [incident])


def test_an_owner_is_away_when_they_say_so_leave_or_are_not_heard_of(leader, handler):
    incident = factories.incident(grade=3, owner=handler)
    silent_at = NOON + timedelta(minutes=15)
    assert shown(leader, NOON, "away") == [incident]  # never said anything

    duty.say(handler, "busy", at=NOON)

    assert shown(leader, NOON, "away") == []
    assert shown(leader, silent_at, "away") == [incident]
    assert board.line_of(leader, incident.pk, at=silent_at).owner_is_away
    duty.say(handler, "away", at=NOON)
    assert shown(leader, NOON, "away") == [incident]


def test_an_owner_on_the_roster_is_there_unless_they_say_otherwise(leader):
    sergeant = factories.user([Role.SUPERVISOR, Role.VIDEO_OFFICER])
    diary.shift(officer=sergeant, starts_at=NOON, hours=6)
    incident = factories.incident(grade=3, owner=sergeant)

    assert shown(leader, NOON, "away") == []
    duty.say(sergeant, "free", at=NOON)
    duty.say(sergeant, "away", at=NOON)

    assert shown(leader, NOON, "away") == [incident]


def test_lines_stand_as_the_queue_does_with_what_a_leader_put_first_before(leader):
    third, first = factories.incident(grade=3), factories.incident(grade=1)
    second = factories.incident(grade=2)
    fourth = factories.incident(grade=4)
    assert shown(leader, NOON) == [first, second, third, fourth]

    ownership.pin(fourth, reason="The minister rang", by=leader, at=NOON)

    assert shown(leader, NOON) == [fourth, first, second, third]
    line = board.lines(leader, at=NOON)[0][0]
    assert line.why[:2] == [
        f"put first by {leader}: The minister rang",
        "Grade 4 Without deployment",
    ]


def test_a_line_says_what_happened_that_wants_a_look(leader):
    incident = factories.incident(grade=3, at=NOON)
    at = NOON + timedelta(minutes=5)
    assessing.review_now(incident.pk, because="missed call", at=at)

    (line,), _ = board.lines(leader, at=at + timedelta(minutes=2))

    assert any("missed call" in why for why in line.why)
    assert (line.review_share, line.row.review.state) == (100, "late")


def test_figures_by_grade_and_of_what_comes(leader):
    for minutes in (0, 0, 100):
        factories.incident(grade=2, at=NOON + timedelta(minutes=minutes))
    at = NOON + timedelta(minutes=125)

    found = board.figures(leader, at=at)

    (grade,) = found.grades
    assert (grade.number, grade.late, grade.oldest) == (3, 2, "2 h 05")
    # Two are due in 85 minutes, one in 185.
    assert found.ahead == [0, 0, 0, 2, 0, 0, 0, 1, 0]
    assert [bar.late for bar in charts.grade_bars(found)] == [67]
    columns = charts.review_columns(found)
    assert [(c.label, c.height) for c in columns if c.number] == [("1:00", 64), ("3:00", 32)]


def test_the_board_of_an_empty_force_is_empty_and_can_be_drawn(leader):
    found = board.figures(leader, at=NOON)

    assert {tile.number for tile in found.tiles} == {0}
    assert (found.grades, found.oldest, charts.grade_bars(found)) == ([], "", [])
    assert {column.height for column in charts.review_columns(found)} == {0}


def test_another_force_is_not_on_the_board(leader):
    factories.incident(factories.force("southmoor"), grade=1, is_seen=False)

    assert set(numbers(leader, NOON).values()) == {0}
    assert shown(leader, NOON) == []


def test_lines_come_in_pages(leader, monkeypatch):
    monkeypatch.setattr(board, "LINES", 2)
    made = [factories.incident(grade=3, at=NOON + timedelta(minutes=n)) for n in range(5)]

    pages = [board.lines(leader, at=NOON, page=number) for number in (1, 2, 3)]

    assert [incidents(lines) for lines, _ in pages] == [
        made[:2],
        made[2:4],
        made[4:],
    ]
    assert [is_more for _, is_more in pages] == [True, True, False]


def test_seven_queries_whatever_the_rows(leader, handler, django_assert_num_queries):
    client = factories.sign_in(Client(), leader)
    client.get(reverse("shifts:board_now"))
    for number in range(7):
        owner = handler if number % 2 else None
        made = factories.incident(grade=1 + number % 4, at=now(), owner=owner)
        if number < 3:
            ownership.pin(made, reason="Before others", by=leader, at=now())
        duty.say(factories.user(Role.CALL_HANDLER), "free", at=now())
    factories.incident(grade=3, at=now() - timedelta(days=1), owner=handler)
    ownership.hand_over(by=handler, to=None, note="All of it", at=now())

    with django_assert_num_queries(7):  # the seventh: is this reading written down?
        answer = client.get(reverse("shifts:board_now"), headers={"X-Background": "1"})

    body = answer.content.decode()
    assert (body.count("<tr class="), body.count("vc-line--first")) == (8, 3)


def test_only_open_work_is_looked_at_however_long_the_past(leader):
    closed = {"status": "closed", "closed_at": NOON, "closed_by": leader, "owner": leader}
    past = factories.incident(grade=3, **closed)
    Incident.objects.bulk_create(
        Incident(
            **{
                **{f.attname: getattr(past, f.attname) for f in Incident._meta.concrete_fields},
                "id": uuid7(),
                "reference": f"PAST-{number}",
            }
        )
        for number in range(3000)
    )
    factories.incident(grade=3, owner=leader)
    with connection.cursor() as cursor:
        cursor.execute("analyze triage_incident")

    plans = [
        board.open_incidents(leader).order_by().values("pk").explain(),
        board.open_incidents(leader).filter(owner=leader).order_by().values("pk").explain(),
        selectors.open_queue(leader).values("pk").explain(),
    ]

    for plan in plans:
        assert "Seq Scan on triage_incident" not in plan, plan
        assert re.search(r"incident_(in_queue|open_owner|review_due)", plan), plan
