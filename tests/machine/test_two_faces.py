"""Each process serves its own site and nothing of the other."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ASK = """
import django, json, sys
django.setup()
from django.test import Client
from django.urls import get_resolver

def names(patterns, namespace):
    for one in patterns:
        if hasattr(one, "url_patterns"):
            yield from names(one.url_patterns, one.namespace or namespace)
        else:
            yield f"{namespace}:{one.name}" if namespace else one.name

client = Client(raise_request_exception=False)
answers = {path: client.get(path).status_code for path in sys.argv[1:]}
print(json.dumps({"names": sorted(names(get_resolver().url_patterns, "")), "answers": answers}))
"""
STAFF = ["/", "/sign-in/", "/triage/", "/diary/", "/cases/", "/tasks/", "/admin/", "/api/v1/guide/"]
PUBLIC = ["/a/", "/a/token", "/p/token", "/portal/", "/exit", "/still"]
WEBHOOKS = ["/webhooks/twilio/inbound/"]
NEITHER = ["/none"]


def ask(face):
    """What a process with this face says: {"names": [...], "answers": {path: status}}."""
    result = subprocess.run(
        [sys.executable, "-c", ASK, *STAFF, *PUBLIC, *WEBHOOKS, *NEITHER],
        cwd=ROOT,
        # Without a demonstration none of these asks the database before it answers.
        env=os.environ
        | {
            "FACE": face,
            "DEMONSTRATION": "false",
            "DJANGO_SETTINGS_MODULE": "victimcontact.settings",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(result.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def faces():
    return {face: ask(face) for face in ("staff", "public", "all")}


def test_each_face_has_its_half_and_together_they_are_the_whole(faces):
    staff, public, both = (set(faces[face]["names"]) for face in ("staff", "public", "all"))

    assert staff | public == both
    assert staff & public == {"health"}


@pytest.mark.parametrize(("face", "shut"), [("staff", [*PUBLIC, *WEBHOOKS]), ("public", STAFF)])
def test_addresses_of_the_other_face_do_not_exist(faces, face, shut):
    answers = faces[face]["answers"]

    assert {path: answers[path] for path in shut} == dict.fromkeys(shut, 404)
    assert {path: answers[path] for path in NEITHER} == dict.fromkeys(NEITHER, 404)


@pytest.mark.parametrize(("face", "own"), [("staff", STAFF), ("public", [*PUBLIC, *WEBHOOKS])])
def test_its_own_addresses_answer_without_a_fault(faces, face, own):
    answers = faces[face]["answers"]

    assert {path: answers[path] for path in own if answers[path] in (404, 500)} == {}
