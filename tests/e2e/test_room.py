"""Two browsers meet: they see each other, drop, come back, and nobody else gets in."""

import os
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils.timezone import now
from playwright.sync_api import expect, sync_playwright

from appointments import companions, rooms
from appointments.models import Appointment, Companion, Presence
from tests import factories as people
from tests.appointments import room_world as world
from tests.appointments.factories import WORD
from tests.faces.chromium import executable
from victimcontact import engines
from victimcontact.accounts.models import User
from victimcontact.people import links, words
from victimcontact.people.models import Link
from victimcontact.run import SOCKETS, WEB, House

pytestmark = pytest.mark.django_db(transaction=True)

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    # Without this a machine that has no network shows no candidates at all.
    "--allow-loopback-in-peer-connection",
]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DESKTOP = {"viewport": {"width": 1280, "height": 900}}
DEVICES = ["camera", "microphone"]

# Frames that this page's browser really decoded of the other side within the next seconds.
DECODED = """async (wanted) => {
  const video = document.querySelector('[data-room-remote]');
  const until = performance.now() + 12000;
  const from = video.getVideoPlaybackQuality().totalVideoFrames;
  while (performance.now() < until) {
    await Promise.race([
      new Promise((done) => video.requestVideoFrameCallback(done)),
      new Promise((done) => setTimeout(done, 500)),
    ]);
    const seen = video.getVideoPlaybackQuality().totalVideoFrames - from;
    if (seen >= wanted && video.videoWidth > 0) return seen;
  }
  return -1;
}"""


# The same of everybody who came along, as {name under the picture: frames}.
BESIDE = """async (wanted) => {
  const until = performance.now() + 15000;
  const others = document.querySelector('[data-room-others]');
  for (;;) {
    const seen = {};
    for (const tile of others.querySelectorAll('.vc-other')) {
      const video = tile.querySelector('video');
      const frames = video.videoWidth ? video.getVideoPlaybackQuality().totalVideoFrames : 0;
      const heard = video.srcObject?.getAudioTracks().some((track) => !track.muted);
      if (frames >= wanted && heard) seen[tile.querySelector('figcaption').textContent] = frames;
    }
    const all = Object.keys(seen).length === others.querySelectorAll('.vc-other').length;
    if ((all && Object.keys(seen).length) || performance.now() > until) return Object.keys(seen);
    await new Promise((done) => setTimeout(done, 200));
  }
}"""


@pytest.fixture(scope="module")
def house(django_db_setup, tmp_path_factory):
    """Web and sockets on the tests' own database: they see whatever a test makes in it."""
    database = connection.settings_dict
    address = (
        f"postgres://{database['USER']}:{database['PASSWORD']}@{database['HOST']}"
        f":{database['PORT']}/{database['NAME']}"
    )
    # These processes read the keys of this run, and keep their logs apart.
    running = House(Path(settings.STATE_DIR), environment={"DATABASE_URL": address})
    running.logs = tmp_path_factory.mktemp("logs")
    running.port, running.socket_port = engines.free_port(), engines.free_port()
    running.environment = running._complete_environment()
    # What is hashed here is read there, where nothing is cheaper than in life.
    slow = pytest.MonkeyPatch()
    slow.setitem(words._COST, "n", 2**14)
    try:
        running.begin(WEB)
        running.begin(SOCKETS)
        yield running
    finally:
        running.stop()
        slow.undo()


@pytest.fixture(scope="module")
def browser():
    # Playwright's own event loop runs in this thread; the database is used between its calls.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable(playwright), args=FLAGS)
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def meeting(house, browser):
    with Meeting(house, browser) as made:
        yield made


