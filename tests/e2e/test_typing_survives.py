"""What somebody is typing outlives a lost connection, an ended sign-in and a worn-out form."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.people import DESKTOP, PHONE

WORDS = "He came back twice. গতকাল 😀 <b>not bold</b>\n" * 40
LINK = """
from datetime import timedelta
from django.utils.timezone import now
from portal.models import Case
from victimcontact.people import links, words
case = Case.objects.first()
words.set_opening_word(case.contact.plan, "lighthouse keeper")
_, token = links.issue(
    contact=case.contact, purpose="portal", about_id=case.pk,
    expires_at=now() + timedelta(hours=3), by=None, at=now(),
)
print("token", token)
"""


@pytest.fixture
def writing(someone):
    """An officer in charge at the form for an update, with words typed."""
    officer = someone(**DESKTOP).sign_in("Officer in charge")
    page = officer.go("/cases/")
    page.locator("main a").and_(page.locator('[href*="-"]')).first.click()
    page.goto(page.url + "update/")
    page.get_by_label("Words for the victim").fill(WORDS)
    return officer


def is_typed(page, words=WORDS):
    return page.get_by_label("Words for the victim").input_value() == words


def test_an_update_outlives_a_sign_in_that_ended(writing):
    page = writing.page
    writing.context.clear_cookies()

    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_text("You are signed out, so this was not sent")).to_be_visible()
    assert is_typed(page)
    with writing.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in in another tab").click()
    other = opened.value
    other.get_by_role("button", name="Officer in charge", exact=True).click()
    expect(other.get_by_role("button", name="Sign out")).to_be_visible()
    page.wait_for_timeout(1_100)  # a second press within a second counts as a double click
    page.get_by_role("button", name="Look at it").click()

    expect(page.get_by_role("heading", name="Look before you publish")).to_be_visible()
    expect(page.get_by_text("He came back twice.").first).to_be_visible()


def test_an_update_outlives_a_form_token_that_changed(writing):
    page = writing.page
    writing.context.add_cookies([{"name": "form", "value": "A" * 32, "url": writing.house.url}])

    page.get_by_role("button", name="Look at it").click()

    expect(page.get_by_role("heading", name="Look before you publish")).to_be_visible()


def test_an_update_outlives_a_server_that_went_away(writing, house):
    page = writing.page
    house.kill("web")

    try:
        page.get_by_role("button", name="Look at it").click()
        expect(
            page.get_by_text("No connection to the server, so this was not sent")
        ).to_be_visible()
        assert is_typed(page)
    finally:
        house.begin("web")
    page.wait_for_timeout(1_100)  # a second press within a second counts as a double click
    page.get_by_role("button", name="Look at it").click()

    expect(page.get_by_role("heading", name="Look before you publish")).to_be_visible()


def test_a_report_outlives_a_server_that_went_away_and_a_sign_in_that_ended(someone, house):
    handler = someone(**DESKTOP).sign_in("Call handler")
    page = handler.go("/triage/new/")
    said = page.get_by_label("What the caller says")
    house.kill("web")

    try:
        said.fill(WORDS)
        expect(page.locator("#trouble-here")).to_contain_text("No connection to the server")
    finally:
        house.begin("web")
    expect(page.locator("#trouble-here")).to_be_empty()
    handler.context.clear_cookies()
    said.press_sequentially("More")
    expect(page.locator("#trouble-here")).to_contain_text("What you typed is still here")
    assert said.input_value() == f"{WORDS}More"
    with handler.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in in another tab").click()
    opened.value.get_by_role("button", name="Call handler", exact=True).click()
    expect(opened.value.get_by_role("button", name="Sign out")).to_be_visible()
    expect(page.locator("#trouble-here")).to_be_empty()
    page.reload()

    assert re.sub(r"\s+", " ", said.input_value()) == re.sub(r"\s+", " ", f"{WORDS}More")


def test_a_message_of_a_victim_outlives_a_lost_connection(someone, house):
    victim = someone(**PHONE)
    token = house.manage("shell", "-c", LINK).split("token ")[1].strip()
    page = victim.go(f"/p/{token}")
    page.get_by_label("word").fill("lighthouse keeper")
    page.get_by_role("button", name="Go on").click()
    box = page.get_by_label("Write to the officer")
    box.fill(WORDS)

    victim.context.set_offline(True)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("There is no connection, so this was not sent")).to_be_visible()
    assert box.input_value() == WORDS
    victim.context.set_offline(False)
    page.get_by_role("button", name="Send", exact=True).dblclick()

    expect(page.get_by_text("Your message is sent")).to_be_visible()
    expect(page.get_by_text("He came back twice.")).to_have_count(1)


def test_a_message_too_long_comes_back_whole_with_its_fault_beside_it(someone, house):
    victim = someone(**PHONE)
    token = house.manage("shell", "-c", LINK).split("token ")[1].strip()
    page = victim.go(f"/p/{token}")
    page.get_by_label("word").fill("lighthouse keeper")
    page.get_by_role("button", name="Go on").click()
    box = page.get_by_label("Write to the officer")
    box.fill("😀" * 200_000)

    page.get_by_role("button", name="Send", exact=True).click()

    said = "Your message must be 20,000 characters or fewer. It has 200,000"
    expect(page.locator("#error-summary")).to_contain_text(said)
    expect(page.locator(f"#{box.get_attribute('aria-describedby')}")).to_contain_text(said)
    assert box.input_value() == "😀" * 200_000
    victim.is_fine()
