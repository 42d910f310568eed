"""A browser, and people who each have one."""

import pytest
from playwright.sync_api import sync_playwright

from tests.e2e.people import Someone
from tests.faces.chromium import FLAGS, executable


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        flags = [flag for flag in FLAGS if flag != "--headless"]
        chromium = playwright.chromium.launch(executable_path=executable(playwright), args=flags)
        yield chromium
        chromium.close()


@pytest.fixture
def someone(browser, house):
    made = []

    def new(**options):
        made.append(Someone(browser, house, **options))
        return made[-1]

    yield new
    for person in made:
        person.close()
