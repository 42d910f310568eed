"""A victim's session: how long it lives, what ends it, what its cookie may do."""

from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils.timezone import now

from victimcontact.audit.models import Entry
from victimcontact.people import links, visits
from victimcontact.people.models import Visit

WORD = "Wrens in March"


def open_link(made, client=None):
    """Open a link in a browser. Returns (client, visit)."""
    client = client or Client()
    assert client.post(f"/a/{made.token}", {"word": WORD}).status_code == 303
    return client, visits.find(client.cookies["visit"].value, now())


def ask(client_or_key, purpose="appointment"):
    """The status that a guarded page answers."""
    key = getattr(client_or_key, "cookies", None)
    key = key["visit"].value if key is not None else client_or_key
    request = RequestFactory().get("/a/")
    request.COOKIES["visit"] = key
    return page(purpose)(request)


def page(purpose):
    return visits.require_visit(purpose)(lambda request: HttpResponse(str(request.visit.pk)))


def test_a_page_behind_the_door_knows_its_visit(make_link):
    client, visit = open_link(make_link())

    answer = ask(client)

    assert (answer.status_code, answer.content.decode()) == (200, str(visit.pk))


@pytest.mark.parametrize("key", ["", "x", "A" * 43])
def test_without_a_visit_a_page_says_only_that_it_has_closed(db, key):
    answer = ask(key)

    assert answer.status_code == 403
    assert "This page has closed" in answer.content.decode()


def test_whoever_opened_a_link_that_was_shut_is_not_sent_back_to_it(make_link):
    shut, idle, strangers = make_link(), make_link(), "A" * 43
    (kept_open, _), (left, _) = open_link(shut), open_link(idle)
    links.revoke(shut.link, by=None, at=now(), reason="let out")
    Visit.objects.filter(link=idle.link).update(ended_at=now(), ended_why="idle")

    said = [ask(key).content.decode() for key in (kept_open, left, strangers)]

    again = "open the link you were sent and type your word again"
    assert [again in page for page in said] == [False, True, True]
    assert "The link you opened cannot be used any more" in said[0]
    assert "let out" not in said[0]
    assert said[1] == said[2]


def test_a_visit_opens_no_page_of_the_other_purpose(make_link):
    client, _ = open_link(make_link())

    assert ask(client, "portal").status_code == 403


def test_opening_again_ends_the_visit_before(make_link):
    made = make_link()
    first, _ = open_link(made)
    second, _ = open_link(made)

    assert ask(first).status_code == 403
    assert ask(second).status_code == 200
    assert list(Visit.objects.values_list("ended_why", flat=True).order_by("opened_at")) == [
        "replaced",
        "",
    ]


def test_opening_gives_a_new_key_whatever_key_was_there(make_link):
    made = make_link()
    client = Client()
    client.cookies["visit"] = "planted-by-someone-else"

    open_link(made, client)

    key = client.cookies["visit"].value
    assert key != "planted-by-someone-else"
    assert len(key) == 43
    assert ask("planted-by-someone-else").status_code == 403


def test_the_cookie_stays_in_this_browser_and_goes_with_it(make_link, settings):
    client, _ = open_link(make_link())
    cookie = client.cookies["visit"]

    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/")
    assert (cookie["max-age"], cookie["expires"], cookie["domain"]) == ("", "", "")


def test_over_https_the_cookie_is_bound_to_the_host(make_link, settings):
    settings.SECURE, settings.VISIT_COOKIE_NAME = True, "__Host-visit"
    client = Client()

    client.post(f"/a/{make_link().token}", {"word": WORD})
    cookie = client.cookies["__Host-visit"]

    assert (bool(cookie["secure"]), cookie["path"], cookie["domain"]) == (True, "/", "")


@pytest.mark.parametrize(("minutes", "live"), [(9.9, True), (10, False)])
def test_a_visit_idles_no_longer_than_ten_minutes(make_link, minutes, live):
    _, visit = open_link(make_link(purpose="portal"))

    assert visits.is_live(visit, visit.opened_at + timedelta(minutes=minutes)) is live


@pytest.mark.parametrize(("minutes", "live"), [(59, True), (60, False)])
def test_a_visit_to_the_case_ends_after_an_hour(make_link, minutes, live):
    _, visit = open_link(make_link(purpose="portal"))
    for minute in range(0, 60, 5):
        visits.touch(visit, visit.opened_at + timedelta(minutes=minute))
    visit.refresh_from_db()

    assert visits.is_live(visit, visit.opened_at + timedelta(minutes=minutes)) is live