class Meeting:
    """An appointment five minutes from now, and the browsers of those who come to it."""

    def __init__(self, house, browser):
        self.house, self.browser, self.contexts = house, browser, []
        self.appointment = world.appointment()
        self.token = world.open_link(self.appointment).token

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for context in self.contexts:
            context.close()
        wait_until_quiet()

    def context(self, **options):
        options = {"permissions": DEVICES, **options}
        context = self.browser.new_context(**options)
        context.set_default_timeout(30_000)
        self.contexts.append(context)
        return context

    def officer(self, user=None, **options):
        client = people.sign_in(Client(), user or self.appointment.officer)
        context = self.context(**{**DESKTOP, **options})
        context.add_cookies(
            [
                {
                    "name": settings.SESSION_COOKIE_NAME,
                    "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
                    "url": self.house.url,
                }
            ]
        )
        return context.new_page()

    def room(self, page=None):
        page = page or self.officer()
        page.goto(f"{self.house.url}/diary/{self.appointment.pk}/room/")
        return page

    def victim(self, **options):
        page = self.context(**{**PHONE, **options}).new_page()
        return self.open_link(page)

    def open_link(self, page, token=None, word=WORD):
        page.goto(f"{self.house.url}/a/{token or self.token}")
        page.get_by_label("word").fill(word)
        page.get_by_role("button").click()
        expect(page).to_have_url(f"{self.house.url}/a/")
        return page

    def in_call(self):
        officer, victim = self.room(), self.victim()
        victim.get_by_role("button", name="I am ready").click()
        expect(victim.get_by_role("status").first).to_contain_text("They know you are here")
        officer.get_by_role("button", name="Let them in").click()
        sees(officer)
        sees(victim)
        return officer, victim

    def status(self):
        self.appointment.refresh_from_db()
        return self.appointment.status


def wait_until_quiet(seconds=15):
    """Wait for the servers to finish what the closed pages began: the tables are emptied next."""
    query = """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'
    """
    deadline, quiet = time.monotonic() + seconds, 0
    while quiet < 5 and time.monotonic() < deadline:
        time.sleep(0.1)
        with connection.cursor() as cursor:
            cursor.execute(query)
            is_busy = cursor.fetchone()[0] or Presence.objects.filter(left_at=None).exists()
        quiet = 0 if is_busy else quiet + 1


def sees(page, frames=5):
    """Assert that this page decodes the other side's picture."""
    seen = page.evaluate(DECODED, frames)
    assert seen >= frames, page.locator("[data-room-status]").first.get_attribute("data-status")


def says(page):
    return expect(page.locator("[data-room-status]").first)


def devices_are_dark(page):
    """Whether no track of this page's own camera or microphone is live."""
    return page.evaluate(
        "() => [...document.querySelectorAll('[data-room-self]')].every("
        "(video) => !video.srcObject || video.srcObject.getTracks().every("
        "(track) => track.readyState === 'ended'))"
    )


# The call


def test_they_see_each_other_from_the_door_to_the_end(meeting):
    officer, victim = meeting.room(), meeting.victim()
    says(officer).to_have_text("They are not here yet.")

    victim.get_by_role("button", name="Test my camera and sound").click()
    expect(victim.locator(".vc-preview")).to_be_visible()
    victim.wait_for_function("() => document.querySelector('[data-room-level]').value > 0.02")
    victim.get_by_role("button", name="I am ready").click()
    says(victim).to_have_text("They know you are here. You will be let in soon.")
    assert meeting.status() == "waiting"

    says(officer).to_have_text("They are in the waiting room. Let them in when you are ready.")
    officer.get_by_role("button", name="Let them in").click()
    sees(officer, 10)
    sees(victim, 10)
    says(officer).to_have_text("Connected.")
    says(victim).to_have_text("You are connected.")
    assert meeting.status() == "in_call"

    officer.get_by_text("End the appointment").first.click()
    officer.get_by_role("button", name="End the appointment").click()
    expect(victim.get_by_role("heading", level=1)).to_have_text("Thank you. The call has ended")
    expect(victim.locator("video")).to_have_count(0)
    says(officer).to_have_text("The call has ended.")
    assert devices_are_dark(officer)
    assert meeting.status() == "ended"
    test = meeting.appointment.device_tests.order_by("tested_at").first()
    assert (test.has_camera, test.has_microphone, test.problem) == (True, True, "")
    assert victim.title() == "Appointment"


def test_muting_hiding_and_leaving(meeting):
    officer, victim = meeting.in_call()

    victim.get_by_role("button", name="Mute me").click()
    expect(officer.get_by_text("Their microphone is off")).to_be_visible()
    expect(victim.get_by_role("button", name="Mute me")).to_have_attribute("aria-pressed", "true")
    victim.get_by_role("button", name="Hide me").click()
    expect(officer.get_by_text("Their camera is off")).to_be_visible()
    officer.get_by_role("button", name="Mute").focus()
    officer.keyboard.press("m")
    expect(victim.get_by_text("Their sound is off")).to_be_visible()

    victim.get_by_role("button", name="Leave").click()
    says(victim).to_have_text("You left the call. You can come back.")
    assert devices_are_dark(victim)
    says(officer).to_contain_text("not on the page")
    victim.get_by_role("button", name="Try again").click()
    sees(officer)
    sees(victim)


