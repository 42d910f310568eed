from datetime import UTC, datetime
from functools import partial

import pytest

from tests import factories
from tests.at_once import at_once, broken
from triage import crime_types, recording, signals
from triage.models import Crime
from victimcontact.audit.models import Entry

pytestmark = pytest.mark.django_db
NOON = factories.NOON


def record(incident, officer, at=NOON, crime_type="assault"):
    return recording.record_crime(
        incident, crime_type=crime_type, officer_in_charge=officer, by=officer, at=at
    )


@pytest.fixture
def officer(db):
    return factories.user("officer_in_charge")


def test_reference_follows_the_forces_pattern_and_counts_up():
    force = factories.force("southshire", crime_reference_pattern="{prefix}{year:02d}-{number:06d}")
    officer = factories.user("officer_in_charge", at_force=force)

    first = record(factories.incident(force, grade=3), officer)
    second = record(factories.incident(force, grade=3), officer)

    assert (first.reference, second.reference) == ("SO26-000001", "SO26-000002")


def test_year_turns_at_midnight_in_london(officer):
    before = record(
        factories.incident(grade=3), officer, datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
    )
    after = record(factories.incident(grade=3), officer, datetime(2027, 1, 1, 0, 0, tzinfo=UTC))

    assert (before.year, before.number) == (2026, 1)
    assert (after.year, after.number) == (2027, 1)


def test_recorded_once_and_the_floors_above_are_told_once(officer):
    incident = factories.incident(grade=3)
    said = []
    signals.crime_recorded.connect(
        lambda sender, **news: said.append(news["crime"]), weak=False, dispatch_uid="test"
    )

    first = record(incident, officer)
    second = record(incident, officer, crime_type="theft")

    signals.crime_recorded.disconnect(dispatch_uid="test")
    assert first == second
    assert said == [first]
    incident.refresh_from_db()
    assert (second.crime_type, incident.crime_type) == ("assault", "assault")
    assert Entry.objects.filter(type="crime.recorded").count() == 1


def test_officer_must_be_fit_to_have_a_case():
    incident = factories.incident(grade=3)
    unfit = [
        factories.user("call_handler"),
        factories.user("officer_in_charge", at_force=factories.force("southshire")),
        factories.user("officer_in_charge", is_active=False),
    ]

    for officer in unfit:
        with pytest.raises(recording.OfficerUnfit):
            record(incident, officer)
    assert not Crime.objects.exists()


def test_kind_must_be_one_of_the_list(officer):
    with pytest.raises(recording.NoSuchType):
        record(factories.incident(grade=3), officer, crime_type="rudeness")


def test_crime_types_have_unique_slugs_and_all_fields():
    types = crime_types.all_types()

    assert len(types) > 20
    assert {slug for _, group in crime_types.choices() for slug, _ in group} == set(types)
    assert crime_types.label("assault") == "Assault"
    assert crime_types.label("long-gone") == "Long gone"


@pytest.mark.django_db(transaction=True)
def test_numbers_have_no_gap_and_no_double_in_a_rush():
    officer = factories.user("officer_in_charge")
    incidents = [factories.incident(grade=3) for _ in range(6)]

    found = at_once(*(partial(record, incident, officer) for incident in incidents))

    assert broken(found) == []
    assert sorted(c.number for c in Crime.objects.all()) == [1, 2, 3, 4, 5, 6]
