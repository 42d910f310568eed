"""Headers of every answer, forms under no-referrer, and pages for refusals without words."""

import re

import pytest
from django.http import HttpResponse, HttpResponseNotAllowed
from django.middleware.csrf import get_token
from django.test import Client, RequestFactory
from django.urls import include, path
from django.views.decorators.http import require_POST

from victimcontact.middleware import ALWAYS, PrivacyHeadersMiddleware, uses_camera


def form(request):
    return HttpResponse(get_token(request))


urlpatterns = [
    path("a/form/", form),
    path("a/sent/", require_POST(form)),
    path("", include("victimcontact.people.urls_public")),
]
handler400 = "victimcontact.errors.bad_request"


@pytest.fixture
def browser(settings):
    settings.ROOT_URLCONF = __name__
    return Client(enforce_csrf_checks=True)


def send(browser, token=None, **headers):
    token = browser.get("/a/form/").content.decode() if token is None else token
    return browser.post("/a/form/", {"csrfmiddlewaretoken": token}, headers=headers).status_code


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "null"}, 200),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "http://testserver"}, 200),
        ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "null", "Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://elsewhere.example"}, 403),
    ],
)
def test_a_form_is_taken_from_our_own_page_alone(browser, headers, status):
    assert send(browser, **headers) == status


def test_a_form_without_its_token_is_refused_whatever_its_origin(browser):
    browser.get("/a/form/")

    assert send(browser, token="", Origin="null") == 403
    assert send(browser, token="x" * 64, Origin="null") == 403


def through(view, address="/a/x"):
    return PrivacyHeadersMiddleware(view)(RequestFactory().get(address))


def test_every_answer_keeps_itself_to_itself():
    answer = through(lambda request: HttpResponse("x"))

    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    del answer.headers["Content-Security-Policy"]
    assert dict(answer.headers) == {
        "Content-Type": "text/html; charset=utf-8",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex, nofollow, noarchive",
        "Permissions-Policy": (
            "camera=(), microphone=(), fullscreen=(self), autoplay=(), display-capture=(), "
            "geolocation=(), payment=(), usb=(), serial=(), hid=(), midi=()"
        ),
        "Cache-Control": "private, no-store",
    }


def test_a_view_cannot_make_its_page_cacheable():
    def eager(request):
        return HttpResponse("x", headers={"Cache-Control": "max-age=600, public"})

    assert through(eager)["Cache-Control"] == "private, no-store"


def test_a_static_file_stays_cacheable():
    def static(request):
        return HttpResponse("x", headers={"Cache-Control": "max-age=315360000, immutable"})

    answer = through(static, "/static/css/public.css")

    assert answer["Cache-Control"] == "max-age=315360000, immutable"
    assert answer["X-Robots-Tag"] == "noindex, nofollow, noarchive"


@pytest.mark.parametrize(
    "address",
    [
        "/static/css/public.css",
        "/static/none.css",
        "/a/form/",
        "/a/form",  # to the same with a slash
        "/a/sent/",  # not by this method
        "/a/T",
        "/exit",
        "/none",
    ],
)
@pytest.mark.parametrize("host", ["testserver", "elsewhere.example"])
def test_the_house_sends_its_headers_with_everything(browser, db, address, host):
    answer = browser.get(address, headers={"Host": host})

    assert answer["X-Frame-Options"] == "DENY"
    if not answer.streaming:
        assert answer.get("Content-Length") in (None, str(len(answer.content)))
    assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS
    policy = set(answer["Content-Security-Policy"].split("; "))
    assert policy >= {
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    }
    assert [part for part in policy if "unsafe" in part or "http" in part] == []
    assert answer["X-Content-Type-Options"] == "nosniff"
    if answer.status_code == 200 and address.startswith("/static/"):
        assert "no-store" not in answer["Cache-Control"]
    else:
        assert answer["Cache-Control"] == "private, no-store"


def test_only_a_call_may_ask_for_the_camera():
    answer = through(uses_camera(lambda request: HttpResponse("x")))

    assert answer["Permissions-Policy"].startswith("camera=(self), microphone=(self)")
    assert "autoplay=(self)" in answer["Permissions-Policy"]
    assert "autoplay=()" not in answer["Permissions-Policy"]


@pytest.mark.parametrize("status", [405, 413, 429])
def test_a_refusal_without_words_gets_a_page(db, status):
    answer = through(lambda request: HttpResponse(status=status))

    assert answer.status_code == status
    assert b"<title>Appointment</title>" in answer.content
    assert b"Exit this page" in answer.content


def test_what_a_machine_asks_gets_no_page():
    answer = through(lambda request: HttpResponseNotAllowed(["POST"]), "/webhooks/twilio/inbound/")

    assert (answer.status_code, answer.content, answer["Allow"]) == (405, b"", "POST")


def test_a_host_that_is_not_ours_is_refused_in_neutral_words_even_before_tls(browser, db, settings):
    settings.SECURE_SSL_REDIRECT = True

    answer = browser.get("/a/T", headers={"Host": "elsewhere.example"})

    assert answer.status_code == 400
    assert b"<title>Appointment</title>" in answer.content
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["Content-Security-Policy"]
    assert browser.get("/a/T")["Cache-Control"] == "private, no-store"  # sent on to https


WORDS_THAT_TELL = re.compile(r"police|crime|victim|officer|suspect|abuse", re.IGNORECASE)


def test_nothing_that_the_door_loads_tells_what_it_is(browser, db):
    """Whoever holds the phone can read a page's files as well as the page."""
    page = browser.get("/a/T").content.decode()
    loaded = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)

    texts = {name: b"".join(browser.get(name)).decode() for name in loaded}

    assert len(texts) == 3
    found = {name: set(WORDS_THAT_TELL.findall(text)) for name, text in texts.items()}
    assert {name: words for name, words in found.items() if words} == {}
    assert WORDS_THAT_TELL.search(page) is None
