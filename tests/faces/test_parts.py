"""The shared parts: labels, hints and errors by the field, navigation by permission, weight."""

import gzip
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import sync_playwright

from tests import factories
from tests.faces import chromium, gallery

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.faces.gallery")]

FACES = {"staff": "/gallery/staff/", "public": "/a/gallery/"}
STATIC = Path(settings.BASE_DIR) / "static"


class Page(HTMLParser):
    """Every element of a page, as (name, attributes)."""

    def __init__(self, response):
        super().__init__()
        self.elements = []
        self.feed(response.content.decode())

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def all(self, *tags):
        return [attrs for tag, attrs in self.elements if tag in tags]

    @property
    def ids(self):
        return [attrs["id"] for _, attrs in self.elements if "id" in attrs]


@pytest.fixture
def fetch():
    """fetch(face, with_errors=…) gives the Page of the gallery on that face."""
    browser = factories.sign_in(Client(), factories.user("call_handler"))

    def get(face, with_errors=False):
        method = browser.post if with_errors else browser.get
        return Page(method(FACES[face]))

    return get


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("with_errors", [False, True])
def test_a_page_has_one_h1_no_id_twice_and_nothing_inline(fetch, face, with_errors):
    page = fetch(face, with_errors)

    assert len(page.all("h1")) == 1
    assert sorted(page.ids) == sorted(set(page.ids))
    assert [script for script in page.all("script") if "src" not in script] == []
    assert page.all("style") == []
    assert [a for _, attrs in page.elements for a in attrs if a == "style" or a[:2] == "on"] == []


@pytest.mark.parametrize("face", FACES)
def test_every_control_has_a_label_and_names_hint_and_error(fetch, face):
    page = fetch(face, with_errors=True)

    labelled = {attrs["for"] for attrs in page.all("label")}
    controls = [a for a in page.all("input", "textarea", "select") if a.get("type") != "hidden"]
    assert [a for a in controls if a["id"] not in labelled and "aria-label" not in a] == []
    named = [
        attrs["aria-describedby"].split()
        for _, attrs in page.elements
        if "aria-describedby" in attrs
    ]
    assert [each for ids in named for each in ids if each not in page.ids] == []
    described = {attrs["id"]: attrs.get("aria-describedby") for attrs in controls}
    assert described["id_phone"] == "id_phone_helptext id_phone_error"
    assert described["id_money"] == "id_money_error"
    groups = {attrs.get("id"): attrs.get("aria-describedby") for attrs in page.all("fieldset")}
    assert groups["id_how"] == "id_how_helptext id_how_error"
    assert described["id_how_0"] == "id_how_0_hint"


@pytest.mark.parametrize("face", FACES)
def test_the_summary_leads_to_each_field(fetch, face):
    page = fetch(face, with_errors=True)

    places = [a["href"] for a in page.all("a") if a["href"].startswith("#id_")]
    assert places == [
        "#id_phone",
        "#id_money",
        "#id_said",
        "#id_how_0",
        "#id_where_0",
        "#id_sure",
        "#id_desk",
        "#id_photo",
        "#id_when_0",
    ]
    assert [place for place in places if place[1:] not in page.ids] == []


def test_what_was_typed_stays_and_is_only_text():
    answer = Client().post(
        FACES["public"], {"phone": '"><script>alert(1)</script>', "how": "visit"}
    )

    html = answer.content.decode()
    assert "<script>alert" not in html
    assert "&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;" in html
    chosen = [a["value"] for a in Page(answer).all("input") if "checked" in a]
    assert chosen == ["visit"]


@pytest.mark.parametrize(
    ("role", "sections"),
    [
        ("call_handler", ["Triage", "Tasks", "Handset"]),
        ("video_officer", ["Triage", "Diary", "Tasks", "Handset"]),
        ("officer_in_charge", ["Triage", "Cases", "Tasks", "Handset"]),
        ("administrator", ["Handset"]),
        (None, []),
    ],
)
def test_the_navigation_shows_what_this_person_may_open(role, sections):
    browser = factories.sign_in(Client(), factories.user(role))

    html = browser.get(FACES["staff"]).content.decode()

    assert re.findall(r'class="vc-nav__link"[^>]*>([^<]+)<', html) == sections


