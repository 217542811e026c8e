from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("obligations", "0005_full_text_search"),
    ]

    operations = [
        migrations.AddField(
            model_name="importbatch",
            name="header",
            field=models.CharField(blank=True, help_text="SHA-256 of the header's names.", max_length=64),
        ),
        migrations.AddField(
            model_name="importbatch",
            name="sheet",
            field=models.CharField(blank=True, max_length=100),
        ),
        migrations.AddField(
            model_name="importbatch",
            name="sheets",
            field=models.JSONField(default=list, help_text="The workbook's visible sheets."),
        ),
        migrations.AddField(
            model_name="importrow",
            name="applied",
            field=models.BooleanField(default=False, help_text="What it changes is in the register now."),
        ),
        migrations.AlterField(
            model_name="importbatch",
            name="state",
            field=models.CharField(
                choices=[
                    ("uploaded", "Uploaded"),
                    ("checking", "Being checked"),
                    ("checked", "Checked"),
                    ("accepting", "Being accepted"),
                    ("accepted", "Accepted"),
                    ("undoing", "Being undone"),
                    ("undone", "Undone"),
                    ("discarded", "Discarded"),
                    ("failed", "Failed"),
                ],
                default="uploaded",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="importrow",
            name="version",
            field=models.PositiveIntegerField(
                help_text="Of the obligation as checked, or after it; another one means touched.", null=True
            ),
        ),
    ]
