"""A reviewer scores what was known then, the handler answers, and practises what was said."""

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.e2e.people import DESKTOP, PHONE, Someone
from tests.faces.chromium import FLAGS, executable


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        flags = [flag for flag in FLAGS if flag != "--headless"]
        chromium = playwright.chromium.launch(executable_path=executable(playwright), args=flags)
        yield chromium
        chromium.close()


def review_one(reviewer):
    """Score an assessment of tonight, which are the call handler's; gives what it is called."""
    page = reviewer.go("/quality/")
    reviewer.is_fine()
    first = page.get_by_role("row").filter(has_text="Assessed again too late").locator("a").first
    called = first.inner_text()
    first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Review of {called}")
    expect(page.get_by_text("What happened next", exact=True)).to_have_count(0)
    reviewer.is_fine()
    for criterion in page.locator(".vc-score__one").all():
        criterion.get_by_role("radio", name="2 Sound").check()
    risk = page.get_by_role("group", name="Risk", exact=True)
    risk.get_by_role("radio", name="1 Thin").check()
    page.get_by_role("radio", name="2 Priority").check()
    page.get_by_role("radio", name="Something to learn").check()
    page.get_by_label("Feedback to the handler").fill("Ask who else has a key.")
    page.get_by_role("button", name="Save the review").click()
    expect(page.get_by_role("link", name="Say why “Risk” gets so little")).to_be_visible()
    page.get_by_label("Why (risk)").fill("Nothing was asked about before")
    page.get_by_role("button", name="Save the review").click()
    expect(page.get_by_role("heading", name="What happened next")).to_be_visible()
    reviewer.is_fine()
    return called


def answer(handler, called):
    page = handler.go("/feedback/")
    handler.is_fine()
    page.get_by_role("link", name=called).first.click()
    expect(page.get_by_text("Ask who else has a key.")).to_be_visible()
    page.get_by_role("radio", name="Read and understood").check()
    page.get_by_role("button", name="Send the answer").click()
    expect(page.get_by_text("Your answer is kept")).to_be_visible()
    handler.is_fine()


def practise(handler):
    page = handler.go("/practice/")
    handler.is_fine()
    one = page.get_by_role("listitem").filter(has_text="A woman who says that it was nothing")
    one.first.get_by_role("button").click()
    caller = page.locator("#caller")
    expect(caller).to_contain_text("I don't want to make a fuss.")
    caller.get_by_role("button", name="Listen on").click()
    expect(caller).to_contain_text("by my neck")
    caller.get_by_role("button", name="Has anybody put hands").click()
    expect(caller).to_contain_text("Both hands. I couldn't breathe.")
    page.get_by_label("What the caller says").fill(
        "Her boyfriend had her up against the wall by the neck with both hands."
    )
    expect(page.locator("#panel")).to_contain_text("Strangulation")
    handler.is_fine()
    # A page that is left and opened again has every word, heard and written.
    page.wait_for_load_state("networkidle")
    page.reload()
    expect(page.get_by_label("What the caller says")).to_have_value(
        "Her boyfriend had her up against the wall by the neck with both hands."
    )
    page.get_by_role("radio", name="1 Immediate").check()
    page.get_by_role("button", name="Decide and score").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("of 100")
    expect(page.get_by_text("Grade 1 is right.")).to_be_visible()
    handler.is_fine()


def test_a_review_its_answer_and_practice(house, browser):
    reviewer = Someone(browser, house, **DESKTOP).sign_in("Quality reviewer")
    called = review_one(reviewer)
    handler = Someone(browser, house, **DESKTOP).sign_in("Call handler")
    leader = Someone(browser, house, **PHONE).sign_in("Team leader")
    try:
        answer(handler, called)
        practise(handler)
        for path in ("/quality/trend/", "/quality/fairness/", "/practice/", "/feedback/"):
            leader.go(path)
            leader.is_fine()
        reviewer.go("/quality/trend/")
        reviewer.is_fine()
    finally:
        for person in (reviewer, handler, leader):
            person.close()
