"""The THRIVE policy in force: a row, published once and never changed."""

import gc
import json
import tomllib
from functools import cache, lru_cache

from django.db import transaction
from django.db.models import Max

from triage import thrive
from triage.models import Policy
from triage.thrive.policy import SHIPPED
from victimcontact.audit import ledger

PUBLISHED = """
select id, version, name, status, created_at, created_by_id, published_at, published_by_id
  from triage_policy where status = %s
"""


def published(*, at) -> Policy:
    """The policy in force. Publishes the shipped one at ``at`` where none ever was."""
    # Each pause in typing asks for it: as SQL, since putting it together takes longer than the
    # answer. Its rules are large, and ``rules`` has them read already.
    found = Policy.objects.raw(PUBLISHED, [Policy.Status.PUBLISHED])
    return next(iter(found), None) or ensure_shipped_policy(at)


@transaction.atomic
def ensure_shipped_policy(at) -> Policy:
    """Publish the policy that ships with the code, unless a person published one of their own.

    Safe to call at every start: nothing changes while the published one says the same. One that
    an older release shipped is retired. Raises thrive.PolicyError when the file cannot be used.
    """
    data = json.loads(_shipped())
    now = Policy.objects.select_for_update().filter(status=Policy.Status.PUBLISHED).first()
    if now and (now.published_by_id or now.data == data):
        return now
    if now:
        now.status = Policy.Status.RETIRED
        now.save(update_fields=["status"])
    last = Policy.objects.aggregate(last=Max("version"))["last"] or 0
    # Two processes may start at once: the constraint on the version lets one of them through.
    policy, made = Policy.objects.get_or_create(
        version=last + 1,
        defaults={
            "name": f"Shipped {data['version']}",
            "status": Policy.Status.PUBLISHED,
            "data": data,
            "created_at": at,
            "published_at": at,
        },
    )
    if made:
        ledger.record("policy.published", about=policy, at=at, version=policy.version)
    return policy


def rules(policy: Policy) -> thrive.Policy:
    """The rules of a published ``policy``; reading them takes half a second, once a process."""
    return _rules(policy.pk)


def draft_rules(policy: Policy) -> thrive.Policy:
    """The rules of ``policy`` as its row stands, whether published or still changing."""
    return _read(json.dumps(policy.data))


@cache
def _shipped():
    """The shipped policy as JSON, checked."""
    data = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))
    thrive.Policy.from_dict(data)
    return json.dumps(data)


@lru_cache(maxsize=4)
def _rules(policy_id):
    return _kept(json.dumps(Policy.objects.values_list("data", flat=True).get(pk=policy_id)))


@lru_cache(maxsize=4)
def _kept(data):
    read = _read(data)
    # Half a million small things that stay: the collector need not walk them at each round.
    gc.collect()
    gc.freeze()
    return read


@lru_cache(maxsize=4)
def _read(data):
    return thrive.Policy.from_dict(json.loads(data))


def check(data) -> None:
    """Raise thrive.PolicyError (a ValueError), which names the place, unless ``data`` is usable."""
    thrive.Policy.from_dict(data)


@transaction.atomic
def draft_from(policy: Policy, *, by, at) -> Policy:
    """A draft that begins as a copy of ``policy``."""
    last = Policy.objects.select_for_update().order_by("-version").first()
    draft = Policy.objects.create(
        version=last.version + 1,
        name=policy.name,
        data=policy.data,
        created_at=at,
        created_by=by,
    )
    ledger.record("policy.drafted", by=by, about=draft, at=at, copied_from=policy.version)
    return draft


@transaction.atomic
def publish(policy: Policy, *, by, at) -> Policy:
    """Put ``policy`` in force and retire the one before: a draft, or an older version again.

    Raises thrive.PolicyError when the engine cannot use it; then nothing changes.
    """
    check(policy.data)
    now = Policy.objects.select_for_update().filter(status=Policy.Status.PUBLISHED).first()
    if now == policy:
        return now
    if now:
        now.status = Policy.Status.RETIRED
        now.save(update_fields=["status"])
    policy.status, policy.published_at, policy.published_by = Policy.Status.PUBLISHED, at, by
    policy.save(update_fields=["status", "published_at", "published_by"])
    ledger.record("policy.published", by=by, about=policy, at=at, version=policy.version)
    return policy
