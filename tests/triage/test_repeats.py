from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import factories
from tests.factories import NOON
from tests.triage.partners import factories as partners
from triage import repeats, traces
from triage.control import checks
from triage.models import Participant, Trace

pytestmark = pytest.mark.django_db


def reported(days_ago, *, at="12 Example Street, Northmoor", victim=None, **fields):
    return factories.incident(
        victim=victim or factories.contact(phone="+447700900123"),
        grade=3,
        at=NOON - timedelta(days=days_ago),
        location=at,
        **fields,
    )


def marks(incident):
    found = repeats.of_incidents([incident], at=NOON)[incident.pk]
    return {mark.name: mark.why for mark in found.marks}


@pytest.mark.parametrize(
    ("days_ago", "why"),
    [
        ((0, 2, 6), "3 in 7 days, by number"),
        ((0, 2), None),
        ((0, 8, 15, 20, 29), "5 in 30 days, by number"),
        ((0, 8, 15, 20), None),
    ],
)
def test_repeat_caller_by_how_often_the_number_called(days_ago, why):
    incidents = [reported(days, at=f"{days} Elsewhere Road") for days in days_ago]

    assert marks(incidents[0]).get("Repeat caller") == why


def test_three_of_domestic_abuse_in_a_year_are_a_repeat_caller():
    incidents = [reported(days, at=f"{days} Elsewhere Road") for days in (0, 100, 300)]
    assert "Repeat caller" not in marks(incidents[0])

    Trace.objects.filter(incident__in=incidents).update(is_domestic=True)

    assert marks(incidents[0])["Repeat caller"] == "3 of domestic abuse in 12 months, by number"


def test_a_fresh_assessment_says_whether_it_is_domestic_abuse():
    incident = reported(0)
    assessment = factories.assessment(incident, flags=["coercive_control"])

    traces.keep_domestic(assessment)
    assert set(incident.traces.values_list("is_domestic", flat=True)) == {True}

    traces.keep_domestic(factories.assessment(incident, flags=["fraud"]))
    assert set(incident.traces.values_list("is_domestic", flat=True)) == {False}


def test_beyond_a_year_nothing_repeats():
    incident = reported(0)
    reported(366)

    assert marks(incident) == {}


def test_repeat_victim_is_found_by_name_and_birth_under_another_number():
    ann = {"name": "Ann Example", "date_of_birth": "1985-03-27"}
    reported(40, victim=factories.contact(phone="+447700900111", **ann), at="1 Elsewhere Road")
    now = reported(0, victim=factories.contact(phone="+447700900222", **ann))

    assert marks(now) == {"Repeat victim": "2 in 12 months"}


def test_a_caller_for_somebody_else_is_no_repeat_victim():
    reported(40, at="1 Elsewhere Road")
    other = reported(0, victim=factories.contact(phone="+447700900333"), at="2 Elsewhere Road")
    Participant.objects.create(
        incident=other, role="caller", contact=factories.contact(phone="+447700900123")
    )

    assert marks(other) == {}


@pytest.mark.parametrize(
    "written",
    [
        "12 example street northmoor",
        "12, Example Street; NORTHMOOR.",
    ],
)
def test_repeat_address_however_it_is_written(written):
    reported(30, victim=factories.contact(phone="+447700900444"), at=written)

    assert marks(reported(0)) == {"Repeat address": "2 in 12 months"}


def test_house_number_and_postcode_make_an_address():
    reported(30, victim=factories.contact(phone="+447700900444"), at="Flat 2, 14 High St NM1 2AB")
    same = reported(0, at="flat 2 14 High Street, Northmoor, nm12ab")
    next_door = reported(
        0, victim=factories.contact(phone="+447700900555"), at="16 High St NM1 2AB"
    )

    assert marks(same) == {"Repeat address": "2 in 12 months"}
    assert marks(next_door) == {}


def test_the_home_of_one_report_is_the_place_of_another():
    victim = factories.contact(phone="+447700900444", address="7 Mill Lane, Northmoor")
    reported(30, victim=victim, at="Market Square")

    assert marks(reported(0, at="7 Mill Lane Northmoor")) == {"Repeat address": "2 in 12 months"}


