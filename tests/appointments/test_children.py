"""Children at the address: seen and spoken to, or somebody says why not."""

import re

import pytest
from django.urls import reverse
from django.utils.timezone import now

from tests import factories
from tests.appointments import factories as diary
from triage.models import Child, Participant
from victimcontact.accounts.roles import Role
from victimcontact.audit.models import Entry

pytestmark = pytest.mark.django_db


@pytest.fixture
def made():
    return diary.appointment()


@pytest.fixture
def officer(client, made):
    return factories.sign_in(
        client, factories.user(Role.VIDEO_OFFICER, at_force=made.incident.force)
    )


def there(made):
    return reverse("appointments:children", args=[made.pk])


def is_asked_anew(made):
    return made.incident.reviews.get(done_at=None).due_at <= now()


def test_a_child_is_put_on_the_report_and_a_victim_asks_for_a_fresh_assessment(officer, made):
    said = {"who": "Mia, 7", "seen": "spoken", "is_victim": "on"}

    assert officer.post(there(made), said).status_code == 302

    child = Child.objects.get()
    assert child.participant.role == Participant.Role.CHILD
    assert is_asked_anew(made)
    shown = "Mia, 7: seen and spoken to; a victim, too"
    assert shown in officer.get(f"/diary/{made.pk}/").content.decode()
    entry = Entry.objects.get(type="child.recorded")
    assert "Mia" not in str(entry.detail)


def test_who_was_not_spoken_to_needs_a_reason_and_nothing_typed_is_lost(officer, made):
    answer = officer.post(there(made), {"who": "A boy of 4", "seen": "not_seen"})

    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Say why you did not speak to them" in page
    assert "A boy of 4" in page
    assert not Child.objects.exists()


def test_said_anew_it_is_the_same_child(officer, made):
    said = {"who": "A boy of 4", "seen": "not_seen", "why_not": "At nursery", "is_victim": "on"}
    officer.post(there(made), said)
    assert is_asked_anew(made)
    [child] = Child.objects.all()
    page = officer.get(there(made), {"child": child.pk}).content.decode()
    assert "Update: A boy of 4" in page
    [tick] = re.findall(r'<input[^>]*name="is_victim"[^>]*>', page)
    assert "checked" in tick

    officer.post(there(made), {"child": child.pk, "seen": "spoken"})

    [again] = Child.objects.all()
    assert (again.pk, again.seen, again.why_not) == (child.pk, "spoken", "")
    assert Participant.objects.filter(role="child").count() == 1


def test_the_report_tells_of_the_children(client, officer, made):
    officer.post(there(made), {"who": "Mia, 7", "seen": "spoken"})
    factories.sign_in(client, factories.user(Role.CALL_HANDLER, at_force=made.incident.force))

    page = client.get(f"/triage/{made.incident_id}/").content.decode()

    assert "Mia, 7: seen and spoken to" in page
