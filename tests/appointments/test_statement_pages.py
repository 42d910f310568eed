"""Both sides of the statement and the photo in real browsers, each part refreshing on a hint."""

import hashlib
import re
import shutil
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connections
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect, sync_playwright

from appointments import rooms, statements
from appointments.models import Exhibit, Signature
from tests import factories
from tests.appointments import interview

pytestmark = [pytest.mark.django_db(transaction=True)]

AXE = Path(django_settings.BASE_DIR) / "node_modules" / "axe-core" / "axe.min.js"
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
RETRY_MS = 5_000  # after that the page tries again by itself
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture(autouse=True)
def evidence_root(settings, tmp_path, monkeypatch):
    settings.EVIDENCE_ROOT = tmp_path / "evidence"
    # Playwright keeps a loop running in this thread; what is asked here is asked in turn.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


@pytest.fixture
def browser():
    with sync_playwright() as playwright:
        path = shutil.which("chromium") or playwright.chromium.executable_path
        found = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield found
        found.close()
        connections.close_all()  # those of Playwright's loop: nobody else would


@pytest.fixture
def call(live_server):
    return interview.begun()


@pytest.fixture
def open_page(browser, live_server):
    """open_page(path, cookies, viewport) gives a page that fails the test on any script error."""
    faults = []

    def open_page(path, cookies, viewport):
        context = browser.new_context(viewport=viewport, base_url=live_server.url)
        context.add_cookies(
            [{"name": name, "value": value, "url": live_server.url} for name, value in cookies]
        )
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "console",
            lambda said: faults.append(said.text) if "Content Security" in said.text else None,
        )
        # The room waits for a picture that never comes here, and "load" with it.
        page.goto(path, wait_until="domcontentloaded")
        return page

    yield open_page
    assert faults == []


@pytest.fixture
def officer_page(call, open_page):
    appointment, _ = call
    client = factories.sign_in(Client(), appointment.officer)
    cookie = client.cookies[django_settings.SESSION_COOKIE_NAME].value
    return open_page(
        reverse("appointments:statement", args=[appointment.pk]),
        [(django_settings.SESSION_COOKIE_NAME, cookie)],
        DESK,
    )


@pytest.fixture
def victim_page(call, open_page):
    return open_page(
        reverse("appointments:visit"), [(django_settings.VISIT_COOKIE_NAME, call[1].key)], PHONE
    )


def hint(page, what):
    """What the room's socket does when it hears that something changed."""
    page.evaluate(
        "what => document.dispatchEvent(new CustomEvent('vc:changed', {detail: {what}}))", what
    )


def assert_accessible(page, part):
    page.evaluate(AXE.read_text())  # the page's own policy lets no script in by a tag
    found = page.evaluate(
        "([part, levels]) => axe.run(part, {runOnly: {type: 'tag', values: levels}})"
        ".then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.html)]))",
        [part, LEVELS],
    )
    assert found == []


