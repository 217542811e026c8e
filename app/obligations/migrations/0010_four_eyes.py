from config.compat import check_constraint
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("obligations", "0009_columns_in_their_order"),
    ]

    operations = [
        migrations.AddField(
            model_name="occurrence",
            name="four_eyes",
            field=models.BooleanField(default=False, help_text="Whether who submitted it was barred from closing it."),
        ),
        migrations.AddConstraint(
            model_name="occurrence",
            constraint=check_constraint(
                models.Q(
                    ("four_eyes", False),
                    ("closed_by", None),
                    models.Q(
                        ("submitted_by__isnull", False),
                        models.Q(("closed_by", models.F("submitted_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="four_eyes_closed_by_somebody_else",
            ),
        ),
    ]
