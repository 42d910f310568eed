"""Writing to the ledger, and checking that nobody changed it."""

from dataclasses import dataclass

from django.db import connection

from victimcontact.audit.models import Entry


def record(entry_type, *, by=None, about=None, at, **detail) -> Entry:
    """Append one entry inside the caller's transaction: no entry, no change.

    ``entry_type`` is "noun.verb". ``by`` is a User, a Visit or None for the system itself;
    ``about`` any model instance or None; ``at`` an aware datetime. ``detail`` may hold
    identifiers, counts and names of fields; never names of people, numbers, tokens or what
    anybody said.
    """
    entry = _entry(entry_type, by, about, at, detail)
    entry.save(force_insert=True)
    return entry


def record_each(entry_type, abouts, *, by=None, at, **detail) -> None:
    """``record`` for each of ``abouts``, in one statement."""
    Entry.objects.bulk_create(_entry(entry_type, by, about, at, detail) for about in abouts)


def _entry(entry_type, by, about, at, detail):
    return Entry(
        type=entry_type,
        actor=actor(by),
        about_type=about._meta.label_lower if about is not None else "",
        about_id=str(about.pk) if about is not None else "",
        detail=detail,
        at=at,
    )


def record_reading(what, key, *, by, at, again_after=None, **detail) -> None:
    """Append that ``by`` is shown ``what``: a model's label with its ``key``, or "list" without.

    With ``again_after`` (a timedelta) only if they have no entry for the same in that time.
    """
    kind = what.rpartition(".")[2]
    entry = {
        "type": f"{kind}.viewed",
        "actor": actor(by),
        "about_type": what if key else "",
        "about_id": str(key),
    }
    if again_after is not None:
        recent = Entry.objects.filter(**entry, at__gt=at - again_after)
        # Another list is another reading; another part of the same person's pages is not.
        if (recent if key else recent.filter(detail=detail)).exists():
            return
    Entry.objects.create(**entry, detail=detail, at=at)


def actor(by) -> str:
    """How the ledger names who did it."""
    return "system" if by is None else f"{by._meta.model_name}:{by.pk}"


@dataclass(frozen=True)
class Fault:
    """A place where the chain does not hold."""

    seq: int | None
    what: str


_BROKEN = """
select seq, what from (select l.seq,
  case
    when e.id is null then 'its entry is missing'
    when l.prev <> coalesce(lag(l.hash) over w, '\\x00'::bytea)
      then 'it does not follow the one before'
    when l.seq <> row_number() over w then 'its number is out of order'
    when l.hash <> audit_link_hash(l.prev, l.seq, e) then 'its entry was changed'
  end as what
from audit_chainlink l left join audit_entry e on e.id = l.entry_id
window w as (order by l.seq)) found where what is not null
"""


def verify() -> list[Fault]:
    """Recompute the whole chain in the database. An empty list means that it holds."""
    with connection.cursor() as cursor:
        cursor.execute(_BROKEN)
        faults = [Fault(*row) for row in cursor.fetchall()]
        cursor.execute(
            "select count(*) from audit_entry e"
            " where not exists (select 1 from audit_chainlink l where l.entry_id = e.id)"
        )
        if unlinked := cursor.fetchone()[0]:
            faults.append(Fault(None, f"{unlinked} entries are not in the chain"))
        cursor.execute(
            "select (select (seq, hash) from audit_head) is distinct from"
            " (select (seq, hash) from audit_chainlink order by seq desc limit 1)"
        )
        if cursor.fetchone()[0]:
            faults.append(Fault(None, "the head does not match the last link"))
    return faults