def comes_along(meeting, role="interpreter", name="Ivo Example"):
    """An interpreter with a link and a word of their own; their page at the waiting room."""
    companion = companions.add(
        appointment_id=meeting.appointment.pk,
        role=role,
        name=name,
        phone="+447700900321",
        word="harbour",
        by=meeting.appointment.officer,
        at=now(),
    )
    _, token = links.issue(
        contact=companion.contact,
        purpose=Link.Purpose.COMPANION,
        about_id=companion.pk,
        expires_at=meeting.appointment.ends_at,
        by=None,
        at=now(),
    )
    page = meeting.context(**PHONE).new_page()
    page.goto(f"{meeting.house.url}/c/{token}")
    page.get_by_label("word").fill("harbour")
    page.get_by_role("button").click()
    page.get_by_role("button", name="I am here").click()
    expect(page.get_by_text("They know you are here.")).to_be_visible()
    return page


def sees_beside(page, *names):
    """Assert that this page decodes the pictures of exactly these, and gets sound of each."""
    assert sorted(page.evaluate(BESIDE, 5)) == sorted(names)


def test_three_see_each_other_and_one_is_let_out(meeting):
    ivo = comes_along(meeting)
    officer, victim = meeting.in_call()
    assert ivo.locator("[data-room-others] video").count() == 0  # let in by nobody yet

    officer.get_by_role("button", name="Let Ivo Example in").click()
    sees_beside(ivo, "Officer", "The person you are here for")
    sees_beside(officer, "Ivo Example, Interpreter")
    sees_beside(victim, "Ivo Example, Interpreter")
    sees(officer)
    sees(victim)
    seated = Presence.objects.get(side="companion")
    assert (seated.appointment, seated.left_at) == (meeting.appointment, None)

    officer.get_by_role("button", name="Let Ivo Example out").click()
    expect(ivo.get_by_role("heading", level=1)).to_have_text("This page has closed")
    for page in (officer, victim):
        expect(page.locator("[data-room-others] video")).to_have_count(0)
        sees(page)
    assert Companion.objects.get().removed_by == meeting.appointment.officer
    seated.refresh_from_db()
    assert seated.left_at is not None


# Dropping and coming back


def test_a_reload_of_either_page_rejoins_without_being_let_in_again(meeting):
    officer, victim = meeting.in_call()

    victim.reload()
    sees(victim)
    sees(officer)
    officer.reload()
    sees(officer)
    sees(victim)
    assert meeting.status() == "in_call"


def test_the_call_goes_on_while_the_socket_server_is_dead(meeting):
    officer, victim = meeting.in_call()

    meeting.house.kill(SOCKETS)
    says(officer).to_contain_text("Signalling is down")
    sees(officer)
    sees(victim)

    meeting.house.begin(SOCKETS)
    says(officer).to_have_text("Connected.", timeout=20_000)
    victim.get_by_role("button", name="Mute me").click()
    expect(officer.get_by_text("Their microphone is off")).to_be_visible()
    sees(officer)
    sees(victim)


def test_the_victim_is_let_in_while_the_sockets_are_dead(meeting):
    officer, victim = meeting.room(), meeting.victim()
    meeting.house.kill(SOCKETS)
    victim.get_by_role("button", name="I am ready").click()
    officer.get_by_role("button", name="Let them in").click()
    expect(victim.locator(".vc-stage__remote")).to_be_visible()

    meeting.house.begin(SOCKETS)

    sees(victim)
    sees(officer)


def test_a_link_opened_on_another_phone_waits_to_be_let_in_again(meeting):
    officer, first = meeting.in_call()

    second = meeting.victim()
    says(second).to_have_text("They know you are here. You will be let in soon.")
    says(first).to_have_text("This page is closed. Open your link again.")
    assert devices_are_dark(first)

    officer.get_by_role("button", name="Let them in").click()
    sees(second)
    sees(officer)


# Who else tries


