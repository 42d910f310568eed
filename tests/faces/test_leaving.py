"""The way out in a real browser, and what is left on the phone afterwards."""

import contextlib
import shutil
import sqlite3
import tempfile
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.db import connections
from django.http import HttpResponseRedirect
from django.utils.timezone import now
from playwright.sync_api import Error, sync_playwright

from tests import factories
from tests.faces.chromium import chromium, close, files_with, kill
from tests.faces.pages_behind import SEEDED
from victimcontact.people import links, visits
from victimcontact.people.models import Visit

WORD = "Wrens in March"
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.faces.pages_behind")]


class Dull(BaseHTTPRequestHandler):
    """The site that exit leads to."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<title>Weather</title><h1>Rain later</h1>")

    def log_message(self, *args):
        pass


@pytest.fixture
def dull(settings):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Dull)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.EXIT_URL = f"http://127.0.0.1:{server.server_port}/weather"
    yield settings.EXIT_URL
    server.shutdown()
    server.server_close()


@pytest.fixture
def profile():
    folder = Path(tempfile.mkdtemp(prefix="victimcontact-profile-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def _ask_the_database_beside_the_browser(monkeypatch):
    # Playwright runs an event loop in this thread, and Django would refuse to query there.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


@pytest.fixture
def phone(profile):
    """A browser with one page as large as a phone, and what it asked for over the network."""
    with sync_playwright() as playwright, chromium(playwright, profile) as (browser, process):
        page = browser.contexts[0].pages[0]
        page.set_viewport_size({"width": 390, "height": 844})
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto("about:blank")
        asked.clear()
        yield SimpleNamespace(browser=browser, process=process, page=page, asked=asked)
        # Nothing is left asking when the browser goes: its request would hold the database.
        with contextlib.suppress(Error):
            page.goto("about:blank")
            page.wait_for_timeout(200)
        connections.close_all()  # those of Playwright's loop: nobody else would


@pytest.fixture
def address(live_server, dull, monkeypatch, settings):
    """The address in the text of a link whose word is WORD; behind it the pages with SEEDED."""
    monkeypatch.setattr(
        "victimcontact.people.views.redirect", lambda name: HttpResponseRedirect("/behind/")
    )
    contact = factories.plan(word=WORD).contact
    at = now()
    _, token = links.issue(
        contact=contact,
        purpose="appointment",
        about_id=uuid4(),
        expires_at=at + timedelta(hours=30),
        by=None,
        at=at - timedelta(seconds=1),
    )
    return f"{live_server.url}/a/{token}"


def go_in(page, address):
    page.goto(address)
    page.get_by_label("Your word").fill(WORD)
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("heading", name="Brambleworth").wait_for()


def seen(page):
    """The seeded words in the page, shown or not. A page on its way elsewhere is asked again."""
    for _ in range(5):
        try:
            html = page.evaluate("document.documentElement.outerHTML").lower()
        except Error:
            page.wait_for_timeout(200)
        else:
            return [word for word in SEEDED if word.lower() in html]
    raise AssertionError("The page never came to rest.")


def back_six_times(page):
    """The seeded words that pressing Back six times brought to light."""
    found = []
    for _ in range(6):
        with contextlib.suppress(Error):
            page.evaluate("history.back()")
        page.wait_for_timeout(400)
        found += seen(page)
    return found


def click_exit(page):
    page.get_by_role("link", name="Exit this page").click()


def press_escape(page):
    page.keyboard.press("Escape")


def press_shift_three_times(page):
    for _ in range(3):
        page.keyboard.press("Shift")


@pytest.mark.parametrize("leave", [click_exit, press_escape, press_shift_three_times])
def test_exit_leads_away_and_back_shows_nothing(phone, address, dull, leave):
    go_in(phone.page, address)
    phone.page.get_by_role("link", name="More").click()
    phone.page.wait_for_url("**/behind/more/")

    leave(phone.page)
    phone.page.wait_for_url(dull)

    assert Visit.objects.get().ended_why == "exit"
    assert phone.page.context.cookies(address) == []
    assert back_six_times(phone.page) == []


def test_without_script_exit_is_a_link_that_works(phone, address, dull):
    context = phone.browser.new_context(java_script_enabled=False)
    page = context.new_page()
    go_in(page, address)

    click_exit(page)
    page.wait_for_url(dull)

    assert Visit.objects.get().ended_why == "exit"
    assert context.cookies(address) == []


def test_exit_works_when_the_visit_is_long_dead(phone, address, dull):
    go_in(phone.page, address)
    visits.end(Visit.objects.get(), at=now(), why="revoked")

    press_escape(phone.page)

    phone.page.wait_for_url(dull)
    assert back_six_times(phone.page) == []


def test_exit_empties_the_page_with_no_network(phone, address):
    go_in(phone.page, address)
    phone.page.evaluate(
        """async () => {
          window.told = 0;
          document.addEventListener("vc:exit", () => { window.told += 1; });
          window.stream = await navigator.mediaDevices.getUserMedia({ video: true, audio: true });
          document.getElementById("seen").srcObject = window.stream;
        }"""
    )
    # Held, not cut, so that the page is still here to be looked at.
    phone.page.route("**/exit", lambda route: None)
    phone.page.route("**/weather", lambda route: None)

    click_exit(phone.page)

    assert phone.page.evaluate("document.body.childNodes.length") == 0
    assert seen(phone.page) == []
    assert phone.page.evaluate("window.told") == 1
    states = phone.page.evaluate("window.stream.getTracks().map((track) => track.readyState)")
    assert states == ["ended", "ended"]


def test_exit_with_the_network_cut_leaves_nothing(phone, address):
    go_in(phone.page, address)
    phone.page.context.set_offline(True)

    click_exit(phone.page)
    phone.page.wait_for_timeout(1200)

    assert seen(phone.page) == []
    assert back_six_times(phone.page) == []


def test_keys_that_belong_to_the_page_do_not_leave_it(phone, address):
    go_in(phone.page, address)
    phone.page.get_by_label("Say").press_sequentially("It Was At Six. I Ran!")
    for _ in range(2):
        phone.page.keyboard.press("Shift")
    phone.page.keyboard.press("a")
    phone.page.keyboard.press("Shift")
    phone.page.evaluate("document.getElementById('asks').showModal()")
    phone.page.keyboard.press("Escape")
    phone.page.wait_for_timeout(300)

    assert phone.page.url.endswith("/behind/")
    assert phone.page.evaluate("document.getElementById('asks').open") is False
    assert Visit.objects.get().ended_at is None


def test_a_page_left_for_another_is_not_kept_to_be_shown(phone, address):
    go_in(phone.page, address)
    phone.page.get_by_role("link", name="More").click()
    phone.page.wait_for_url("**/behind/more/")
    # With no answer from the server, what the browser kept by itself is all there is to see.
    phone.page.context.set_offline(True)

    with contextlib.suppress(Error):
        phone.page.evaluate("history.back()")
    phone.page.wait_for_timeout(800)

    assert seen(phone.page) == []


def test_after_the_visit_ended_elsewhere_back_shows_nothing(phone, address, dull):
    go_in(phone.page, address)
    phone.page.goto(dull)
    visits.end(Visit.objects.get(), at=now(), why="revoked")

    assert back_six_times(phone.page) == []


def write_and_leave(phone, address, dull):
    """Go in, type, leave; with time enough for the browser to save its session in between."""
    go_in(phone.page, address)
    phone.page.get_by_label("Say").fill("Quillfeather said so")
    phone.page.wait_for_timeout(1500)
    click_exit(phone.page)
    phone.page.wait_for_url(dull)
    phone.page.wait_for_timeout(1500)


def test_after_exit_a_closed_browser_keeps_two_lines_of_history(phone, address, dull, profile):
    write_and_leave(phone, address, dull)

    close(phone.browser, phone.process)

    assert files_with(profile, (*SEEDED, WORD)) == []
    # Chromium gives the page that was replaced the title of the one that replaced it.
    behind = address.replace(address[address.index("/a/") :], "/behind/")
    assert history(profile) == [(address, "Appointment"), (behind, "Weather")]


def test_after_exit_a_killed_browser_keeps_no_word(phone, address, dull, profile):
    write_and_leave(phone, address, dull)

    kill(phone.process)

    assert files_with(profile, (*SEEDED, WORD)) == []


def test_a_search_of_the_profile_finds_what_was_kept(phone, address, dull, profile):
    phone.page.goto(f"{dull}?{SEEDED[0]}")
    phone.page.wait_for_timeout(1500)

    close(phone.browser, phone.process)

    assert {word for _, word in files_with(profile, (*SEEDED, WORD))} == {SEEDED[0]}


def test_a_browser_killed_in_mid_visit_holds_no_word(phone, address, profile):
    go_in(phone.page, address)
    phone.page.wait_for_timeout(1500)

    kill(phone.process)

    assert files_with(profile, (*SEEDED, WORD)) == []


def history(profile):
    """(address, title) of what History shows of the house."""
    database = profile / "Default" / "History"
    if not database.exists():
        return []
    with sqlite3.connect(f"file:{database}?mode=ro&immutable=1", uri=True) as connection:
        rows = connection.execute("select url, title from urls where url not like '%/weather'")
        return [(url, title) for url, title in rows if url.startswith("http")]


def test_nothing_is_stored_and_no_other_host_is_asked(phone, address, live_server):
    go_in(phone.page, address)

    kept = phone.page.evaluate(
        """async () => ({
          local: localStorage.length, session: sessionStorage.length,
          databases: (await indexedDB.databases()).length, caches: (await caches.keys()).length,
          workers: (await navigator.serviceWorker.getRegistrations()).length,
        })"""
    )

    assert kept == dict.fromkeys(("local", "session", "databases", "caches", "workers"), 0)
    assert [url for url in phone.asked if not url.startswith(live_server.url)] == []
    cookies = phone.page.context.cookies()
    assert {cookie["expires"] for cookie in cookies} == {-1}
    assert {cookie["httpOnly"] for cookie in cookies} == {True}


def test_a_visit_about_to_close_says_so_and_can_go_on(phone, address, settings, monkeypatch):
    monkeypatch.setattr(visits, "SEEN_EVERY", timedelta(0))
    settings.VISIT_IDLE_MINUTES = 2 + 4 / 60  # the warning comes two minutes before
    go_in(phone.page, address)
    stay = phone.page.get_by_role("button", name="Stay on this page")
    assert not stay.is_visible()

    stay.wait_for(timeout=20_000)
    before = Visit.objects.get().last_seen_at
    stay.click()
    stay.wait_for(state="hidden")

    assert Visit.objects.get().last_seen_at > before


def test_a_visit_that_ended_empties_the_page_by_itself(phone, address, settings):
    settings.VISIT_IDLE_MINUTES = 3 / 60
    go_in(phone.page, address)

    phone.page.get_by_role("heading", name="This page has closed").wait_for(timeout=20_000)

    assert seen(phone.page) == []
