"""How often a system may ask: a bucket for each client that fills evenly with time.

In the database, so that every process and every restart counts alike, and one statement decides:
requests sent together cannot all take the last of it.
"""

from math import ceil

from django.db import connection

from triage.api.models import ApiClient

_TAKE = """
insert into api_allowance as a (client_id, left_over, counted_at)
values (%(client)s, %(most)s - 1, statement_timestamp())
on conflict (client_id) do update
  set left_over = least(%(most)s, a.left_over
        + extract(epoch from statement_timestamp() - a.counted_at) * %(most)s / 60.0) - 1,
      counted_at = statement_timestamp()
  where least(%(most)s, a.left_over
        + extract(epoch from statement_timestamp() - a.counted_at) * %(most)s / 60.0) >= 1
returning 1
"""
_LEFT = """
select left_over + extract(epoch from statement_timestamp() - counted_at) * %(most)s / 60.0
from api_allowance where client_id = %(client)s
"""
_NOTE = """
update api_allowance set noted_at = statement_timestamp()
where client_id = %(client)s
  and (noted_at is null or noted_at < statement_timestamp() - interval '1 minute')
"""


def take(client: ApiClient) -> int | None:
    """Take one request from the client's allowance: None, or seconds to wait before the next.

    A client that was silent for a minute may send its ``requests_a_minute`` at once.
    """
    values = {"client": client.pk, "most": client.requests_a_minute}
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, values)
        if cursor.fetchone():
            return None
        cursor.execute(_LEFT, values)
        (left,) = cursor.fetchone()
    return max(1, ceil((1 - float(left)) * 60 / client.requests_a_minute))


def is_first_refusal(client: ApiClient) -> bool:
    """Whether no refusal was noted in the last minute; notes this one then.

    The ledger hears of a flood once a minute, not once a request.
    """
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, {"client": client.pk})
        return cursor.rowcount == 1
