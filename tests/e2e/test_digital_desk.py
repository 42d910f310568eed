"""Somebody reports without a call: each page of it on a phone, and the chat."""

import re

from playwright.sync_api import expect

from tests.e2e.people import DESKTOP, PHONE

STORED = """async () => ({
  local: localStorage.length, session: sessionStorage.length,
  databases: (await indexedDB.databases()).length, caches: (await caches.keys()).length,
})"""


def answer_on(page, choice=None, button="Continue"):
    if choice:
        page.get_by_label(choice, exact=True).first.check()
    with page.expect_navigation():
        page.get_by_role("button", name=button).first.click()


def is_away(person):
    """They are at the dull site, or where a machine without a network ends up."""
    expect(person.page).not_to_have_url(re.compile(re.escape(person.house.url)))


def test_each_page_of_a_report_is_fine_and_keeps_what_is_typed(someone):
    phone = someone(**PHONE)
    page = phone.go("/report/")
    phone.is_fine()
    for choice in ("I am not sure", None, "No", "Me"):
        answer_on(page, choice, "I cannot ring" if choice is None else "Continue")
        phone.is_fine()
    page.get_by_label("What happened?").fill("He broke my green umbrella")
    page.wait_for_timeout(2_500)

    page.reload()

    answer_on(page)  # to the next page: the words were kept while they were typed
    expect(page.get_by_role("heading", name="When did it happen?")).to_be_visible()
    answer_on(page, button="Go back")
    expect(page.get_by_label("What happened?")).to_have_value("He broke my green umbrella")
    assert page.evaluate(STORED) == {"local": 0, "session": 0, "databases": 0, "caches": 0}


def test_a_chat_is_taken_answered_and_left_with_one_key(someone):
    visitor, operator = someone(**PHONE), someone(**DESKTOP).sign_in("Call handler")
    leader = someone(**DESKTOP).sign_in("Team leader")
    operator.go("/desk/")
    page = visitor.go("/chat/")
    visitor.is_fine()
    page.get_by_label("What happened, or what do you need?").fill("My ex is outside with a knife")
    page.get_by_role("button", name="Start").click()
    desk = operator.page
    desk.get_by_role("link", name=re.compile("Nobody has it")).first.click()
    expect(desk.get_by_role("button", name="Take it")).to_be_visible()
    leader.page.goto(desk.url)

    desk.get_by_role("button", name="Take it").click()
    expect(leader.page.get_by_text("has it since")).to_be_visible()
    desk.get_by_label("Your answer").fill("I am here. Where are you?")
    desk.keyboard.press("Enter")
    expect(page.get_by_text("I am here. Where are you?")).to_be_visible()
    page.get_by_label("What do you want to say?").fill("In the bathroom at 3 Quay Side")
    page.get_by_role("button", name="Send").click()
    expect(desk.locator("#desk-log").get_by_text("In the bathroom")).to_be_visible()
    expect(page.get_by_label("What do you want to say?")).to_have_value("")
    visitor.is_fine()
    operator.is_fine()

    page.keyboard.press("Escape")
    is_away(visitor)
    assert visitor.context.cookies() == []
    expect(desk.get_by_text("The visitor left")).to_be_visible()
    desk.get_by_role("button", name="Make it an incident").click()
    expect(desk.get_by_label("What the caller says")).to_have_value(
        re.compile("My ex is outside with a knife")
    )
    page.goto(f"{visitor.house.url}/chat/")
    expect(page.get_by_role("heading", name="Write with us now")).to_be_visible()