def test_a_stranger_sees_no_navigation_and_no_name():
    html = Client().get(FACES["staff"]).content.decode()

    assert ("vc-nav" in html, "Sign out" in html) == (False, False)


def test_the_title_of_a_staff_page_says_when_there_is_an_error():
    browser = factories.sign_in(Client(), factories.user("call_handler"))

    titles = [
        re.search("<title>(.*)</title>", answer.content.decode())[1]
        for answer in (browser.get(FACES["staff"]), browser.post(FACES["staff"]))
    ]

    assert titles == ["Every part – Victim Contact", "Error: Every part – Victim Contact"]


def test_every_page_a_victim_may_see_has_the_one_title(rf):
    from victimcontact import errors

    request = rf.get("/a/x")
    pages = [
        Client().get("/a/" + "T" * 22),
        Client().post("/a/" + "T" * 22, {"word": "wrong"}),
        Client().get("/a/gallery/"),
        errors.bad_request(request),
        errors.forbidden(request),
        errors.csrf_failure(request),
        errors.not_found(request),
        errors.server_error(request),
    ]

    html = [page.content.decode() for page in pages]
    assert {re.search("<title>(.*)</title>", each)[1] for each in html} == {"Appointment"}
    assert [each for each in html if 'href="/exit"' not in each] == []
    assert [word for word in ("og:", "police", "Victim") for each in html if word in each] == []


def test_the_page_for_our_own_fault_needs_no_database(rf, django_assert_num_queries):
    from victimcontact import errors

    request = rf.get("/a/x", headers={"Cookie": "staff=abc; visit=def"})

    with django_assert_num_queries(0):
        answer = errors.server_error(request)

    assert answer.status_code == 500
    assert "Sorry, something went wrong" in answer.content.decode()


def test_a_victims_first_page_weighs_at_most_20_kb_in_four_requests(settings):
    page = Page(Client().get("/a/" + "T" * 22))
    links = [a["href"] for a in page.all("link")] + [a["src"] for a in page.all("script")]

    assert links == ["/static/img/page.svg", "/static/css/public.css", "/static/js/public.js"]
    files = [STATIC / link.removeprefix("/static/") for link in links]
    assert "import " not in files[2].read_text()
    html = len(Client().get("/a/" + "T" * 22).content)
    assert html + sum(len(gzip.compress(file.read_bytes())) for file in files) <= 20_000


@pytest.mark.parametrize("name", ["public", "staff"])
def test_styles_fetch_nothing_that_is_not_ours(name):
    css = (STATIC / "css" / f"{name}.css").read_text()

    assert "@font-face" not in css
    assert "GDS Transport" not in css
    assert "crest" not in css
    assert [url for url in re.findall(r"url\(([^)]*)\)", css) if "//" in url] == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("face", FACES)
def test_the_parts_are_accessible_and_start(live_server, monkeypatch, face, width):
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    client = factories.sign_in(Client(), factories.user("supervisor"))
    axe = (Path(settings.BASE_DIR) / "node_modules/axe-core/axe.min.js").read_text()
    faults = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.executable(playwright), args=["--no-sandbox"]
        )
        context = browser.new_context(viewport={"width": width, "height": 844})
        name = settings.SESSION_COOKIE_NAME
        context.add_cookies(
            [{"name": name, "value": client.cookies[name].value, "url": live_server.url}]
        )
        page = context.new_page()
        page.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(live_server.url + FACES[face])
        page.get_by_role("button", name="Save and go on").click()
        page.get_by_role("heading", name="There is a problem").wait_for()

        page.evaluate(axe)
        rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
        result = page.evaluate("(runOnly) => axe.run({ runOnly })", rules)
        found = [(v["id"], [n["html"] for n in v["nodes"]]) for v in result["violations"]]
        wider = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        focused = page.evaluate("document.activeElement.className")
        browser.close()

    assert found == []
    assert wider <= 0
    assert faults == []
    assert "govuk-" in focused


def test_the_gallery_shows_every_part():
    parts = {path.name for path in (Path(settings.BASE_DIR) / "templates/components").glob("[!_]*")}
    shown = set(re.findall(r"components/(\w+\.html)", gallery.STAFF))
    by_kind = {"radios.html", "checkboxes.html", "checkbox.html", "textarea.html", "group.html"}

    assert parts - shown - by_kind == {"exit.html"}
