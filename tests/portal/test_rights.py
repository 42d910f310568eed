import copy
import tomllib
from datetime import UTC, datetime

import pytest

from portal import rights
from triage.thrive.vocabulary import FLAGS

CODE = rights.current()
THURSDAY_BEFORE_EASTER = datetime(2026, 4, 2, 11, 0, tzinfo=UTC)
CHRISTMAS_EVE = datetime(2026, 12, 24, 15, 0, tzinfo=UTC)


def due(right, at, is_enhanced=True):
    return CODE.due(right, at, is_enhanced)


def test_reporting_starts_the_rights_of_a_report_and_no_others():
    owed = CODE.owed("reported", at=THURSDAY_BEFORE_EASTER, is_enhanced=True)

    assert [one.right for one in owed] == [
        "VC2-REC",
        "VC3-ACK",
        "VC3-INFO",
        "VC4-NEEDS",
        "VC4-REF",
        "VC6-FREQ",
        "VC7-VPS",
    ]
    assert {one.code_version for one in owed} == {"2020"}


@pytest.mark.parametrize(
    ("right", "at", "is_enhanced", "expected"),
    [
        # Good Friday, the weekend and Easter Monday do not count.
        ("VC6-ARR", THURSDAY_BEFORE_EASTER, True, datetime(2026, 4, 7, 22, 59, 59, tzinfo=UTC)),
        ("VC6-ARR", THURSDAY_BEFORE_EASTER, False, datetime(2026, 4, 13, 22, 59, 59, tzinfo=UTC)),
        ("VC4-REF", THURSDAY_BEFORE_EASTER, True, datetime(2026, 4, 8, 22, 59, 59, tzinfo=UTC)),
        # Christmas Day on a Friday, Boxing Day kept on Monday.
        ("VC4-REF", CHRISTMAS_EVE, False, datetime(2026, 12, 30, 23, 59, 59, tzinfo=UTC)),
        ("VC6-CHG", CHRISTMAS_EVE, False, datetime(2027, 1, 5, 23, 59, 59, tzinfo=UTC)),
        # Over both clock changes the end of the day stays the end of London's day.
        (
            "VC6-BAIL",
            datetime(2027, 3, 25, 9, 0, tzinfo=UTC),
            True,
            datetime(2027, 3, 30, 22, 59, 59, tzinfo=UTC),
        ),
        (
            "VC6-BAIL",
            datetime(2026, 10, 23, 9, 0, tzinfo=UTC),
            True,
            datetime(2026, 10, 26, 23, 59, 59, tzinfo=UTC),
        ),
        # The Code prints no days for recording: no clock is invented.
        ("VC2-REC", CHRISTMAS_EVE, True, None),
    ],
)
def test_due_follows_the_code_over_holidays_and_clock_changes(right, at, is_enhanced, expected):
    assert due(right, at, is_enhanced) == expected


def test_enhanced_is_never_later_than_standard():
    for right in CODE.rights.values():
        if right.standard_days is not None:
            assert due(right.id, CHRISTMAS_EVE, True) <= due(right.id, CHRISTMAS_EVE, False)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ([], ""),
        (["fraud", "antisocial_behaviour"], ""),
        (["domestic_abuse", "stalking"], "domestic abuse"),
        (["stalking"], "persistently targeted"),
        (["adult_at_risk"], "vulnerable"),
        (["threats_to_kill"], "intimidated"),
    ],
)
def test_enhanced_reason_comes_from_the_flags(flags, expected):
    assert rights.enhanced_reason(flags) == expected


def test_every_flag_named_is_one_that_assessments_raise():
    assert set(rights.ENHANCED_FLAGS) <= set(FLAGS)


@pytest.mark.parametrize(
    ("trigger", "is_enhanced", "expected"),
    [
        ("arrested", True, True),
        ("arrested", False, False),
        ("not_prosecuted", False, True),
        ("hearing_listed", True, False),
    ],
)
def test_grave_news_is_spoken_first(trigger, is_enhanced, expected):
    assert CODE.is_spoken_first(trigger, is_enhanced=is_enhanced) is expected


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"trigger": "thought_of"}, "VC4-REF: no trigger 'thought_of'"),
        ({"enhanced_days": 9}, "VC4-REF: enhanced rights cannot be later than standard ones"),
        ({"standard_days": None}, "VC4-REF: one limit without the other"),
        ({"id": "VC3-ACK"}, "VC3-ACK stands twice"),
    ],
)
def test_read_refuses_a_file_that_does_not_hold_together(change, said):
    data = copy.deepcopy(tomllib.loads(rights.SHIPPED.read_text()))
    next(row for row in data["right"] if row["id"] == "VC4-REF").update(change)

    with pytest.raises(rights.CodeError) as caught:
        rights.read(data)

    assert str(caught.value) == said
