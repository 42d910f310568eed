"""A number that ends sessions: whoever's roles or account change signs in again, everywhere."""

from django.db import migrations, models

RAISE = """
create function accounts_raise_epoch() returns trigger language plpgsql as $$
begin
  -- A row that was loaded before and is written back late must not let old sessions in again.
  new.session_epoch := greatest(new.session_epoch, old.session_epoch);
  if new.roles is distinct from old.roles or new.is_active is distinct from old.is_active then
    new.session_epoch := new.session_epoch + 1;
  end if;
  return new;
end $$;
create trigger raise_epoch before update on accounts_user
  for each row execute function accounts_raise_epoch();
"""
LOWER = "drop trigger raise_epoch on accounts_user; drop function accounts_raise_epoch();"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_sign_in_tries")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="session_epoch",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.RunSQL(RAISE, LOWER),
    ]
