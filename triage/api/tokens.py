"""Tokens of other systems: made, renewed, withdrawn, and whose one is."""

import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models import Q

from triage.api.models import ApiClient
from victimcontact.audit import ledger
from victimcontact.lib.hashing import keyed_hash

PREFIX = "vc_"  # so that a token found where it should not be is known for what it is
OLD_TOKEN_LASTS = timedelta(hours=1)


@transaction.atomic
def renew(client: ApiClient, *, by, at) -> str:
    """A new token for ``client``: shown this once, kept as a hash. The one before works an hour.

    So another system can take up the new one without losing a report. Where the old one is in
    wrong hands, ``withdraw`` first.
    """
    client = ApiClient.objects.select_for_update().get(pk=client.pk)
    token = PREFIX + secrets.token_urlsafe(32)
    client.old_token_hash = client.token_hash
    client.old_token_until = at + OLD_TOKEN_LASTS if client.token_hash else None
    client.token_hash, client.token_ends_in = _hash(token), token[-4:]
    client.save(update_fields=["token_hash", "token_ends_in", "old_token_hash", "old_token_until"])
    ledger.record("api.token_made", by=by, about=client, at=at)
    return token


@transaction.atomic
def withdraw(client: ApiClient, *, by, at) -> None:
    """Take every token of ``client`` away: the next request with one is refused."""
    client = ApiClient.objects.select_for_update().get(pk=client.pk)
    client.token_hash = client.old_token_hash = client.old_token_until = None
    client.token_ends_in = ""
    client.save(update_fields=["token_hash", "token_ends_in", "old_token_hash", "old_token_until"])
    ledger.record("api.token_withdrawn", by=by, about=client, at=at)


def owner_of(token: str, *, at) -> ApiClient | None:
    """Whose ``token`` it is at ``at``, or None: unknown, withdrawn, run out, or switched off."""
    token_hash = _hash(token)
    return (
        ApiClient.objects.filter(
            Q(token_hash=token_hash) | Q(old_token_hash=token_hash, old_token_until__gt=at),
            is_active=True,
            expires_at__gt=at,
        )
        .select_related("force")
        .first()
    )


def _hash(token):
    return keyed_hash("api-token", token)
