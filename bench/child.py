"""A process that is measured from another, and django-appointment's surroundings."""

import json
import os
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent


class Child:
    """A process that answers questions, a line of JSON each."""

    def __init__(self, command, environment):
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, question):
        self.put(question)
        return self.get()

    def put(self, question):
        self.process.stdin.write(question + "\n")
        self.process.stdin.flush()

    def get(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("A process that was measured ended.")
        return json.loads(line)

    def end(self):
        self.process.stdin.close()
        self.process.wait(20)


def peer_environment(pair, database):
    """What bench/peer.py needs to have ``database`` for its own."""
    url = urlsplit(pair.superuser_url)
    return {
        **os.environ,
        "PEER_HOST": url.hostname,
        "PEER_PORT": str(url.port),
        "PEER_DATABASE": database,
        "PEER_USER": url.username,
        "PEER_PASSWORD": url.password or "",
        "PYTHONPATH": str(HERE),
    }
