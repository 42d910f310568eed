"""The victim's phone on a page: what arrived, as it arrived, and never in production."""

import os
import subprocess
import sys

import pytest
from django.conf import settings as django_settings
from django.urls import reverse

from messaging import phones, sending
from messaging.models import InboundText
from tests import factories
from tests.messaging.conftest import LINK
from victimcontact.people.models import ContactPlan


@pytest.fixture
def page(client, db):
    return factories.sign_in(client, factories.user("call_handler"))


def test_a_text_shows_after_it_was_sent_with_its_link_to_press(page, queue, contact):
    queue()
    before = page.get(reverse("messaging:handset")).content.decode()
    sending.send_next()
    after = page.get(reverse("messaging:handset")).content.decode()

    assert "Your call is on" not in before
    assert f'<a href="{LINK}"' in after
    assert contact.name in after


def test_the_phones_are_sent_again_only_when_something_came(page, queue):
    queue(), queue("portal_message")
    sending.send_next()
    first = page.get(reverse("messaging:phones"))
    seen = first.context["seen"]

    same = page.get(reverse("messaging:phones"), {"seen": seen})
    sending.send_next()
    news = page.get(reverse("messaging:phones"), {"seen": seen})

    assert (same.status_code, same.content) == (204, b"")
    assert news.status_code == 200
    assert "You have a new message" in news.content.decode()


def test_words_of_a_text_are_shown_as_words(page, queue):
    queue("portal_message", context={"link": "<script>alert(1)</script>"})
    sending.send_next()

    assert "<script>alert" not in page.get(reverse("messaging:handset")).content.decode()


def test_what_went_through_a_provider_is_not_on_the_handset(page, queue, twilio):
    queue()
    sending.send_next()

    assert "Your call is on" not in page.get(reverse("messaging:handset")).content.decode()


def test_a_text_back_comes_in_as_from_a_network(page, queue, contact):
    queue()
    sending.send_next()
    url = reverse("messaging:handset_reply", args=[contact.pk])

    page.post(url, {"body": "STOP"})
    answer = page.post(url, {"body": ""}, follow=True)

    text = InboundText.objects.get()
    assert (text.contact, text.body) == (contact, "STOP")
    assert contact.plan.channels["sms"] == "unsafe"
    assert "Enter a text" in answer.content.decode()


def test_every_phone_is_found_by_page_or_by_its_number(page, queue, now):
    people = [
        factories.contact(name=f"Robin {n}", phone=f"+4477009004{n:02d}", created_at=now)
        for n in range(phones.MOST_PHONES + 1)
    ]
    namesake = factories.contact(phone=people[0].phone, name="Her sister", created_at=now)
    for person in [*people, namesake]:
        factories.plan(person, at=now)
        queue(to=person)
        sending.send_next()
    url = reverse("messaging:handset")

    first, second = (page.get(url, {"page": number}) for number in (1, 2))
    found = page.post(url, {"of": "07700 900400"}, follow=True)
    alone = found.redirect_chain[0][0].partition("?")[2]
    polled = page.get(f"{reverse('messaging:phones')}?{alone}")
    answered = page.post(
        f"{reverse('messaging:handset_reply', args=[namesake.pk])}?{alone}", {"body": "Hello"}
    )
    nobody = page.post(url, {"of": "07700 900999"})

    def names(answer):
        return [phone.contact.name for phone in answer.context["phones"]]

    latest_first = ["Her sister", *(person.name for person in reversed(people))]
    assert names(first) + names(second) == latest_first
    assert names(found) == names(polled) == ["Her sister", "Robin 0"]
    assert answered.url == f"{url}?{alone}"
    assert "900400" not in alone
    assert (nobody.status_code, names(nobody)) == (422, names(first))


def test_the_calendar_file_of_an_email_is_there_to_read_and_to_save(page, queue, contact, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    ContactPlan.objects.filter(contact=contact).update(channels={"email": "safe", "sms": "safe"})
    file = "BEGIN:VCALENDAR\r\nSUMMARY:Appointment\r\nEND:VCALENDAR\r\n"
    sent = queue("appointment_calendar", channel="email", context={"calendar": file})
    other = queue()
    for _ in range(2):
        sending.send_next()

    shown = page.get(reverse("messaging:handset")).content.decode()
    saved = page.get(reverse("messaging:handset_calendar", args=[sent.pk]))

    assert "SUMMARY:Appointment" in shown
    assert (saved["Content-Type"], saved.content.decode()) == (
        "text/calendar; charset=utf-8",
        file,
    )
    assert page.get(reverse("messaging:handset_calendar", args=[other.pk])).status_code == 404


def test_someone_without_a_handset_cannot_be_spoken_for(page):
    url = reverse("messaging:handset_reply", args=[factories.contact().pk])

    assert page.post(url, {"body": "Hello"}).status_code == 404


def test_it_wants_a_sign_in(client, db):
    assert client.get(reverse("messaging:handset")).status_code == 302


def test_in_production_it_has_no_address():
    """A process of its own, with production's settings, knows no such page."""
    script = (
        "import django; django.setup()\n"
        "from django.urls import NoReverseMatch, reverse\n"
        "reverse('messaging:staff_tasks')\n"
        "for name in ('handset', 'phones'):\n"
        "    try: reverse(f'messaging:{name}')\n"
        "    except NoReverseMatch: print('none')\n"
    )
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "victimcontact.settings",
        "ENVIRONMENT": "production",
        "DEMONSTRATION": "false",
        "FACE": "staff",
        "SECRET_KEY": "x" * 60,
        "FIELD_KEYS": ",".join(f"{n}:{key}" for n, key in django_settings.FIELD_KEYS.items()),
        "INDEX_KEY": django_settings.INDEX_KEY,
        "DATABASE_URL": django_settings.DATABASE_URL,
        "REDIS_URL": django_settings.REDIS_URL,
        "PUBLIC_URL": "https://appointments.example.org",
        "STAFF_URL": "https://staff.example.org",
        "SOCKET_URL": "wss://staff.example.org",
        "ALLOWED_HOSTS": "staff.example.org",
        "TWILIO_ACCOUNT_SID": "AC1",
        "TWILIO_AUTH_TOKEN": "token",
        "TWILIO_FROM": "+447700900999",
    }
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=django_settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.stdout.split() == ["none", "none"], done.stderr
