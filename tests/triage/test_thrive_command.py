"""Batch use: lines in, lines out, with or without a database."""

import json
import os
import subprocess
import sys
from pathlib import Path

from triage.management.commands.thrive import answer
from triage.thrive import default_policy

ROOT = Path(__file__).resolve().parents[2]
KEYS = ["grade", "flags", "video_offer", "video_reasons", "elements", "because"]


def run(lines, **environment):
    done = subprocess.run(
        [sys.executable, "manage.py", "thrive", "--jsonl"],
        cwd=ROOT,
        input="".join(line + "\n" for line in lines),
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_a_bad_line_gets_an_error_and_the_rest_go_on_without_a_database():
    good = json.dumps({"channel": "999", "narrative": "he has a knife", "structured": {}})

    answers, said = run(
        [good, "{", "[]", "", good],
        DATABASE_URL="postgres://nobody@127.0.0.1:1/none",
        REDIS_URL="redis://127.0.0.1:1/0",
    )

    assert [list(a) for a in answers] == [KEYS, ["error"], ["error"], ["error"], KEYS]
    assert answers[0] == answers[4]
    assert "shipped" in said


def test_an_answer_has_the_agreed_shape():
    line = json.dumps({"channel": "101", "narrative": "My ex keeps following me", "structured": {}})

    found = answer(line, default_policy())

    assert list(found) == KEYS
    assert list(found["elements"]) == [
        "threat",
        "harm",
        "risk",
        "investigation",
        "vulnerability",
        "engagement",
    ]
    assert all(level in (0, 1, 2, 3) for level in found["elements"].values())


def test_a_line_nested_without_end_is_only_an_error():
    assert list(answer("[" * 100_000, default_policy())) == ["error"]
