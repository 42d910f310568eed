#!/usr/bin/env python3
"""Runs Django's commands. `migrate` acts as the owner of the tables, all others as the application.

With no DATABASE_URL or REDIS_URL a command uses the engines that `make run` left running, or
starts them for as long as it takes.
"""

import os
import signal
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
OWNERS_COMMANDS = {"migrate", "rotate_keys"}
# Never start engines for these: asked for before anything is installed, or able to work without.
# The settings find engines that run already.
NEEDS_NO_ENGINES = {"help", "version", "check", "makemessages", "compilemessages", "collectstatic"}
NEEDS_NO_ENGINES |= {"thrive", "evaluate"}


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "victimcontact.settings")
    command = next((word for word in sys.argv[1:] if not word.startswith("-")), "help")
    if command in OWNERS_COMMANDS:
        os.environ.setdefault("DATABASE_ROLE", "owner")
    try:
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit("Django is not installed here. Run `make run`, or use .venv/bin/python manage.py.")

    pair = None if command in NEEDS_NO_ENGINES else _engines()
    try:
        execute_from_command_line(sys.argv)
    finally:
        if pair:
            pair.stop()


def _engines():
    """Start or join the embedded engines unless both servers are named; returns them or None."""
    production = os.environ.get("ENVIRONMENT") == "production"
    if production or (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")):
        return None
    from victimcontact import engines

    # A polite request to end must also let go of the engines.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        pair = engines.start(os.environ.get("STATE_DIR") or ROOT / ".run")
    except engines.EngineError as problem:
        sys.exit(str(problem))
    pair.fill(os.environ)
    return pair


if __name__ == "__main__":
    main()
