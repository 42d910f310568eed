"""What the house writes down about its pages: kind and place, never an address or any words."""

import logging
import sys

import pytest
from celery.app.trace import build_tracer
from django.http import HttpRequest
from django.test import Client
from django.urls import include, path

from victimcontact.celery import app

TOKEN, WORDS = "Token1234567890abcdefg", "he hit me"


def broken(request: HttpRequest, token):
    raise ValueError(WORDS)


urlpatterns = [
    path("a/<token>/broken/", broken, name="broken"),
    path("", include("victimcontact.people.urls_public")),
]
handler400 = "victimcontact.errors.bad_request"
handler404 = "victimcontact.errors.not_found"
handler500 = "victimcontact.errors.server_error"


@pytest.fixture
def logged(caplog):
    """All that would reach the handlers, whatever the level of the root."""
    caplog.set_level(logging.DEBUG)
    return caplog


@pytest.fixture
def browser(settings, db):
    settings.ROOT_URLCONF = __name__
    return Client(enforce_csrf_checks=True, raise_request_exception=False)


@pytest.mark.parametrize(
    ("ask", "status"),
    [
        (lambda browser: browser.post(f"/a/{TOKEN}", {"word": WORDS}), 403),
        (lambda browser: browser.get(f"/a/{TOKEN}/none/"), 404),
        (lambda browser: browser.get(f"/a/{TOKEN}", headers={"Host": "elsewhere.example"}), 400),
        (lambda browser: browser.get(f"/a/{TOKEN}/broken/"), 500),
    ],
    ids=["no csrf token", "not found", "another host", "fault"],
)
def test_a_refusal_or_fault_is_logged_without_address_or_words(browser, logged, ask, status):
    assert ask(browser).status_code == status

    assert TOKEN not in logged.text
    assert WORDS not in logged.text
    assert "elsewhere.example" not in logged.text


def test_a_fault_is_logged_with_its_kind_its_page_and_its_line(browser, logged):
    browser.get(f"/a/{TOKEN}/broken/")

    fault = next(each for each in logged.records if each.name == "victimcontact.faults")
    assert fault.getMessage().startswith("ValueError in broken\n")
    assert f"{__file__}:" in fault.getMessage()


def test_a_task_that_fails_is_logged_without_what_its_error_says(capfd):
    @app.task(name="tests.broken", lazy=False)
    def task(words):
        broken(None, words)

    tracer = build_tracer(task.name, task, app=app)
    handler = logging.StreamHandler(sys.stderr)  # as the worker's: on the root
    logging.getLogger().addHandler(handler)
    try:
        tracer("0" * 32, [WORDS], {}, {"id": "0" * 32, "is_eager": False})
    finally:
        logging.getLogger().removeHandler(handler)
        app.tasks.unregister(task.name)

    said = capfd.readouterr().err
    assert "ValueError in tests.broken" in said
    assert WORDS not in said
