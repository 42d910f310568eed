"""Two hands at once: real threads on the real database."""

from uuid import uuid4

import pytest

from messaging.models import Message, Notification
from portal import cases, invitations, talk
from portal.models import CaseEvent
from tests import factories
from tests.at_once import at_once, broken
from tests.portal import factories as portal

pytestmark = pytest.mark.django_db(transaction=True)
NOON = factories.NOON
HANDS = 6


def hands(act):
    """What ``act`` answers to each of several that begin together: nobody is refused."""
    made = at_once(*[act] * HANDS)
    assert broken(made) == []
    return made


def test_an_update_pressed_at_once_is_published_once():
    case, key = portal.invited(), uuid4()
    officer = case.officer_in_charge

    made = hands(lambda: cases.publish(case, key=key, said="News.", by=officer, at=NOON).pk)

    assert set(made) == {key}
    assert CaseEvent.objects.filter(case=case, type="update").count() == 1
    assert Notification.objects.filter(template="portal_message").count() == 1


def test_a_message_sent_at_once_is_said_once():
    case, key = portal.invited(), uuid4()

    made = hands(
        lambda: talk.write(case, author=case.officer_in_charge, body="Hello.", key=key, at=NOON).pk
    )

    assert len(set(made)) == 1
    assert Message.objects.count() == 1
    assert Notification.objects.filter(template="portal_message").count() == 1


def test_a_case_opened_at_once_is_one_case():
    incident = factories.incident(victim=portal.victim(), grade=3)
    crime = factories.crime(incident)

    made = hands(lambda: cases.open_case(crime=crime, by=crime.recorded_by, at=NOON).pk)

    assert len(set(made)) == 1
    assert CaseEvent.objects.count() == 1


def test_an_invitation_pressed_at_once_is_one_text():
    case = portal.case()

    hands(lambda: invitations.invite(case, by=case.officer_in_charge, at=NOON).is_made)

    assert Notification.objects.count() == 1