def test_a_third_joiner_is_refused_and_shown_to_the_officer(meeting):
    officer, victim = meeting.in_call()
    thief = meeting.context(**PHONE)
    thief.add_cookies(victim.context.cookies())
    third = thief.new_page()

    third.goto(f"{meeting.house.url}/a/")

    says(third).to_contain_text("This page is already open")
    expect(officer.get_by_text("Somebody else tried to join and was kept out.")).to_be_visible()
    assert third.evaluate("() => document.querySelector('[data-room-remote]').videoWidth") == 0
    assert devices_are_dark(third)
    sees(victim)
    sees(officer)


def test_another_officer_finds_no_such_room(meeting):
    other = people.user("video_officer", at_force=meeting.appointment.incident.force)
    page = meeting.officer(other)
    response = page.goto(f"{meeting.house.url}/diary/{meeting.appointment.pk}/room/")
    assert response.status == 404


def test_the_victim_of_another_appointment_meets_nobody(meeting):
    other = world.appointment()
    link = world.open_link(other)
    officer = meeting.room()
    stranger = meeting.open_link(meeting.context(**PHONE).new_page(), link.token)
    stranger.get_by_role("button", name="I am ready").click()
    says(stranger).to_contain_text("They know you are here")

    says(officer).to_have_text("They are not here yet.")
    expect(officer.get_by_role("button", name="Let them in")).to_be_hidden()
    assert meeting.status() == "booked"


# Thrown out, and getting out


def test_a_revoked_link_ends_it_within_two_seconds(meeting):
    _, victim = meeting.in_call()
    link = Presence.objects.get(side="victim", left_at=None).visit.link
    began = time.monotonic()

    links.revoke(link, by=None, at=now(), reason="lost phone")

    says(victim).to_have_text("This page is closed. Open your link again.", timeout=2_000)
    assert time.monotonic() - began < 2
    assert devices_are_dark(victim)


def test_a_disabled_officer_is_out_within_two_seconds(meeting):
    officer, _ = meeting.in_call()

    User.objects.filter(pk=meeting.appointment.officer_id).update(is_active=False)

    says(officer).to_contain_text("You are signed out of this room", timeout=2_500)
    assert devices_are_dark(officer)


def test_exit_stops_everything_and_tells_the_officer(meeting):
    officer, victim = meeting.in_call()
    tracks = victim.evaluate_handle(
        "() => document.querySelector('[data-room-self]').srcObject.getTracks()"
    )
    victim.route("**/*", lambda route: route.abort() if "bbc" in route.request.url else None)
    states = victim.evaluate(
        """(tracks) => {
          document.getElementById('exit').click();
          const videos = document.querySelectorAll("video").length;
          return [tracks.map((track) => track.readyState), videos];
        }""",
        tracks,
    )

    assert states == [["ended", "ended"], 0]
    expect(officer.get_by_text("They pressed the exit button.")).to_be_visible()
    assert rooms.has_exited(Appointment.objects.get(pk=meeting.appointment.pk))


# Without what one would wish for


def test_a_refused_camera_is_explained(meeting):
    victim = meeting.victim(permissions=[])
    victim.get_by_role("button", name="Test my camera and sound").click()
    expect(victim.get_by_text("Tap the sign beside the address")).to_be_visible()
    expect(victim.get_by_role("button", name="Test my camera and sound")).to_be_enabled()

    victim.get_by_role("button", name="I am ready").click()
    officer = meeting.room()
    officer.get_by_role("button", name="Let them in").click()

    # They see and hear, and the officer is told what is missing.
    sees(victim)
    expect(officer.get_by_text("Their camera is off")).to_be_visible()


def test_without_script_everything_up_to_the_call_works(meeting):
    victim = meeting.victim(java_script_enabled=False)
    victim.get_by_role("link", name="Change the time, or how you see us").click()
    victim.get_by_role("link", name="See other times").click()
    expect(victim.get_by_role("heading", level=1)).to_be_visible()
    victim.goto(f"{meeting.house.url}/a/")

    victim.get_by_role("button", name="I am ready").click()
    expect(victim.get_by_text("They know you are here.")).to_be_visible()
    assert meeting.status() == "waiting"


def test_the_officer_sees_who_waits_without_touching_the_page(meeting):
    page = meeting.officer()
    page.goto(f"{meeting.house.url}/diary/")
    expect(page.get_by_role("heading", level=2).first).to_contain_text("Next:")
    victim = meeting.victim()
    victim.get_by_role("button", name="I am ready").click()

    expect(page.get_by_role("heading", level=2).first).to_contain_text(
        "Waiting now:", timeout=8_000
    )