def test_statement_is_drafted_signed_and_sealed_in_two_browsers(call, officer_page, victim_page):
    appointment, _ = call
    officer_page.get_by_role("button", name="Start the statement").click()
    body = officer_page.get_by_role("textbox", name="Statement")
    body.fill("I was walking home along the High Street. A man pushed me.\n\nHe ran off.")
    expect(officer_page.locator("#statement-saved")).to_have_text(
        re.compile(r"Saved at \d\d:\d\d:\d\d")
    )
    assert statements.current_version(appointment).body.endswith("He ran off.")
    hint(victim_page, "statement")
    expect(victim_page.locator("#statement-part")).to_contain_text("The officer is writing down")
    assert "High Street" not in victim_page.content()

    officer_page.get_by_role("button", name="Show it for signing").click()
    expect(officer_page.locator("#statement-part")).to_contain_text("Ready to sign")
    hint(victim_page, "statement")
    expect(victim_page.locator("#statement-text")).to_contain_text("A man pushed me.")
    assert_accessible(victim_page, "#statement-part")
    assert_accessible(officer_page, "#statement-part")

    victim_page.get_by_role("button", name="Sign").click()
    expect(victim_page.locator("#statement-part #error-summary")).to_be_focused()
    expect(victim_page.get_by_text("Type your full name to sign").last).to_be_visible()
    assert_accessible(victim_page, "#statement-part")
    victim_page.get_by_label("I have read the words above").check()
    victim_page.get_by_label("Type your full name").fill("Arthur Bell")
    victim_page.get_by_role("button", name="Sign").click()
    expect(victim_page.locator("#statement-part")).to_contain_text("You signed as Arthur Bell")

    hint(officer_page, "statement")
    officer_page.get_by_label("Yes, I saw them sign by live video").check()
    officer_page.get_by_role("button", name="Seal the statement").click()
    expect(officer_page.locator("#statement-part")).to_contain_text("Signed and sealed")
    hint(victim_page, "statement")
    expect(victim_page.locator("#statement-part")).to_contain_text("Nobody can change it")
    assert_accessible(officer_page, "#statement-part")
    assert statements.current_version(appointment).status == "signed"
    assert Signature.objects.count() == 2
    assert victim_page.url.endswith("/a/")


def test_draft_names_what_cannot_be_printed_while_typing(call, officer_page):
    officer_page.get_by_role("button", name="Start the statement").click()
    body = officer_page.get_by_role("textbox", name="Statement")
    body.fill("He wrote 中 and 😀.")

    message = officer_page.get_by_text("Write in words what cannot be printed: 中")
    expect(message).to_be_visible()
    assert_accessible(officer_page, "#statement-part")
    body.fill("He wrote a Chinese word and 😀.")
    expect(message).to_have_count(0)
    expect(body).to_have_value("He wrote a Chinese word and 😀.")


def test_draft_survives_a_lost_connection(call, officer_page):
    officer_page.get_by_role("button", name="Start the statement").click()
    body = officer_page.get_by_role("textbox", name="Statement")
    officer_page.clock.install()
    officer_page.context.set_offline(True)
    body.fill("Typed in the tunnel.")
    saved = officer_page.locator("#statement-saved")
    expect(saved).to_contain_text("Not saved: no connection. What you typed is still here.")

    officer_page.context.set_offline(False)
    officer_page.clock.fast_forward(RETRY_MS)

    expect(saved).to_contain_text("Saved at")
    assert statements.current_version(call[0]).body == "Typed in the tunnel."


def test_draft_saved_elsewhere_is_shown_and_nothing_is_lost(call, officer_page):
    officer_page.get_by_role("button", name="Start the statement").click()
    body = officer_page.get_by_role("textbox", name="Statement")
    expect(body).to_be_visible()
    interview.drafted(call[0], body="From the other tab.")

    body.fill("From this tab.")

    expect(officer_page.locator("#statement-part [role=alert]")).to_contain_text(
        "saved from another page"
    )
    expect(officer_page.locator("#statement-saved")).to_have_text("Not saved yet")
    expect(officer_page.locator("main details")).to_contain_text("From the other tab.")
    expect(body).to_have_value("From this tab.")
    officer_page.get_by_role("button", name="Save").click()
    expect(officer_page.get_by_text("saved from another page")).to_have_count(0)
    assert statements.current_version(call[0]).body == "From this tab."


