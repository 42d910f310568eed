"""The people of the story, each with a browser of their own, and what is asked of every page."""

import os
from pathlib import Path

from playwright.sync_api import expect

ROOT = Path(__file__).resolve().parent.parent.parent
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DESKTOP = {"viewport": {"width": 1280, "height": 900}}
DEVICES = ["camera", "microphone"]
# Two cores carry everything at once here: patience, not speed, is asked of the pages.
expect.set_options(timeout=20_000)
# `make pictures` asks for the pictures that the README shows.
PICTURES = os.environ.get("PICTURES")

# Frames of the other side that this page's browser really decoded within the next seconds.
DECODED = """async (wanted) => {
  const video = document.querySelector('[data-room-remote]');
  const until = performance.now() + 20000;
  const from = video.getVideoPlaybackQuality().totalVideoFrames;
  while (performance.now() < until) {
    await new Promise((done) => setTimeout(done, 200));
    const seen = video.getVideoPlaybackQuality().totalVideoFrames - from;
    if (seen >= wanted && video.videoWidth > 0) return seen;
  }
  return -1;
}"""


class Someone:
    """A person at a browser. Faults that their pages report are collected in ``faults``."""

    def __init__(self, browser, house, **options):
        self.house = house
        self.context = browser.new_context(permissions=DEVICES, **options)
        self.context.set_default_timeout(20_000)
        self.faults = []
        self.page = self.context.new_page()
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))

    def _heard(self, message):
        # A refused form answers 422 and a taken time 409: the browser calls both an error.
        if message.type == "error" and "status of 4" not in message.text:
            self.faults.append(message.text)

    def sign_in(self, role):
        self.page.goto(f"{self.house.url}/sign-in/")
        self.page.get_by_role("button", name=role, exact=True).click()
        expect(self.page.get_by_role("button", name="Sign out")).to_be_visible()
        return self

    def go(self, path):
        self.page.goto(f"{self.house.url}{path}")
        return self.page

    def is_fine(self, picture=""):
        """The page has one heading, nothing wider than the screen, and no fault that axe finds."""
        page = self.page
        page.evaluate(AXE.read_text())
        result = page.evaluate("(runOnly) => axe.run({ runOnly })", WCAG)
        found = [
            (fault["id"], [node["html"][:200] for node in fault["nodes"]])
            for fault in result["violations"]
        ]
        assert found == [], page.url
        assert page.locator("h1:visible").count() == 1, page.url
        wider = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wider <= 0, f"{page.url} is {wider} pixels wider than the screen"
        assert self.faults == [], page.url
        if PICTURES and picture:
            page.evaluate("window.scrollTo(0, 0)")
            page.screenshot(path=str(Path(PICTURES) / f"{picture}.png"))

    def sees_the_other(self):
        assert self.page.evaluate(DECODED, 5) >= 5

    def close(self):
        self.context.close()


def link_on_handset(staff, name, door):
    """The newest link of that kind in the texts to ``name``'s phone, as the handset shows it."""
    page = staff.go("/handset/")
    phone = page.locator(".vc-phone").filter(has_text=name)
    link = phone.locator(f'a[href*="/{door}/"]').first
    expect(link).to_be_visible()
    return link.get_attribute("href")
