"""Cards and pages of partners in a real browser: typing takes nothing away, none is too wide."""

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
from tests.triage.partners.factories import referral
from tests.triage.partners.test_repeats import reported
from triage.models import Incident
from triage.partners import jobs, steps
from victimcontact.accounts.roles import Role

pytestmark = pytest.mark.django_db(transaction=True)
AXE = Path(django_settings.BASE_DIR) / "node_modules" / "axe-core" / "axe.min.js"
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
CUCKOOED = "Men moved into my flat and they won't leave. They've got my key."


@pytest.fixture
def page(live_server, client, monkeypatch):
    """A signed-in handler's browser page."""
    # Playwright keeps a loop running in this thread; what is asked here is asked in turn.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    factories.policy()
    factories.sign_in(client, factories.user(Role.CALL_HANDLER))
    cookies = [
        {"name": name, "value": cookie.value, "url": live_server.url}
        for name, cookie in client.cookies.items()
    ]
    with sync_playwright() as playwright:
        path = shutil.which("chromium") or playwright.chromium.executable_path
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        context = browser.new_context(base_url=live_server.url)
        context.set_default_timeout(15_000)
        context.add_cookies(cookies)
        yield context.new_page()
        browser.close()
        connections.close_all()  # those of Playwright's loop: nobody else would


def test_card_stays_open_with_its_ticks_and_the_focus_while_the_report_is_typed(page):
    page.goto(reverse("triage:new_report"))
    page.fill("#id_narrative", CUCKOOED)
    page.locator("#todo-cuckooing").click()
    page.locator("label:has(#step-cuckooing-meet-2)").click()
    page.fill("#why-cuckooing-meet", "They are all")
    page.keyboard.type(" here now", delay=120)

    page.wait_for_timeout(1500)  # answers come, and replace the panel, meanwhile
    assert page.evaluate("document.activeElement.id") == "why-cuckooing-meet"
    expect(page.locator("#why-cuckooing-meet")).to_have_value("They are all here now")
    page.locator("#id_narrative").press("End")
    page.keyboard.type(" My boss has our passports and takes our wages.")
    expect(page.locator("#demand-modern_slavery")).to_be_attached()

    assert page.locator("#demand-cuckooing").evaluate("card => card.open")
    assert not page.locator("#demand-modern_slavery").evaluate("card => card.open")
    page.keyboard.press("F8")
    page.keyboard.press("Space")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/choice/")
    taken = steps.standing(Incident.objects.get())
    assert {key: one.because for key, one in taken.items()} == {
        ("cuckooing", "meet"): "They are all here now"
    }


def test_pages_have_no_fault_and_fit_a_phone(page):
    incident = factories.incident()
    factories.assessment(incident, at=now(), flags=["cuckooing", "missing_person"])
    made = referral(incident, at=now())
    reported(2, 1, 0.01, victim=factories.contact(), at=now())
    jobs.count_repeats(now())
    page.set_viewport_size({"width": 390, "height": 844})
    addresses = [reverse(f"partners:{name}") for name in ("referrals", "repeats", "missing")]
    addresses += [reverse(f"partners:{name}", args=[made.pk]) for name in ("referral", "form")]
    addresses += [
        reverse("partners:refer", args=[incident.pk]),
        reverse("partners:card", args=[incident.pk, "cuckooing"]),
        reverse("triage:incident", args=[incident.pk]),
    ]
    wrong = []

    for address in addresses:
        page.goto(address)
        for todo in page.locator("details.vc-demand > summary").all():
            todo.click()
        page.evaluate(AXE.read_text())
        found = page.evaluate("(runOnly) => axe.run({ runOnly })", LEVELS)["violations"]
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        name = re.sub(r"[0-9a-f-]{36}", "…", address)
        wrong += [(name, fault["id"]) for fault in found] + [(name, wide)] * (wide > 0)

    assert wrong == []
