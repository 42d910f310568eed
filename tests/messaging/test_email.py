"""E-mail: the words twice, and nothing that tells more than they do."""

import re

import pytest

from messaging import sending
from messaging.models import Notification
from messaging.transports import Parcel, email
from victimcontact.people.models import ContactPlan

LINK = "https://appointments.example.org/a/AAAAAAAAAAAAAAAAAAAAAA"


@pytest.fixture(autouse=True)
def house(settings):
    settings.PUBLIC_URL = "https://appointments.example.org"


@pytest.fixture
def message(queue, contact, mailoutbox, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    contact.language = "cy"
    contact.save()
    ContactPlan.objects.filter(contact=contact).update(channels={"email": "safe"})
    queue(channel="email")
    sending.send_next()
    [found] = mailoutbox
    return found


def test_it_says_the_same_in_two_ways_and_carries_nothing_else(message):
    [(html, kind)] = message.alternatives
    paragraphs = re.sub(r"<br>", "\n", re.search(r"<body>(.*)</body>", html, re.S).group(1))

    assert kind == "text/html"
    said = "\n\n".join(re.findall(r"<p>(.*?)</p>", paragraphs, re.S))
    assert re.sub(r"<.*?>", "", said).replace("&#x27;", "'") == message.body
    assert set(re.findall(r"<(\w+)", html)) == {
        "html", "head", "meta", "title", "body", "p", "br", "a",
    }  # fmt: skip
    assert re.findall(r'(?:href|src)="(.*?)"', html) == [LINK]
    assert (message.attachments, message.cc, message.bcc) == ([], [], [])


def test_its_subject_title_and_language_give_nothing_away(message):
    [(html, _)] = message.alternatives

    assert re.search(r"<title>(.*?)</title>", html).group(1) == message.subject == "Eich galwad"
    assert '<html lang="cy">' in html
    assert set(message.extra_headers) == {"Message-ID", "Auto-Submitted"}


def test_words_that_look_like_a_page_stay_words():
    parcel = Parcel(
        id=Notification().pk,
        to="robin@example.org",
        subject="<b>Your call",
        body='<img src="https://elsewhere.example/x">\nhttps://elsewhere.example/y',
    )

    html = email.as_html(parcel)

    assert ("<img" in html, "<b>" in html, "<a " in html) == (False, False, False)
