"""The report page in a real browser: keys, focus, a slow or lost server, a second tab."""

import re
import shutil
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connections
from django.urls import reverse
from django.utils.timezone import now
from playwright.sync_api import expect, sync_playwright

from tests import factories
from tests.triage.conftest import AT_THE_DOOR, YESTERDAY
from triage.models import Incident, ReportDraft

pytestmark = pytest.mark.django_db(transaction=True)
AXE = Path(django_settings.BASE_DIR) / "node_modules" / "axe-core" / "axe.min.js"
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
NEW = "/triage/new/"
WORDS = "#id_narrative"


@pytest.fixture(autouse=True)
def _async_unsafe(monkeypatch):
    # Playwright keeps a loop running in this thread; what is asked here is asked in turn.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


@pytest.fixture
def browser(live_server):
    with sync_playwright() as playwright:
        path = shutil.which("chromium") or playwright.chromium.executable_path
        found = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield found
        found.close()
        connections.close_all()  # those of Playwright's loop: nobody else would


@pytest.fixture
def world(browser, live_server, client):
    """(context of a signed-in handler's browser, the handler). Fails on any script error."""
    handler = factories.user("call_handler")
    factories.policy()
    factories.sign_in(client, handler)
    context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=live_server.url)
    context.set_default_timeout(15_000)
    _let_in(context, client, live_server)
    faults = []
    context.on("weberror", lambda error: faults.append(str(error.error)))
    context.on(
        "console",
        lambda said: faults.append(said.text) if "Content Security" in said.text else None,
    )
    yield context, handler
    context.close()
    assert faults == []


def _let_in(context, client, live_server):
    context.add_cookies(
        [
            {"name": name, "value": cookie.value, "url": live_server.url}
            for name, cookie in client.cookies.items()
        ]
    )


def opened(context, path=NEW):
    page = context.new_page()
    page.goto(path)
    return page


def faults_of(page):
    page.evaluate(AXE.read_text())
    found = page.evaluate("(runOnly) => axe.run({ runOnly })", LEVELS)["violations"]
    return [(f["id"], [node["html"][:120] for node in f["nodes"]]) for f in found]


def focused(page):
    return page.evaluate("document.activeElement.id")


def test_whole_report_by_keyboard_alone(world):
    context, _ = world
    page = opened(context)

    page.keyboard.type("A man I do not know hit me outside the shop yesterday. He ran off.")
    expect(page.locator("#recommended")).to_have_text(re.compile(r"^[1-4] \w"))
    assert focused(page) == "id_narrative"
    page.keyboard.press("F4")
    asked = page.locator(".vc-ask").first.get_attribute("data-ask")
    page.keyboard.press("2")
    expect(page.locator(f'[data-ask="{asked}"]')).to_have_count(0)
    assert "give-" in focused(page)
    page.keyboard.press("Escape")
    assert focused(page) == "id_narrative"
    page.keyboard.press("F9")
    assert focused(page) == "id_caller_name"
    page.keyboard.type("Robin Example")
    page.keyboard.press("F8")
    page.keyboard.press("Space")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/choice/")

    incident = Incident.objects.get()
    assessment = incident.current_assessment
    assert incident.grade == assessment.recommended_grade
    assert incident.victim.name == "Robin Example"
    assert faults_of(page) == []


def test_reason_is_asked_as_soon_as_the_grade_is_less_urgent(world):
    page = opened(world[0])
    page.keyboard.type(AT_THE_DOOR)
    expect(page.locator("#recommended")).to_have_text("1 Immediate")
    expect(page.locator("#mirror mark", has_text="knife")).to_be_visible()

    page.get_by_role("group", name="Grade").get_by_label("3 Scheduled").check()
    expect(page.locator("#reason-needed")).to_contain_text("less urgent than the recommended 1")
    page.keyboard.press("Control+Enter")
    summary = page.get_by_role("link", name="Give a reason: grade 3 is less urgent")
    expect(summary).to_be_visible()
    assert page.locator(WORDS).input_value() == AT_THE_DOOR
    assert faults_of(page) == []


def test_a_lost_server_is_said_and_recovered_from(world):
    context, _ = world
    page = opened(context)
    page.keyboard.type("He hit me.")
    expect(page.locator("#draft-state")).to_contain_text("Saved")

    context.set_offline(True)
    page.keyboard.type(" He has a knife.")
    expect(page.locator("#trouble-here")).to_contain_text("No connection to the server")
    page.keyboard.type(" He is here.")
    context.set_offline(False)

    expect(page.locator("#trouble-here")).to_be_empty()
    expect(page.locator("#mirror mark", has_text="knife")).to_be_visible()
    page.reload()
    assert page.locator(WORDS).input_value() == "He hit me. He has a knife. He is here."


