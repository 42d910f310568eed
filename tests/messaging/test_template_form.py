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
        (
            {"body": "Unavoidable circumstances necessitate {link} accordingly: {when}."},
            "body",
            "it reads like school grade",
        ),
        ({"channel": "whatsapp"}, "channel", "Select a valid choice"),
        ({"language": "cy", "body": "Galwad {when} {link} " + "da " * 30}, "body", "long sentence"),
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


def test_every_version_is_kept_with_who_wrote_it(client, db):
    person = factories.user("administrator")
    factories.sign_in(client, person)
    client.post(reverse("admin:messaging_template_add"), form().data)
    template = Template.objects.get()
    page = reverse("admin:messaging_template_change", args=[template.pk])

    client.post(page, form(body="We see you {when}. Use {link} then.").data)

    kept = [(each.number, each.body[:3], each.saved_by) for each in template.versions.all()]
    assert kept == [(2, "We ", person), (1, "See", person)]
    shown = [each.body for each in client.get(page).context["versions"]]
    assert shown == ["We see you {when}. Use {link} then.", "See you {when}. Use {link} then."]


def test_the_preview_shows_the_longest_fill_and_what_it_costs_and_keeps_nothing(client, db):
    factories.sign_in(client, factories.user("administrator"))
    url = reverse("admin:messaging_template_preview")
    words = "Dyma'r tŷ. Ewch i {link} pan fo'n dda."

    page = client.post(url, form(language="cy", body=words).data)

    preview = page.context["preview"]
    assert preview.words == wording.longest(words, "cy")
    assert (preview.count.alphabet, preview.letters, preview.grade) == ("UCS-2", ["ŷ"], None)
    assert page.context["problems"] == ["Add {when}"]
    assert "tŷ" in page.content.decode()
    assert not Template.objects.exists()
    assert client.get(url).status_code == 405


@pytest.mark.parametrize(
    ("text", "grade"),
    [("The cat sat on the mat.", -1.4), ("{when}", 1.0), ("", 0.0)],
)
def test_reading_grades_are_as_the_formula_says(text, grade):
    assert wording.reading_grade(text) == pytest.approx(grade, abs=2)
    assert wording.reading_grade("Unavoidable circumstances necessitate reconsideration.") > 12
