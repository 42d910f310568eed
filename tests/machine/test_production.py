"""Production starts with good settings, says nothing against them, and refuses the others."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KEY = "A" * 43 + "="
GOOD = {
    "ENVIRONMENT": "production",
    "FACE": "staff",
    "SECRET_KEY": "a-secret-key-of-more-than-fifty-characters-with-many-different-ones-0123456789",
    "FIELD_KEYS": f"1:{KEY},2:{KEY}",
    "INDEX_KEY": KEY,
    "DATABASE_URL": "postgres://vc_app:word@127.0.0.1:1/none",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "PUBLIC_URL": "https://appointments.example.org",
    "STAFF_URL": "https://staff.example.org",
    "SOCKET_URL": "wss://appointments.example.org",
    "ALLOWED_HOSTS": "staff.example.org",
    "TWILIO_ACCOUNT_SID": "AC00000000000000000000000000000000",
    "TWILIO_AUTH_TOKEN": "token",
    "TWILIO_FROM": "+447700900000",
}


def start(tmp_path, *command, **changes):
    """Run Python with nothing in the environment but these settings."""
    environment = GOOD | changes | {"STATE_DIR": str(tmp_path), "PATH": os.environ["PATH"]}
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={name: value for name, value in environment.items() if value is not None},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("face", ["staff", "public"])
def test_good_settings_start_and_nothing_is_said_against_them(tmp_path, face):
    answer = start(tmp_path, "manage.py", "check", "--deploy", "--fail-level", "WARNING", FACE=face)

    assert answer.returncode == 0, answer.stderr
    assert not (tmp_path / "secrets.json").exists()  # secrets are never made up here


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[
            (name, None)
            for name in GOOD
            # Unset it is development.
            if name != "ENVIRONMENT"
        ],
        ("ENVIRONMENT", "prod"),
        ("FACE", "all"),
        ("FACE", "police"),
        ("DEBUG", "true"),
        ("DEMONSTRATION", "true"),
        ("SECRET_KEY", "short"),
        ("FIELD_KEYS", "nonsense"),
        ("FIELD_KEYS", "1:c2hvcnQ="),
        ("FIELD_KEYS", f"300:{KEY}"),
        ("INDEX_KEY", "c2hvcnQ="),
        ("PUBLIC_URL", "http://appointments.example.org"),
        ("STAFF_URL", "http://staff.example.org"),
        ("SOCKET_URL", "ws://appointments.example.org"),
        ("EXIT_URL", "javascript:alert(1)"),
        ("ALLOWED_HOSTS", "*"),
        ("ALLOWED_HOSTS", ".example.org"),
        ("TURN_URLS", "turn:relay.example.org"),
        ("TWILIO_API_BASE_URL", "http://127.0.0.1:9999"),
    ],
)
def test_settings_that_would_harm_stop_the_start_and_say_which(tmp_path, name, value):
    answer = start(tmp_path, "-c", "import victimcontact.settings", **{name: value})

    assert answer.returncode == 1
    last = answer.stderr.strip().splitlines()[-1]
    said = {"TURN_URLS": "TURN_SECRET"}.get(name, name)
    assert "ImproperlyConfigured" in last
    assert said in last
    assert GOOD["SECRET_KEY"] not in answer.stderr
