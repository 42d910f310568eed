"""A link for whoever comes with the victim."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0002_advice_links"),
    ]

    operations = [
        migrations.AlterField(
            model_name="link",
            name="purpose",
            field=models.CharField(
                choices=[
                    ("appointment", "Appointment"),
                    ("portal", "Case"),
                    ("advice", "Advice"),
                    ("companion", "Companion"),
                ],
                max_length=12,
            ),
        ),
    ]
