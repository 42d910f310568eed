"""Chromium as a person has it: an own profile on disk, the back/forward cache on.

Playwright's own launcher turns that cache off, and with it the danger that these tests look for.
"""

import os
import re
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Error

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection",
]


def executable(playwright):
    """The system's Chromium, else the one that Playwright installed."""
    return shutil.which("chromium") or playwright.chromium.executable_path


@contextmanager
def chromium(playwright, profile: Path):
    """A browser on ``profile``. Yields (Browser, process): kill the process to end it rudely."""
    process = _start(playwright, profile)
    try:
        # On a busy machine the first handshake sometimes hangs; the second does not.
        for patience_ms in (8_000, 20_000, 40_000):
            try:
                browser = playwright.chromium.connect_over_cdp(
                    _address(profile), timeout=patience_ms
                )
                break
            except Error:
                kill(process)
                (profile / "DevToolsActivePort").unlink(missing_ok=True)
                process = _start(playwright, profile)
        else:
            raise AssertionError("Chromium started three times and never answered.")
        yield browser, process
    finally:
        kill(process)


def _start(playwright, profile):
    return subprocess.Popen(
        [
            executable(playwright),
            *FLAGS,
            f"--user-data-dir={profile}",
            "--remote-debugging-port=0",
            "about:blank",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _address(profile):
    port_file = profile / "DevToolsActivePort"
    for _ in range(300):
        if port_file.exists() and (lines := port_file.read_text().split()):
            return f"http://127.0.0.1:{lines[0]}"
        time.sleep(0.1)
    raise AssertionError("Chromium did not start within 30 seconds.")


def close(browser, process):
    """Close as a person does: the browser writes what it wants to keep."""
    browser.new_browser_cdp_session().send("Browser.close")
    process.wait(30)


def kill(process):
    """SIGKILL to the browser and all that it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait(30)


def files_with(profile: Path, words) -> list[tuple[str, str]]:
    """(file, word) for every file of the profile that holds one of ``words``, in any encoding."""
    found = []
    for path in profile.rglob("*"):
        if not path.is_file() or path.is_symlink():
            continue
        raw = path.read_bytes()
        for word in words:
            shapes = (word.encode(), word.encode("utf-16-le"))
            if any(re.search(re.escape(shape), raw, re.IGNORECASE) for shape in shapes):
                found.append((str(path.relative_to(profile)), word))
    return found
