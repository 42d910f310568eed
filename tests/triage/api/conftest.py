"""Another system at the door: a client of the force with its token."""

import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.utils.timezone import now

from tests import factories
from triage.api import tokens
from triage.api.models import ApiClient, Scope

REPORT = {
    "their_reference": "CC-2026-1",
    "channel": "online",
    "words": "A man I do not know hit me outside the shop yesterday. He ran off.",
    "answers": {"victim_age": 84, "offender_present": False, "safe_to_talk": True},
    "caller": {"name": "Robin Example", "phone": "07700 900123"},
}
AT_THE_DOOR = "My ex is outside my house with a knife. He says he will kill me."


class System:
    """Speaks for one ApiClient, as its program would."""

    def __init__(self, row, token):
        self.row, self.token = row, token
        self.client = Client(raise_request_exception=False)

    def get(self, address, **query):
        return self.client.get(address, query, headers=self._headers())

    def post(self, address, body, key=None, **more):
        headers = self._headers() | {"Idempotency-Key": key or str(uuid.uuid4())}
        return self.client.post(
            address, body, content_type="application/json", headers=headers, **more
        )

    def report(self, key=None, **changes):
        body = {**REPORT, "their_reference": str(uuid.uuid4()), **changes}
        return self.post("/api/v1/incidents/", body, key)

    def _headers(self):
        return {"Authorization": f"Bearer {self.token}"}


def system(*scopes, at_force=None, name="Online reports", **fields):
    row = ApiClient.objects.create(
        force=at_force or factories.force(),
        system=name,
        scopes=list(scopes or Scope),
        **{"expires_at": now() + timedelta(days=30), **fields},
    )
    return System(row, tokens.renew(row, by=None, at=now()))


@pytest.fixture
def online(db):
    """A system that sends reports and reads how its own stand."""
    return system(Scope.REPORT, Scope.READ)
