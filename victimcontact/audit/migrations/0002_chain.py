"""Chain the ledger, in the database, at commit.

The chain's head is locked only while a transaction commits. Locking it at INSERT would order every
transaction by it for its whole length, and deadlock with the locks that business rows need.
"""

from django.db import migrations

from victimcontact.lib.triggers import refuse_change

CHAIN = r"""
create function audit_link_hash(prev bytea, seq bigint, e audit_entry) returns bytea
language sql immutable as $$
  select sha256(prev || convert_to(jsonb_build_array(
    seq, e.id, e.type, e.actor, e.about_type, e.about_id, e.detail,
    extract(epoch from e.at))::text, 'utf8'))
$$;

-- Runs as the owner: the application may neither write links nor move the head by itself.
create function audit_chain() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare head audit_head;
begin
  insert into audit_head (one, seq, hash) values (true, 0, '\x00') on conflict do nothing;
  select * into head from audit_head for update;
  insert into audit_chainlink (seq, entry_id, prev, hash)
    values (head.seq + 1, new.id, head.hash, audit_link_hash(head.hash, head.seq + 1, new));
  update audit_head set seq = head.seq + 1,
    hash = (select l.hash from audit_chainlink l where l.seq = head.seq + 1);
  return null;
end $$;

create constraint trigger chain after insert on audit_entry
  deferrable initially deferred for each row execute function audit_chain();
"""

UNCHAIN = """
drop trigger chain on audit_entry;
drop function audit_chain();
drop function audit_link_hash(bytea, bigint, audit_entry);
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [
        migrations.RunSQL(CHAIN, UNCHAIN),
        refuse_change("audit_entry"),
        refuse_change("audit_chainlink"),
        # The head moves, but only forward by one link and only by the chain's own function.
        refuse_change("audit_head", update_when="new.seq <> old.seq + 1"),
    ]
