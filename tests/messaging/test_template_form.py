"""Wording that an administrator may not keep, and wording they may."""

import pytest
from django.urls import reverse

from messaging import wording
from messaging.forms import TemplateForm
from messaging.models import Template
from tests import factories


def form(**changes):
    values = {
        "name": "appointment_booked",
        "channel": "sms",
        "language": "en-gb",
        "subject": "",
        "body": "See you {when}. Use {link} then.",
    }
    return TemplateForm(values | changes)


def test_good_words_are_kept(db):
    assert form().is_valid(), form().errors


@pytest.mark.parametrize(
    ("changes", "field", "problem"),
    [
        ({"body": "The police will call {when}. Use {link} then."}, "body", "police"),
        ({"body": "See you {when}."}, "body", "Add {link}"),
        ({"body": "See you {when} at {link}"}, "body", "Put {link} inside the text"),
        ({"body": "Hi {name}, see you {when}. Use {link} then."}, "body", "Remove {name}"),
        ({"body": "ŵ" * 70 + "{when} {link}."}, "body", "parts in UCS-2"),
        ({"channel": "email"}, "subject", "Enter a subject"),
        ({"channel": "email", "subject": "Crime news"}, "subject", "crime"),
        ({"name": "no_such_notice"}, "name", "Select a valid choice"),
    ],
)
def test_words_that_would_harm_are_refused_beside_their_field(db, changes, field, problem):
    errors = form(**changes).errors

    assert any(problem in error for error in errors[field]), errors


def test_the_administration_uses_it(client, db):
    factories.sign_in(client, factories.user("administrator"))
    url = reverse("admin:messaging_template_add")
    values = form().data

    refused = client.post(url, values | {"body": "Police: {when} {link}."})
    kept = client.post(url, values)

    assert (refused.status_code, kept.status_code) == (200, 302)
    assert [template.body for template in Template.objects.all()] == [values["body"]]


def test_the_administration_begins_from_the_words_that_are_sent_now(client, db):
    factories.sign_in(client, factories.user("administrator"))
    page = client.get(reverse("admin:messaging_template_changelist"))

    (booked,) = [
        each
        for each in page.context["shipped"]
        if (each["name"], each["channel"]) == ("appointment_booked", "sms")
    ]
    assert booked["body"] == wording.default("appointment_booked", "sms")
    filled = client.get(booked["change"]).context["adminform"].form
    assert filled.initial["body"] == booked["body"]
    assert form(**{name: filled.initial[name] for name in ("name", "channel", "body")}).is_valid()
