import pytest
from django.template import engines

from tests import factories
from triage import rooms


def test_each_rooms_part_sees_its_own_names_and_stands_in_its_place(rf, monkeypatch):
    def of(name):
        return lambda incident, user, at: {"title": f"{name} of {incident}"}

    monkeypatch.setattr(
        rooms,
        "PANELS",
        (
            rooms.Panel("one", of("one"), template="components/_error.html"),
            rooms.Panel("two", of("two"), rooms.SIDE),
            rooms.Panel("none", lambda incident, user, at: None, rooms.SIDE),
        ),
    )

    found = rooms.panels_of("I1", None, None)

    assert [panel.context["title"] for panel in found["main"]] == ["one of I1"]
    assert [panel.path for panel in found["side"]] == ["triage/two/_incident.html"]
    page = engines["django"].from_string(
        "{% load rooms %}{% for panel in found.main %}{% room_panel panel %}{% endfor %}"
        "[{{ title }}]"
    )
    assert "[]" in page.render({"found": found})


@pytest.mark.django_db
def test_every_part_shows_on_an_incidents_page(client):
    incident = factories.incident(grade=3)
    page = factories.sign_in(client, factories.user("call_handler")).get(f"/triage/{incident.pk}/")

    assert page.status_code == 200
    for panel in (shown for place in page.context["rooms"].values() for shown in place):
        assert set(panel.context), panel.path
