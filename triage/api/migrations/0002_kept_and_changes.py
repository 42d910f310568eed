"""Keep what other systems wrote, and note in the database itself when an incident changes.

A trigger, because incidents are changed in many places and a change that is not noted would be
one that command and control never hears of.
"""

from django.db import migrations

from victimcontact.lib.triggers import refuse_change

NOTE_CHANGES = """
create function api_note_change() returns trigger language plpgsql as $$
begin
  insert into api_change (incident_id, force_id, changed_at, changed_in)
  values (new.id, new.force_id, clock_timestamp(), pg_current_xact_id()::text::bigint)
  on conflict (incident_id) do update
    set changed_at = excluded.changed_at, changed_in = excluded.changed_in;
  return null;
end $$;
create function api_note_dispatch() returns trigger language plpgsql as $$
begin
  insert into api_dispatchchange (dispatch_id, force_id, changed_at, changed_in)
  select d.id, d.force_id, clock_timestamp(), pg_current_xact_id()::text::bigint
  from control_dispatch d where d.id = new.dispatch_id
  on conflict (dispatch_id) do update
    set changed_at = excluded.changed_at, changed_in = excluded.changed_in;
  return null;
end $$;
create trigger api_dispatch_moved after insert on control_dispatchstep
  for each row execute function api_note_dispatch();
create trigger api_incident_made after insert on triage_incident
  for each row execute function api_note_change();
create trigger api_incident_changed after update on triage_incident
  for each row when (
    (old.status, old.grade, old.due_at, old.review_due_at, old.response)
    is distinct from (new.status, new.grade, new.due_at, new.review_due_at, new.response)
  ) execute function api_note_change();
insert into api_change (incident_id, force_id, changed_at, changed_in)
  select id, force_id, created_at, pg_current_xact_id()::text::bigint from triage_incident;
insert into api_dispatchchange (dispatch_id, force_id, changed_at, changed_in)
  select id, force_id, asked_at, pg_current_xact_id()::text::bigint from control_dispatch;
"""
FORGET = """
drop trigger api_dispatch_moved on control_dispatchstep;
drop function api_note_dispatch();
drop trigger api_incident_changed on triage_incident;
drop trigger api_incident_made on triage_incident;
drop function api_note_change();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("api", "0001_initial"),
        ("control", "0001_initial"),
        ("triage", "0002_kept"),
    ]

    operations = [refuse_change("api_update"), migrations.RunSQL(NOTE_CHANGES, FORGET)]