def test_a_visit_to_an_appointment_lasts_while_used_until_that_is_over(make_link):
    made = make_link(expires_in=timedelta(hours=24 + 3))  # the appointment ends in three hours
    _, visit = open_link(made)

    assert visit.ends_at == made.link.expires_at - timedelta(hours=24) + visits.OVERRUN


def test_use_is_noted_twice_a_minute_at_most(make_link):
    _, visit = open_link(make_link())
    seen = visit.last_seen_at

    visits.touch(visit, seen + timedelta(seconds=29))
    visit.refresh_from_db()
    assert visit.last_seen_at == seen

    visits.touch(visit, seen + timedelta(seconds=31))
    visit.refresh_from_db()
    assert visit.last_seen_at == seen + timedelta(seconds=31)


def test_a_revoked_link_shuts_its_visit_out_at_the_next_request(make_link):
    made = make_link()
    client, visit = open_link(made)

    links.revoke(made.link, by=None, at=now(), reason="number changed")

    assert ask(client).status_code == 403
    visit.refresh_from_db()
    assert visit.ended_why == "revoked"


def test_a_changed_number_shuts_every_link_of_that_person_alone(make_link, make_person):
    robin, other = make_person(), make_person()
    shut = [make_link(contact=robin) for _ in range(2)]
    kept = make_link(contact=other)
    links.revoke(shut[0].link, by=None, at=now(), reason="first")

    assert links.revoke_all(by=None, at=now(), reason="number changed", contact=robin) == 1
    assert links.revoke_all(by=None, at=now(), reason="number changed", contact=robin) == 0

    assert [Client().post(f"/a/{m.token}", {"word": WORD}).status_code for m in [*shut, kept]] == [
        200,
        200,
        303,
    ]


@pytest.mark.parametrize("method", ["get", "post"])
def test_exit_ends_the_visit_and_leads_away(make_link, settings, method):
    client, visit = open_link(make_link())
    key = client.cookies["visit"].value

    answer = getattr(client, method)("/exit")

    assert (answer.status_code, answer["Location"]) == (303, settings.EXIT_URL)
    assert answer["Clear-Site-Data"] == '"cache", "cookies", "storage"'
    assert "no-store" in answer["Cache-Control"]
    assert answer.cookies["visit"].value == ""
    assert answer.cookies["visit"]["max-age"] == 0
    assert ask(key).status_code == 403
    visit.refresh_from_db()
    assert visit.ended_why == "exit"
    assert Entry.objects.filter(type="visit.ended", detail={"why": "exit"}).count() == 1


@pytest.mark.parametrize("key", [None, "", "planted", "A" * 43])
def test_exit_works_without_a_live_visit(db, settings, key):
    client = Client(enforce_csrf_checks=True)
    if key is not None:
        client.cookies["visit"] = key

    answers = [client.post("/exit"), client.get("/exit")]

    assert [a["Location"] for a in answers] == [settings.EXIT_URL] * 2


def test_a_prefetched_exit_ends_nothing(make_link):
    client, _ = open_link(make_link())

    client.get("/exit", headers={"Sec-Purpose": "prefetch"})

    assert ask(client).status_code == 200


def test_only_being_there_makes_a_visit_last(make_link, monkeypatch):
    client, visit = open_link(make_link(purpose="portal"))
    at = visit.opened_at + timedelta(minutes=9)
    monkeypatch.setattr("victimcontact.people.views.now", lambda: at)

    answers = [client.get("/still"), client.get("/still"), client.post("/still")]

    assert [answer.json() for answer in answers] == [
        {"seconds": 60},
        {"seconds": 60},
        {"seconds": 600},
    ]
    assert Client().post("/still").json() == {"seconds": 0}


def test_being_there_does_not_make_a_visit_last_for_ever(make_link):
    _, visit = open_link(make_link(purpose="portal"))
    for minute in range(0, 60, 5):
        visits.touch(visit, visit.opened_at + timedelta(minutes=minute))
    visit.refresh_from_db()

    assert visits.seconds_left(visit, visit.opened_at + timedelta(minutes=59)) == 60
    assert visits.seconds_left(visit, visit.opened_at + timedelta(minutes=60)) == 0