def test_signed_out_while_typing_loses_nothing_and_goes_on(world, client, live_server):
    context, handler = world
    page = opened(context)
    page.keyboard.type("He hit me.")
    expect(page.locator("#draft-state")).to_contain_text("Saved")

    context.clear_cookies()
    page.keyboard.type(" He ran off.")
    expect(page.locator("#trouble-here")).to_contain_text("You are signed out")
    page.keyboard.press("Control+Enter")
    page.wait_for_timeout(300)
    assert page.locator(WORDS).input_value() == "He hit me. He ran off."

    _let_in(context, factories.sign_in(client, handler), live_server)
    expect(page.locator("#trouble-here")).to_be_empty()
    page.keyboard.press("F8")
    page.keyboard.press("Space")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/choice/")
    assert Incident.objects.get().narrative == "He hit me. He ran off."


def test_reason_of_a_dismissal_is_typed_while_the_panel_changes_under_it(world):
    page = opened(world[0])
    page.keyboard.type("A man hit me outside the shop yesterday. It has happened before. He ran.")
    tick = page.get_by_role("checkbox", name="Dismiss “Has happened before”")
    expect(tick).to_be_visible()

    tick.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    assert focused(page) == "id_dismiss_why_repeat_victimisation"
    page.keyboard.type("Another ")
    expect(page.locator(".vc-flags__one--dismissed")).to_have_count(1)
    page.keyboard.type("shop")
    expect(page.locator("#panel-state")).to_be_empty()

    assert page.locator("#id_dismiss_why_repeat_victimisation").input_value() == "Another shop"
    assert faults_of(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


def test_second_tab_is_told_and_both_tabs_words_are_kept(world):
    context, _ = world
    first = opened(context)
    first.keyboard.type("In the first tab.")
    expect(first.locator("#draft-state")).to_contain_text("Saved")
    second = opened(context, first.url)
    second.locator(WORDS).fill("In the second tab.")
    expect(second.locator("#draft-state")).to_contain_text("Saved")

    first.locator(WORDS).fill("In the first tab, more.")
    told = first.locator("#draft-state")
    expect(told).to_contain_text("open in another tab")
    assert first.locator(WORDS).input_value() == "In the first tab, more."
    assert faults_of(first) == []
    first.get_by_role("button", name="Go on in this tab").click()
    expect(told).to_contain_text("Saved")

    words = sorted(draft.form["narrative"][0] for draft in ReportDraft.objects.all())
    assert words == ["In the first tab, more.", "In the second tab."]


def test_pages_of_an_incident_have_no_fault_that_axe_finds(world):
    context, _ = world
    incident = factories.incident(grade=3, at=now())
    factories.offer(incident)
    factories.assessment(incident, at=now())
    for name in ("reassess", "choice", "plan", "record", "incident"):
        page = opened(context, reverse(f"triage:{name}", args=[incident.pk]))
        assert faults_of(page) == [], name
    queue = opened(context, "/triage/")
    assert faults_of(queue) == []


@pytest.mark.parametrize("name", ["new_report", "queue"])
def test_nothing_is_wider_than_a_phone(world, name):
    factories.incident(grade=3, at=now())
    page = opened(world[0], reverse(f"triage:{name}"))
    page.set_viewport_size({"width": 390, "height": 844})

    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    # Read to its end: on the way there the bar at the foot lies on whatever is just behind it.
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    assert faults_of(page) == []


def test_a_panel_that_says_the_same_stands_as_it_is(world):
    page = opened(world[0])
    page.keyboard.type(AT_THE_DOOR)
    expect(page.locator("#recommended")).to_have_text("1 Immediate")
    page.locator("#todo-more").click()
    page.evaluate("document.getElementById('part-video').isTheSame = true")
    before = page.locator("#panel").inner_text()

    page.locator(WORDS).press_sequentially(" So it goes.")

    expect(page.locator("#mirror")).to_contain_text("So it goes.")
    assert page.locator("#panel").inner_text() == before
    assert page.evaluate("document.getElementById('part-video').isTheSame")
    assert page.locator("#demand-more").get_attribute("open") is not None
    assert page.locator("[data-stands]").count() == 0

    page.locator(WORDS).fill(YESTERDAY)
    expect(page.locator("#recommended")).not_to_have_text("1 Immediate")
    assert page.locator("#panel [data-digest]").count() >= 5
    assert page.locator("[data-stands]").count() == 0
