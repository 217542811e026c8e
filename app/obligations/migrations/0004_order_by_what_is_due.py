from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("obligations", "0003_sequences_of_changed_rules"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="obligation",
            index=models.Index(
                models.F("project"),
                models.Func(
                    models.F("status"), output_field=models.BooleanField(), template="(%(expressions)s = 'completed')"
                ),
                models.Func(
                    models.F("action_due_date"),
                    output_field=models.DateField(),
                    template="COALESCE(%(expressions)s, '9999-12-31')",
                ),
                models.F("sort_key"),
                name="obligation_agenda",
            ),
        ),
        migrations.AddIndex(
            model_name="obligation",
            index=models.Index(fields=["project", "updated_at"], name="obligation_changed"),
        ),
    ]
