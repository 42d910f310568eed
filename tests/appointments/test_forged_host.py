"""A text's link leads to our own public site, whatever host the request that queued it named."""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now

from appointments.models import Appointment
from messaging.models import Notification
from tests import factories
from tests.appointments import factories as diary

pytestmark = pytest.mark.django_db
ELSEWHERE = "elsewhere.example"


@pytest.fixture
def made(client):
    made = diary.appointment()
    factories.sign_in(client, factories.user("call_handler", at_force=made.incident.force))
    return made


def pages(made):
    """Each page that writes a text about this appointment, with a form that it takes."""
    slot = f"{made.officer_id} {(made.ends_at + (made.ends_at - made.starts_at)).isoformat()}"
    return {
        "confirm": {},
        "send_link_again": {},
        "cancel": {"reason": "victim asked"},
        "move": {"slot": slot, "key": str(uuid.uuid4())},
    }


@pytest.mark.parametrize("page", ["confirm", "send_link_again", "cancel", "move"])
def test_a_forged_host_changes_nothing(client, made, page):
    if page == "confirm":
        until = now() + timedelta(minutes=5)
        Appointment.objects.update(status="held", contact=None, held_until=until, booked_at=None)

    answer = client.post(
        reverse(f"appointments:{page}", args=[made.pk]),
        pages(made)[page],
        headers={"Host": ELSEWHERE},
    )

    assert answer.status_code == 400
    assert not Notification.objects.exists()


@pytest.mark.parametrize("page", ["send_link_again", "move"])
def test_a_forwarded_host_is_not_believed(client, made, settings, page):
    settings.PUBLIC_URL = "https://public.test"

    answer = client.post(
        reverse(f"appointments:{page}", args=[made.pk]),
        pages(made)[page],
        headers={"X-Forwarded-Host": ELSEWHERE, "Forwarded": f"host={ELSEWHERE}"},
    )

    assert answer.status_code == 302
    assert ELSEWHERE not in answer["Location"]
    [body] = Notification.objects.values_list("body", flat=True)
    assert "https://public.test/" in body
    assert ELSEWHERE not in body
