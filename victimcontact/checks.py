"""Everything ``make test`` asks of the house, one check after the other, all of them every time.

The last lines are the summaries of pytest, then the names of the checks that failed. The exit
code is not zero when any failed.
"""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

from victimcontact import setup

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent


def main():
    path = f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"  # set-up has put a browser there
    environment = dict(os.environ, PATH=path, PYTHONUNBUFFERED="1")
    environment.pop("DJANGO_SETTINGS_MODULE", None)  # tests start their engines before settings
    failed, summaries = [], []
    for title, command in _checks():
        print(f"\n== {title}", flush=True)
        began = time.monotonic()
        code, lines = _run(command, environment)
        verdict = "failed" if code else "passed"
        print(f"-- {title} {verdict}, {time.monotonic() - began:.0f} s", flush=True)
        summary = _summary(lines)
        if summary:
            summaries += [f"\n{title}:", *summary]
        if code:
            failed.append(title)
    print("\n".join(summaries))
    if failed:
        sys.exit(f"\nFailed: {', '.join(failed)}")
    print("\nEverything passed.")


def _checks():
    python = sys.executable
    scripts = sorted((ROOT / "tests" / "js").rglob("*.test.js"))
    pytest = [python, "-m", "pytest", "-q", "--color=no"]
    yield "lint", [BIN / "ruff", "check", "--quiet", "."]
    yield "format", [BIN / "ruff", "format", "--check", "--quiet", "."]
    yield "floors", [BIN / "lint-imports"]
    yield "browser parts", [setup.node() / "bin" / "node", "--test", *scripts]
    both = ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]
    yield "tests", [*pytest, "-m", "not house", *both]
    # Browsers need room, so what drives the whole house comes by itself; much of it is waiting.
    yield "journeys", [*pytest, "-m", "house", *both]


def _run(command, environment):
    """Run a check, showing what it says as it says it; returns (exit code, lines)."""
    lines = []
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line.rstrip())
    return process.returncode, lines


def _summary(lines):
    """Pytest's last words: its short summary, or the one line of a run without trouble."""
    for number, line in enumerate(lines):
        if "short test summary info" in line:
            return lines[number:]
    return [
        line for line in lines[-1:] if re.search(r"\d (passed|failed|errors?|deselected)", line)
    ]


if __name__ == "__main__":
    main()
