from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("obligations", "0002_occurrences_evidence_and_findings"),
    ]

    operations = [
        migrations.AddField(
            model_name="recurrencerule",
            name="effective_from",
            field=models.DateField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="recurrencerule",
            name="sequence_from",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AlterField(
            model_name="obligation",
            name="recurring_status",
            field=models.CharField(
                blank=True,
                choices=[
                    ("not_started", "Not started"),
                    ("in_progress", "In progress"),
                    ("submitted", "Submitted for review"),
                    ("completed", "Completed"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="obligation",
            name="status",
            field=models.CharField(
                choices=[
                    ("not_started", "Not started"),
                    ("in_progress", "In progress"),
                    ("submitted", "Submitted for review"),
                    ("completed", "Completed"),
                ],
                default="not_started",
                max_length=20,
            ),
        ),
    ]
