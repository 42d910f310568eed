"""Triggers that refuse change, written in SQL so that no setting of a session switches them off.

The application's role owns none of the tables and so can neither disable nor drop them.
"""

from django.db import migrations

CREATE_FUNCTION = """
create or replace function house_refuse_change() returns trigger language plpgsql as $$
begin
  -- The owner alone, and only after saying that keys are rotated, may write here at all.
  if tg_op = 'UPDATE' and coalesce(current_setting('house.rotating_keys', true), '') = 'on'
     and current_user = (select tableowner from pg_tables
                         where schemaname = tg_table_schema and tablename = tg_table_name) then
    return new;
  end if;
  raise exception '% is refused: rows of % are kept as they were written', tg_op, tg_table_name
    using errcode = 'insufficient_privilege';
end $$;
"""


def refuse_change(table: str, *, update_when="true", delete_when="true") -> migrations.RunSQL:
    """An operation that makes ``table`` refuse UPDATE, DELETE and TRUNCATE.

    The two conditions are SQL on ``old`` (and ``new`` for an update): only rows for which they
    hold are frozen. TRUNCATE is always refused.
    """
    return migrations.RunSQL(
        CREATE_FUNCTION
        + f"""
create trigger kept_update before update on {table}
  for each row when ({update_when}) execute function house_refuse_change();
create trigger kept_delete before delete on {table}
  for each row when ({delete_when}) execute function house_refuse_change();
create trigger kept_truncate before truncate on {table}
  for each statement execute function house_refuse_change();
""",
        f"""
drop trigger kept_update on {table};
drop trigger kept_delete on {table};
drop trigger kept_truncate on {table};
""",
    )
