"""The cases that forces tell of in public, each with its grade, flags and video answer, and why."""

import tomllib
from pathlib import Path

import pytest

from triage import thrive

FILE = Path(thrive.__file__).parent.parent / "data" / "demonstration_cases.toml"
CASES = tomllib.loads(FILE.read_text(encoding="utf-8"))["cases"]


@pytest.fixture(params=CASES, ids=lambda case: case["key"])
def case(request):
    return request.param


@pytest.fixture
def result(case):
    report = thrive.Report(case["channel"], case["narrative"], case["structured"])
    return thrive.assess(report, thrive.default_policy())


def test_case_grade(case, result):
    assert result.grade in [case["grade"], *case.get("also_right", [])], result.because


def test_case_flags(case, result):
    optional = set(case.get("optional_flags", []))

    found = {flag.name for flag in result.flags}

    assert found - optional == set(case["flags"]) - optional


def test_case_video(case, result):
    assert result.video_offer == case["video"]
    if result.grade == case["grade"]:
        assert [reason.name for reason in result.video_reasons] == case["video_reasons"]


def test_case_says_its_words(case, result):
    for flag in result.flags:
        for span in flag.spans:
            assert case["narrative"][span.start : span.end] == span.text
        assert flag.because


def test_cases_are_invented():
    assert all(case["phone"].startswith("07700 900") for case in CASES)
    assert len({case["key"] for case in CASES}) == len(CASES)
