"""Rows of the portal for tests, made through its services: a case is never half a case."""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.test import RequestFactory
from django.urls import reverse

from portal import cases, invitations
from tests import factories
from victimcontact.people import visits

NOON = factories.NOON
WORD = "Bluebell lantern"


def victim(**fields):
    """A person with a phone who agreed how to be reached and by which word; a name is safe."""
    plan = fields.pop("plan", {})
    person = factories.contact(**{"name": "Robin Example", **fields})
    lasting = {"expires_at": NOON + timedelta(days=3650)}
    factories.plan(person, **{"word": WORD, "officer_name_safe": True, **lasting, **plan})
    return person


def case(*, of=None, officer=None, flags=(), at=NOON, crime_type="assault", **incident_fields):
    """An open case of a victim (or of the contact ``of``), as if just recorded at ``at``."""
    incident = factories.incident(victim=of or victim(), at=at, **incident_fields)
    factories.assessment(incident, at=at, flags=list(flags))
    crime = factories.crime(incident, officer=officer, at=at, crime_type=crime_type)
    return cases.open_case(crime=crime, by=crime.recorded_by, at=at)


def invited(at=NOON, **fields):
    """A case whose victim is invited; the text waits in the outbox."""
    made = case(at=at, **fields)
    invitations.invite(made, by=made.officer_in_charge, at=at)
    made.refresh_from_db()
    return made


def token_of(notification):
    """The token in a text, as the person who got it would have it."""
    return notification.body.split("/p/")[1].split()[0]


def visit(client, a_case, *, at=None):
    """Open the newest portal link of ``a_case`` on a test client with the right word.

    ``at`` is the real present unless said: the client's requests happen now.
    """
    from messaging.models import Notification

    at = at or datetime.now(UTC)
    notification = (
        Notification.objects.filter(about_id=a_case.pk, template__startswith="portal_")
        .order_by("-queued_at", "-id")
        .first()
    )
    opened, key = visits.open_visit(
        token_of(notification), WORD, RequestFactory().post(reverse("portal:home")), at
    )
    client.cookies[settings.VISIT_COOKIE_NAME] = key
    return opened
