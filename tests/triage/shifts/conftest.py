"""The people of a shift."""

import pytest

from tests import factories
from victimcontact.accounts.roles import Role


@pytest.fixture
def handler(db):
    return factories.user(Role.CALL_HANDLER, last_name="Handler")


@pytest.fixture
def other(db):
    return factories.user(Role.CALL_HANDLER, last_name="Other")


@pytest.fixture
def leader(db):
    return factories.user(Role.TEAM_LEADER, last_name="Leader")
