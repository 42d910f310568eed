"""The whole house on free ports, and a signed-in browser without a window, for measuring pages."""

import re
import shutil
import statistics
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import requests

from victimcontact.run import House


@contextmanager
def house(**environment):
    """The house as `make run` starts it, with the demonstration force; gone afterwards."""
    state_dir = Path(tempfile.mkdtemp(prefix="victimcontact-bench-"))
    try:
        with House(state_dir, throwaway=True, environment=environment) as running:
            yield running
    finally:
        shutil.rmtree(state_dir, ignore_errors=True)


class Browser(requests.Session):
    """Keeps its connection and its cookies, as a browser does."""

    def __init__(self, url, role):
        super().__init__()
        self.url = url
        page = self.get(f"{url}/sign-in/").text
        self.token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
        answer = self.post(f"{url}/sign-in/demo/{role}/", {"csrfmiddlewaretoken": self.token})
        answer.raise_for_status()
        self.token = self.get(f"{url}/triage/token/").json()["token"]

    def give(self, path, **form):
        answer = self.post(self.url + path, form, headers={"X-CSRFToken": self.token})
        answer.raise_for_status()
        return answer

    def ask(self, path):
        answer = self.get(self.url + path)
        answer.raise_for_status()
        return answer


def interleaved(rounds, **works):
    """Median milliseconds of each work, all of them once in each round: {name: ms}."""
    taken = {name: [] for name in works}
    for number in range(rounds):
        for name, work in works.items():
            started = time.perf_counter()
            work(number)
            taken[name].append((time.perf_counter() - started) * 1000)
    return {name: statistics.median(times) for name, times in taken.items()}
