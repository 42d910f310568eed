from datetime import timedelta

import pytest

from tests.factories import NOON
from tests.triage.control.conftest import AT_THE_DOOR, assess
from triage import thrive
from triage.control import checks, library
from triage.control.models import SystemCheck
from victimcontact.audit.models import Entry

LATER = NOON + timedelta(minutes=3)


def missing(incident):
    return [kind.slug for kind in checks.missing(incident)]


def test_missing_follows_the_grade(incident, handler):
    assert missing(incident) == ["police-records", "address-markers"]

    assess(incident, 2, by=handler, at=LATER)

    assert missing(incident) == ["police-records", "address-markers", "firearms", "warrants-bail"]


def test_missing_follows_the_flags(incident, handler):
    assess(incident, 1, by=handler, at=LATER, narrative=AT_THE_DOOR)

    assert {"custody", "child-protection"} <= set(missing(incident))


def test_record_keeps_result_time_and_by_whom(incident, handler):
    check = checks.record(
        incident, kind="firearms", result="found", note="Shotgun certificate", by=handler, at=LATER
    )

    assert (check.result, check.note, check.checked_at, check.checked_by) == (
        "found",
        "Shotgun certificate",
        LATER,
        handler,
    )
    entry = Entry.objects.get(type="check.recorded")
    assert entry.detail == {"kind": "firearms", "result": "found"}


def test_record_takes_it_off_the_missing(incident, handler):
    checks.record(incident, kind="police-records", result="nothing", by=handler, at=LATER)
    checks.record(
        incident,
        kind="address-markers",
        result="not_done",
        note="The system is down",
        by=handler,
        at=LATER,
    )

    assert missing(incident) == []


@pytest.mark.parametrize("result", ["found", "not_done"])
def test_record_without_its_note_is_refused(incident, handler, result):
    with pytest.raises(checks.NoteMissing):
        checks.record(incident, kind="firearms", result=result, note=" ", by=handler, at=LATER)

    assert not SystemCheck.objects.exists()


def test_record_an_unknown_kind_is_refused(incident, handler):
    with pytest.raises(checks.UnknownKind):
        checks.record(incident, kind="crystal-ball", result="nothing", by=handler, at=LATER)


def test_record_twice_by_one_form_is_one_and_later_another(incident, handler):
    for after in (0, 1, 61):
        checks.record(
            incident,
            kind="custody",
            result="nothing",
            by=handler,
            at=LATER + timedelta(seconds=after),
        )

    assert SystemCheck.objects.count() == 2


def test_standing_shows_the_last_look(incident, handler, leader):
    checks.record(incident, kind="custody", result="nothing", by=handler, at=LATER)
    last = checks.record(
        incident,
        kind="custody",
        result="found",
        note="Let out this morning",
        by=leader,
        at=LATER + timedelta(minutes=5),
    )

    found = {one.kind.slug: one.last for one in checks.standing(incident)}

    assert found["custody"] == last
    assert found["vehicle"] is None


def test_library_names_only_flags_that_there_are():
    for check in library.checks().values():
        assert check.flags <= set(thrive.FLAGS), check.slug
        assert check.label
