"""What somebody needs, who chose what, and a caller put through: as staff meet them on pages."""

import re
import uuid
from datetime import timedelta

import pytest
from django.utils.timezone import now

from appointments.models import Appointment
from tests import factories
from tests.appointments import factories as diary
from victimcontact.accounts.roles import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def handler():
    return factories.user(Role.CALL_HANDLER)


@pytest.fixture
def page(client, handler):
    return factories.sign_in(client, handler)


def test_needs_are_recorded_once_and_shown_and_looked_for(page):
    desk = diary.desk()
    man, woman = (
        diary.shift(desk, factories.user(Role.VIDEO_OFFICER, gender=gender))
        for gender in ("male", "female")
    )
    incident = diary.video_incident()
    said = {"adaptations": ["reading", "no uniform"], "officer": "female", "language": "en-gb"}

    page.post(f"/diary/book/{incident.pk}/needs/", {**said, "interpreter": "Polish"})

    booking = page.get(f"/diary/book/{incident.pk}/").content.decode()
    for shown in (booking, page.get(f"/triage/{incident.pk}/").content.decode()):
        for need in ("Interpreter: Polish", "No uniform", "Officer: a woman", "Help with reading"):
            assert need in shown
    officers = {
        value.split(" ")[0] for value in re.findall(r'name="slot" value="([^" ]+ [^"]+)"', booking)
    }
    assert officers == {str(woman.officer_id)}
    assert str(man.officer_id) not in officers


def test_a_caller_is_put_through_only_with_their_yes_and_nothing_typed_is_lost(page, handler):
    diary.shift(starts_at=now() - timedelta(hours=1))
    incident = diary.video_incident()
    address = f"/diary/book/{incident.pk}/now/"
    typed = {"context": "Alone until six.", "key": str(uuid.uuid4())}

    refused = page.post(address, typed)
    assert (refused.status_code, Appointment.objects.count()) == (422, 0)
    assert "Alone until six." in refused.content.decode()

    page.post(address, {**typed, "permission": "on"})

    made = Appointment.objects.get()
    day = factories.sign_in(page, made.officer).get("/diary/").content.decode()
    assert "A caller is put through to you now" in day
    assert "Alone until six." in page.get(f"/diary/{made.pk}/").content.decode()