def test_photo_is_hashed_on_the_phone_and_appears_to_the_officer(call, open_page, victim_page):
    appointment, _ = call
    client = factories.sign_in(Client(), appointment.officer)
    officer_page = open_page(
        reverse("appointments:exhibits", args=[appointment.pk]),
        [(n, m.value) for n, m in client.cookies.items()],
        DESK,
    )
    content = interview.photograph()
    victim_page.get_by_label("Choose a photo").set_input_files(
        {"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": content}
    )
    send = victim_page.get_by_role("button", name="Send the photo")
    send.click()
    # A forgotten description must not cost the photo.
    expect(victim_page.locator("#exhibits-part #error-summary")).to_be_visible()
    assert_accessible(victim_page, "#exhibits-part")
    victim_page.get_by_label("What does it show?").fill("My left arm")
    send.click()

    expect(victim_page.locator("#exhibits-news")).to_contain_text("Its number is AB/1")
    exhibit = Exhibit.objects.get()
    assert exhibit.client_sha256 == exhibit.sha256 == hashlib.sha256(content).hexdigest()
    hint(officer_page, "exhibits")
    expect(officer_page.locator("#exhibits-news")).to_have_text("A photo has arrived: AB/1")
    assert_accessible(officer_page, "#exhibits-part")
    # In a tab of its own: the call goes on in this one.
    with officer_page.expect_popup() as opened:
        officer_page.get_by_role("link", name="AB/1").click()
    expect(opened.value.get_by_role("img", name="My left arm")).to_be_visible()
    expect(opened.value.get_by_role("img")).to_have_js_property("naturalWidth", 320)
    assert_accessible(opened.value, "main")


def test_photo_that_did_not_leave_stays_and_can_be_sent_again(call, victim_page):
    victim_page.get_by_label("Choose a photo").set_input_files(
        {"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": interview.photograph()}
    )
    victim_page.get_by_label("What does it show?").fill("My left arm")
    victim_page.context.set_offline(True)
    send = victim_page.get_by_role("button", name="Send the photo")
    send.click()
    expect(victim_page.locator("[data-progress]")).to_contain_text("The photo was not sent.")
    victim_page.context.set_offline(False)

    send.click()

    expect(victim_page.locator("#exhibits-news")).to_contain_text("Its number is AB/1")
    assert Exhibit.objects.count() == 1


def test_parts_stay_hidden_until_the_officer_lets_this_visit_in(live_server, open_page):
    appointment, visit = interview.begun()
    interview.finalised(appointment, body="For her eyes.")
    appointment.admitted_visit = None
    appointment.save(update_fields=["admitted_visit"])
    page = open_page(
        reverse("appointments:visit"), [(django_settings.VISIT_COOKIE_NAME, visit.key)], PHONE
    )
    hint(page, "statement")
    assert "For her eyes." not in page.content()
    appointment.admitted_visit = visit
    appointment.save(update_fields=["admitted_visit"])
    rooms.notify(appointment, "state")

    hint(page, "state")

    expect(page.locator("#statement-text")).to_contain_text("For her eyes.")
    expect(page.locator("#exhibits-part")).not_to_have_attribute("hidden", "")


def test_statement_is_saved_again_after_a_new_sign_in(call, officer_page):
    """The page is open while its officer signs in again elsewhere: its form token is worn out."""
    appointment, _ = call
    officer_page.get_by_role("button", name="Start the statement").click()
    body = officer_page.get_by_role("textbox", name="Statement")
    body.fill("First.")
    saved = officer_page.locator("#statement-saved")
    expect(saved).to_contain_text("Saved at")
    cookies = officer_page.context.cookies()
    officer_page.clock.install()

    officer_page.context.clear_cookies()
    body.fill("First. Second.")
    expect(saved).to_contain_text("Not saved. Sign in again in another tab.")
    officer_page.context.add_cookies(
        [one for one in cookies if one["name"] == django_settings.SESSION_COOKIE_NAME]
    )
    for _ in range(2):  # the first try brings the new form token, and the next one saves
        officer_page.clock.fast_forward(RETRY_MS)
        expect(saved).not_to_have_text("Saving")
    expect(saved).to_contain_text("Saved at")
    officer_page.context.clear_cookies(name=django_settings.CSRF_COOKIE_NAME)
    officer_page.get_by_role("button", name="Show it for signing").click()
    expect(officer_page.locator("#statement-part")).to_contain_text("Ready to sign")

    version = statements.current_version(appointment)
    assert (version.body, version.status) == ("First. Second.", "final")
