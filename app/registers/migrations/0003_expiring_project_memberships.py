from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registers", "0002_versions_calendar_and_procedures"),
    ]

    operations = [
        migrations.AddField(
            model_name="projectmembership",
            name="expires_on",
            field=models.DateField(
                blank=True,
                help_text="The role ends with this day, as an external auditor's should.",
                null=True,
                verbose_name="last day",
            ),
        ),
    ]
