"""The desk's day in a real browser: an appointment is carried by pointer and by keys."""

import shutil
from datetime import time, timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connections
from django.utils.timezone import now
from playwright.sync_api import expect, sync_playwright

from appointments.models import Appointment
from tests import factories as people
from tests.appointments import factories
from victimcontact.accounts.roles import Role
from victimcontact.lib import local_time

pytestmark = pytest.mark.django_db(transaction=True)
AXE = Path(django_settings.BASE_DIR) / "node_modules" / "axe-core" / "axe.min.js"
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture
def page(live_server, client, monkeypatch):
    """A signed-in supervisor's browser page."""
    # Playwright keeps a loop running in this thread; what is asked here is asked in turn.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    people.sign_in(client, people.user(Role.SUPERVISOR))
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


def test_an_appointment_is_carried_by_pointer_and_by_keys(page):
    day = local_time.local(now()).date() + timedelta(days=1)
    starts_at = local_time.from_local(day, time(10))
    shifts = [
        factories.shift(starts_at=local_time.from_local(day, time(9)), officer=officer)
        for officer in (
            people.user(Role.VIDEO_OFFICER, last_name="Abel"),
            people.user(Role.VIDEO_OFFICER, last_name="Bright"),
        )
    ]
    # Somebody works by night: the day is drawn from midnight on.
    factories.shift(starts_at=local_time.from_local(day, time(0)))
    booked = factories.appointment(at_shift=shifts[0], starts_at=starts_at)
    first, second = (f'tr[data-officer="{shift.officer_id}"]' for shift in shifts)
    address = f"/diary/desk/?day={day}"

    page.goto(address)
    # It is looked at from the working day on.
    at_eight = page.locator('[data-hour="08:00"]').bounding_box()
    names = page.locator("thead .vc-day__who").bounding_box()
    assert abs(at_eight["x"] - names["x"] - names["width"]) < 3
    card = page.locator(f"{first} [data-card]").bounding_box()
    target = page.locator(f'{second} td[data-at="10:00"]').bounding_box()
    page.mouse.move(card["x"] + 12, card["y"] + 8)
    page.mouse.down()
    page.mouse.move(card["x"] + 40, card["y"] + 20)
    page.mouse.move(target["x"] + 5, target["y"] + 10)
    page.mouse.up()
    # Nothing is done by the drag alone: the button says it.
    expect(page.locator("#place [type=submit]")).to_be_focused()
    assert Appointment.objects.get().officer == shifts[0].officer
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator(f"{second} [data-card]")).to_have_count(1)
    assert Appointment.objects.get().officer == shifts[1].officer

    page.locator("[data-carry]").focus()
    page.keyboard.press("Enter")
    for key in ("ArrowUp", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    expect(page.locator("#desk-says")).to_contain_text("11:00, free")
    page.keyboard.press("Enter")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    moved = Appointment.objects.get(moved_from=booked)
    assert (moved.officer, moved.starts_at) == (
        shifts[0].officer,
        starts_at + timedelta(hours=1),
    )

    page.evaluate(AXE.read_text())
    found = page.evaluate("(levels) => axe.run({runOnly: levels})", LEVELS)
    assert [one["id"] for one in found["violations"]] == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
