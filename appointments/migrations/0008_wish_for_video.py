"""A wish for video: somebody who chose a visit may change their mind, too."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0007_shift_at_desk"),
    ]

    operations = [
        migrations.AlterField(
            model_name="changerequest",
            name="wish",
            field=models.CharField(
                choices=[
                    ("another_time", "Another time"),
                    ("video", "Video appointment"),
                    ("visit", "Officer's visit"),
                    ("station", "Police station"),
                    ("cancel", "Cancel"),
                ],
                max_length=12,
            ),
        ),
    ]
