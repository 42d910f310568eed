from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import InternalError, ProgrammingError, transaction

from tests import factories
from triage import policies, thrive
from triage.models import Policy

pytestmark = pytest.mark.django_db
NOON = factories.NOON


def shipped_before():
    return factories.policy(data={"version": "old"}, name="Shipped old")


def test_shipped_policy_is_published_once():
    first = policies.published(at=NOON)
    second = policies.ensure_shipped_policy(NOON + timedelta(days=1))

    assert first == second
    assert (first.version, first.published_at) == (1, NOON)
    assert policies.rules(first).version == thrive.default_policy().version


def test_new_release_retires_what_an_older_one_shipped():
    old = shipped_before()

    new = policies.ensure_shipped_policy(NOON)

    old.refresh_from_db()
    assert (old.status, new.version) == ("retired", 2)
    assert policies.published(at=NOON) == new


def test_a_force_that_published_its_own_keeps_it():
    own = factories.policy(data={"version": "own"}, published_by=factories.user("administrator"))

    assert policies.ensure_shipped_policy(NOON) == own
    assert policies.published(at=NOON) == own


def test_published_policy_refuses_change():
    policy = factories.policy()

    with pytest.raises((ProgrammingError, InternalError)), transaction.atomic():
        Policy.objects.filter(pk=policy.pk).update(data={})


def test_command_says_which_policy_is_in_force(capsys):
    call_command("publish_policy")

    assert capsys.readouterr().out == f"In force: {Policy.objects.get()}\n"