def test_a_number_that_is_mended_later_finds_the_report_by_both():
    incident = reported(0)
    contact = incident.victim
    contact.phone = "+447700900999"
    contact.save(update_fields=["phone"])

    force = incident.force_id
    for number in ("+447700900123", "+447700900999"):
        keys = traces.of_number(force, number)
        assert [e.incident for e in repeats.around(keys, at=NOON).earlier] == [incident]


def test_another_forces_reports_are_not_found():
    reported(1)
    elsewhere = factories.contact(factories.force("southmoor"), phone="+447700900123")

    assert marks(reported(0, victim=elsewhere)) == {}


def test_a_queue_of_fifty_is_marked_in_one_query_and_counts_stop_at_a_hundred():
    busy = [reported(0) for _ in range(3)]
    number = busy[0].traces.get(kind="number")
    for _ in range(110):
        made = factories.incident(victim=busy[0].victim, at=NOON - timedelta(days=1))
        Trace.objects.get_or_create(
            incident=made, key=number.key, defaults={"kind": "number", "reported_at": NOON}
        )
    others = [reported(0, at=f"{n} Long Road") for n in range(47)]

    with CaptureQueriesContext(
        connection,
    ) as asked:
        found = repeats.of_incidents([*busy, *others], at=NOON)

    assert len(asked) == 1
    assert len(found) == 50
    assert {m.name: m.why for m in found[busy[0].pk].marks}["Repeat caller"].startswith("100+ in 7")


def test_earlier_reports_are_listed_once_with_what_they_share():
    ann = factories.contact(phone="+447700900123", name="Ann")
    first = reported(20, victim=ann)
    factories.assessment(first, flags=["weapon_involved"], at=NOON - timedelta(days=19))
    second = reported(10, victim=ann, at="Elsewhere")
    now = reported(0, victim=ann)

    with CaptureQueriesContext(connection) as asked:
        found = repeats.around_incident(now, at=NOON)

    assert len(asked) == 2 + len(repeats.MARKERS)
    assert [(e.incident, e.by) for e in found.earlier] == [
        (second, ("number", "person")),
        (first, ("address", "number", "person")),
    ]
    assert found.markers == ["weapon_involved"]
    assert found.history == {"markers": ["weapon_involved"], "previous_reports_12m": 2}
    assert found.counted == "2"


def test_the_looking_reports_own_words_are_never_its_history():
    assert repeats.around_incident(reported(0), at=NOON).history is None


def test_a_report_being_typed_counts_itself_once():
    ann = factories.contact(phone="+447700900123")
    for days in (1, 2):
        reported(days, victim=ann)
    person = {"phone": "+447700900123", "address": "", "contact_id": None, "name": "", "born": ""}
    keys = traces.of_person_told(ann.force_id, person)

    found = repeats.around(keys, at=NOON, victims=keys)

    assert {m.name: m.why for m in found.repeat.marks} == {
        "Repeat caller": "3 in 7 days, by number",
        "Repeat victim": "3 in 12 months",
    }


def test_traces_tell_nothing_to_whoever_has_the_table():
    incident = reported(0)

    for trace in incident.traces.all():
        assert "900123" not in str(trace.key)
    assert traces.of_number(incident.force_id, "+447700900123").keys() <= set(
        incident.traces.values_list("key", flat=True)
    )


def test_firearms_and_high_risk_found_before_are_markers_of_the_next_report():
    handler, before, after = factories.user(), reported(9), reported(0)
    said = {"kind": "firearms", "by": handler}
    checks.record(before, result="nothing", at=NOON, **said)
    keys = {key: kind for key, kind, _ in after.traces.values_list("key", "kind", "as_victim")}
    assert repeats.around(keys, at=NOON, besides=after).markers == []

    later = NOON + timedelta(minutes=5)
    checks.record(before, result="found", note="Two shotguns", at=later, **said)
    partners.referral(before, to=partners.agency(before.force, kind="marac"))

    found = repeats.around(keys, at=NOON, besides=after)
    assert found.markers == ["firearms", "high_risk"]
    assert found.history["markers"] == found.markers
