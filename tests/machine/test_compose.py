"""docker-compose.yml cannot be run here; what can be known without running it is asked here."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
HOUSE = {"migrate", "staff", "public", "sockets", "worker", "beat", "standby"}
ENGINES = {"postgres", "valkey", "coturn", "proxy"}
# What the official PostgreSQL image reads. The other three images are given no variables.
POSTGRES_READS = {"POSTGRES_PASSWORD_FILE", "POSTGRES_INITDB_ARGS"}
# What a person writes into .env: docs/production.md says so.
CHOSEN = {
    "STAFF_HOST": "staff.example.org",
    "PUBLIC_HOST": "appointments.example.org",
    "TURN_HOST": "relay.example.org",
    "MAIL_FROM": "appointments@example.org",
    "TWILIO_ACCOUNT_SID": "AC00000000000000000000000000000000",
    "TWILIO_MESSAGING_SERVICE_SID": "MG00000000000000000000000000000000",
    "TWILIO_SECOND_MESSAGING_SERVICE_SID": "MG22222222222222222222222222222222",
    "WEBHOOK_HOSTS": "control.example.org",
    "PUBLIC_FORCE": "northmoor",
}
SECRETS = {
    "secret_key": "a-secret-key-of-more-than-fifty-characters-with-many-different-ones-0123456789",
    "field_keys": "1:" + "A" * 43 + "=",
    "index_key": "B" * 43 + "=",
    "database_url": "postgres://vc_app:word@postgres/victimcontact",
    "database_owner_url": "postgres://vc_owner:word@postgres/victimcontact",
    "redis_url": "redis://:word@valkey/0",
    "twilio_auth_token": "token",
    "turn_secret": "word",
    "email_url": "smtp+tls://user:word@mail.example.org:587",
}


def _variables_settings_read():
    """Names in calls such as env("X"), env.list("X") and _secret("X"), and in loops over those."""
    tree = ast.parse((ROOT / "victimcontact" / "settings.py").read_text())
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            asked = ast.unparse(node.func)
            if asked in {"env", "_secret"} or asked.startswith("env."):
                names.add(node.args[0].value)
    return names


def _resolved(value):
    return re.sub(r"\$\{(\w+):[?-]\}", lambda match: CHOSEN[match[1]], str(value))


def _environment(service):
    return {name: _resolved(value) for name, value in SERVICES[service]["environment"].items()}


def test_it_holds_every_part_of_the_house():
    assert set(SERVICES) == HOUSE | ENGINES


@pytest.mark.parametrize("service", sorted(HOUSE))
def test_settings_read_every_variable(service):
    given = {name.removesuffix("_FILE") for name in SERVICES[service]["environment"]}

    assert given - _variables_settings_read() == set()


@pytest.mark.parametrize("service", sorted(ENGINES))
def test_images_read_every_variable(service):
    given = set(SERVICES[service].get("environment", {}))

    assert given == (POSTGRES_READS if service == "postgres" else set())


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_a_secret_is_named_where_it_is_mounted(service):
    mounted = set(SERVICES[service].get("secrets", []))
    named = {
        value.removeprefix("/run/secrets/")
        for name, value in SERVICES[service].get("environment", {}).items()
        if name.endswith("_FILE")
    }
    read = set(re.findall(r"/run/secrets/(\w+)", str(SERVICES[service])))
    for config in SERVICES[service].get("configs", []):
        read |= set(
            re.findall(r"/run/secrets/(\w+)", COMPOSE["configs"][config["source"]]["content"])
        )

    assert named <= mounted
    assert mounted == read
    assert mounted <= set(COMPOSE["secrets"])


def test_only_migrations_know_the_owner():
    knows = {name for name, service in SERVICES.items() if "database_owner_url" in str(service)}

    assert knows == {"migrate"}


def test_no_secret_stands_in_a_variable():
    secret = re.compile(r"KEY|SECRET|TOKEN|PASSWORD|DATABASE.*URL|REDIS_URL|EMAIL_URL")
    bare = [
        (service, name)
        for service in SERVICES
        for name in SERVICES[service].get("environment", {})
        if secret.search(name) and not name.endswith("_FILE")
    ]

    assert bare == []


def test_what_a_person_must_choose_is_what_the_page_tells():
    used = set(re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text()))
    page = (ROOT / "docs" / "production.md").read_text()
    told = set(re.findall(r"^([A-Z_]+)=", page, re.MULTILINE))
    made = set(re.findall(r"> (\w+)$", page, re.MULTILINE)) | set(
        re.search(r"for name in (.*?); do", page, re.DOTALL)[1].replace("\\", "").split()
    )

    assert (used, told) == (set(CHOSEN), set(CHOSEN))
    assert made == set(COMPOSE["secrets"])


def test_only_the_proxy_and_the_relay_face_the_world():
    open_to_all = {
        name
        for name, service in SERVICES.items()
        if service.get("ports") or service.get("network_mode") == "host"
    }
    ways_out = {
        name
        for name, service in SERVICES.items()
        if any(not COMPOSE["networks"][n].get("internal") for n in service.get("networks", []))
    }

    assert open_to_all == {"proxy", "coturn"}
    assert ways_out == {"proxy", "worker", "standby"}


@pytest.mark.parametrize(
    ("service", "face"), [("migrate", "staff"), ("staff", "staff"), ("public", "public")]
)
def test_settings_start_with_what_it_gives(service, face, tmp_path):
    environment = {"PATH": os.environ["PATH"], "STATE_DIR": str(tmp_path)}
    for name, value in _environment(service).items():
        if value.startswith("/run/secrets/"):
            value = tmp_path / Path(value).name
            value.write_text(SECRETS[value.name])
        environment[name] = str(value)
    ask = "from django.conf import settings as s; print(s.FACE, s.DATABASES['default']['USER'])"
    command = [sys.executable, "manage.py"]

    checked = subprocess.run(
        [*command, "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    said = subprocess.run(
        [*command, "shell", "--no-imports", "-c", ask],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "System check identified no issues" in checked.stdout + checked.stderr
    role = "vc_owner" if service == "migrate" else "vc_app"
    assert said.stdout.strip() == f"{face} {role}"
