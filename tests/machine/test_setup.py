"""The set-up: what is locked, and what a person hears when something is missing."""

import json
import os
import re
import sys
from pathlib import Path

import pytest

from victimcontact import checks, setup

ROOT = Path(__file__).resolve().parents[2]
HOST = re.compile(r"https?://|--(extra-)?index-url|--find-links", re.IGNORECASE)


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_python_locks_hold_versions_and_hashes_and_no_host(name):
    text = (ROOT / name).read_text()
    entries = re.split(r"\n(?=[a-z0-9])", re.sub(r"(?m)^#.*\n", "", text))
    unlocked = [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry]

    assert unlocked == []
    assert HOST.search(text) is None


def test_the_browser_lock_holds_versions_and_hashes_and_no_host():
    lock = json.loads((ROOT / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}

    assert [name for name, entry in packages.items() if "integrity" not in entry] == []
    assert [name for name, entry in packages.items() if "resolved" in entry] == []


def test_package_json_names_exact_versions():
    package = json.loads((ROOT / "package.json").read_text())
    wanted = package["dependencies"] | package["devDependencies"]

    assert [
        name for name, version in wanted.items() if not re.match(r"\d+\.\d+\.\d+$", version)
    ] == []


def test_the_build_server_calls_make_test_and_nothing_else():
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    commands = [line for line in lines if line and not line.startswith("#")]

    assert commands == ["set -e", 'cd "$(dirname "$0")/.."', "exec make test"]


def test_an_old_python_hears_what_it_needs(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    monkeypatch.setattr(setup.shutil, "which", lambda name: None)

    with pytest.raises(SystemExit) as ended:
        setup._use_a_new_enough_python()

    assert ended.value.code.splitlines()[0] == (
        "This is Python 3.9; Victim Contact needs 3.11 or newer."
    )


def test_an_old_python_hands_over_to_a_newer_one(monkeypatch):
    called = []
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    monkeypatch.setattr(sys, "argv", ["victimcontact/setup.py", "--tests"])
    monkeypatch.setattr(
        setup.shutil, "which", lambda name: f"/usr/bin/{name}" if name == "python3.12" else None
    )
    monkeypatch.setattr(setup.os, "execv", lambda *words: (called.append(words), sys.exit())[1])

    with pytest.raises(SystemExit):
        setup._use_a_new_enough_python()

    assert called == [
        ("/usr/bin/python3.12", ["/usr/bin/python3.12", "victimcontact/setup.py", "--tests"])
    ]


def test_an_ordinary_user_without_venv_hears_which_package(monkeypatch):
    monkeypatch.setattr(setup.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(setup.os, "geteuid", lambda: 1000)

    with pytest.raises(setup.SetupError, match=r"apt install python3\.\d+-venv$"):
        setup._require_venv()


def test_an_ordinary_user_without_a_browser_hears_how_to_get_one(monkeypatch, tmp_path):
    (tmp_path / "bin").mkdir()
    monkeypatch.setattr(setup, "VENV", tmp_path)
    monkeypatch.setattr(setup.shutil, "which", lambda name: None)
    monkeypatch.setattr(setup.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(setup, "_distribution", lambda: "debian")
    monkeypatch.setattr(setup, "_playwright_has_its_own", lambda: False)

    with pytest.raises(setup.SetupError, match="apt install chromium"):
        setup.browser()


def test_a_browser_of_another_name_is_found_as_chromium(monkeypatch, tmp_path):
    (tmp_path / "bin").mkdir()
    chosen = tmp_path / "google-chrome"
    chosen.write_text("#!/bin/sh\necho Google Chrome 150\n")
    chosen.chmod(0o755)
    monkeypatch.setattr(setup, "VENV", tmp_path)
    monkeypatch.setenv("CHROMIUM", str(chosen))

    setup.browser()

    assert os.readlink(tmp_path / "bin" / "chromium") == str(chosen)


def test_a_failed_step_says_what_failed_and_why():
    with pytest.raises(setup.SetupError) as failed:
        setup._run(["sh", "-c", "echo no network; exit 7"], "The packages could not be installed")

    assert str(failed.value) == "The packages could not be installed:\n  no network"


def test_the_last_words_of_pytest_are_kept():
    lines = ["..F", "= FAILURES =", "= short test summary info =", "FAILED a", "1 failed in 1s"]

    assert checks._summary(lines) == lines[2:]
    assert checks._summary(["....", "4 passed in 1s"]) == ["4 passed in 1s"]
    assert checks._summary(["All checks passed!"]) == []
