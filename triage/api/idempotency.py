"""The same request sent twice does one thing, and is answered the same.

The key is claimed by an insert inside the transaction that does the work: of two requests sent at
once the second waits for the first to commit, and then reads its answer. A request that was refused
leaves nothing, so it can be mended and sent again under the same key.
"""

import json
from datetime import timedelta

from django.db import connection, transaction
from rest_framework.exceptions import ValidationError

from triage.api.models import Answered
from triage.api.problems import KeyReused
from victimcontact.lib.hashing import keyed_hash

HEADER = "Idempotency-Key"
KEPT_FOR = timedelta(hours=24)
LONGEST_KEY = 100

_CLAIM = """
insert into api_answered (client_id, key, asked_hash, answer, answered_at, forgotten_at)
values (%s, %s, %s, null, %s, %s)
on conflict (client_id, key) do update
  set asked_hash = excluded.asked_hash, status = null, answer = null,
      answered_at = excluded.answered_at, forgotten_at = excluded.forgotten_at
  where api_answered.forgotten_at <= %s
returning id
"""


def key_of(request) -> str:
    """The request's idempotency key. Raises ValidationError without one."""
    key = request.headers.get(HEADER, "").strip()
    if not key or len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise ValidationError(
            {
                HEADER: [
                    "Send this header with a new random value for each new thing, such as a"
                    f" UUID: up to {LONGEST_KEY} letters and digits."
                ]
            }
        )
    return key


def once(request, work, *, at) -> tuple[int, dict, bool]:
    """(status, answer, whether it is repeated) of ``work()``, done once for the request's key.

    ``work`` gives (status, answer) and runs in the transaction that keeps them. Raises KeyReused
    when the key came with another body or address before, and whatever ``work`` raises.
    """
    key = key_of(request)
    asked = json.dumps([request.path, request.data], sort_keys=True, ensure_ascii=True)
    asked_hash = keyed_hash("api-asked", asked)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, [request.user.pk, key, asked_hash, at, at + KEPT_FOR, at])
            claimed = cursor.fetchone()
        if claimed is None:
            before = Answered.objects.get(client=request.user, key=key)
            if before.asked_hash != asked_hash:
                raise KeyReused
            return before.status, before.answer, True
        status, answer = work()
        row = Answered.objects.get(pk=claimed[0])
        row.status, row.answer = status, answer
        row.save(update_fields=["status", "answer"])
    return status, answer, False


def forget(at) -> int:
    """Delete the answers whose time is over at ``at``; how many there were."""
    return Answered.objects.filter(forgotten_at__lte=at).delete()[0]
