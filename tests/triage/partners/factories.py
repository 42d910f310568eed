"""Agencies and referrals for tests."""

import uuid
from datetime import timedelta

from tests import factories
from triage.partners import referring
from triage.partners.models import AgencyKind, PartnerAgency
from victimcontact.accounts.roles import Role

NOON = factories.NOON
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def agency(at_force=None, *, kind=AgencyKind.HOUSING, **fields):
    """An agency in use, reached by telephone; of that kind one in a force."""
    fields = {"name": f"Northmoor {kind}", "telephone": "020 7946 0100", **fields}
    found, _ = PartnerAgency.objects.get_or_create(
        force=at_force or factories.force(), kind=kind, name=fields.pop("name"), defaults=fields
    )
    return found


def asked(**fields):
    """The keywords of ``referring.make`` but ``agency``, ``by`` and ``at``."""
    return {
        "asked": "A man lives in her flat and will not go. Please visit.",
        "way": "telephone",
        "consent": "given",
        "key": uuid.uuid4(),
        **fields,
    }


def referral(of=None, *, to=None, by=None, at=NOON, **fields):
    """A referral of an incident, as a handler of its force made it."""
    of = of or factories.incident(grade=3, at=at)
    by = by or factories.user(Role.CALL_HANDLER, at_force=of.force)
    to = to or agency(of.force)
    return referring.make(of, agency=to, **asked(**fields), by=by, at=at)
