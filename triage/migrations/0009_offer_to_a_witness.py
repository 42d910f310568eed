"""A witness has a choice of their own."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0003_companion_links"),
        ("triage", "0008_offer_words"),
    ]

    operations = [
        migrations.AddField(
            model_name="offer",
            name="contact",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="offers",
                to="people.contact",
            ),
        ),
    ]
